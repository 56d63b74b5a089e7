"""The tasks that agents set each other, from the hour in which they are set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gladly_emulator.dataset.business_hours import count_open, is_open, open_hour
from gladly_emulator.dataset.conversation_items import pick_customer
from gladly_emulator.dataset.directory import Dice, Record, make_id
from gladly_emulator.dataset.event_log import Chronicle, Event, format_short
from gladly_emulator.timestamps import DAY, HOUR, NANOSECONDS

if TYPE_CHECKING:
    from gladly_emulator.dataset.conversation_schedule import Opening
    from gladly_emulator.dataset.directory import Organization
    from gladly_emulator.dataset.reference_data import Rooms

LONGEST: Final = 9 * DAY
"""A task has its last event less than this after its first."""

_SHARE: Final = 0.12
_BODIES: Final = (
    "Check the depot",
    "Call the carrier",
    "Ask the workshop for a new shade",
    "Send the invoice",
)
_MINUTE: Final = 60 * NANOSECONDS


class Task(NamedTuple):
    """A task's events in order of time, past and to come, and what does not change."""

    id: str
    customer_id: str
    body: str
    due_at: int
    events: list[Event]


def read_task(opening: Opening, organization: Organization, rooms: Rooms) -> Task | None:
    """Return the task that a conversation gives rise to, if it does."""
    hour = opening.acts[0].hour
    dice = Dice(f"{opening.key} task")
    if not (is_open(hour) and dice.chance(_SHARE)):
        return None
    customer = organization.customer(pick_customer(opening.key, organization.customer_count))
    return _Planner(dice, organization.hero_ids, rooms).plan(opening.key, customer.id, hour=hour)


class _Planner:
    """Decides what becomes of a task."""

    def __init__(self, dice: Dice, agents: list[str], rooms: Rooms) -> None:
        self._dice = dice
        self._agents = agents
        self._inboxes = [rooms.inbox_for("EMAIL"), rooms.inbox_for("PHONE_CALL"), rooms.returns_id]

    def plan(self, key: str, customer_id: str, *, hour: int) -> Task:
        """Return a task that is set in this hour."""
        dice = self._dice
        task_id = make_id(f"{key} task")
        created = hour * HOUR + dice.randrange(30 * _MINUTE, 59 * _MINUTE)
        due = created // HOUR * HOUR + 2 * DAY
        author = self._pick_agent()
        assignee = {"inboxId": dice.choice(self._inboxes), "agentId": dice.choice(self._agents)}
        context = {"createdAt": format_short(created), "dueAt": format_short(due), "assignee": assignee}
        chronicle = Chronicle(f"{key} task", customerId=customer_id, taskId=task_id)
        chronicle.write(created, "TASK/CREATED", author, context=context)
        self._go_on(chronicle, created, context)
        return Task(task_id, customer_id, dice.choice(_BODIES), due, chronicle.read(assignee))

    def _go_on(self, chronicle: Chronicle, created: int, context: Record) -> None:
        dice = self._dice
        worker: Record = {"id": context["assignee"]["agentId"], "type": "AGENT"}
        if dice.chance(0.4):
            comment = make_id(f"{created} comment {worker['id']}")
            at = created + dice.randrange(2 * _MINUTE, 25 * _MINUTE)
            chronicle.write(at, "TASK/COMMENT_ADDED", worker, commentId=comment, context=context)
        if dice.chance(0.3):
            at = created + dice.randrange(26 * _MINUTE, 50 * _MINUTE)
            assignee = {"inboxId": dice.choice(self._inboxes), "agentId": dice.choice(self._agents)}
            chronicle.write(at, "TASK/ASSIGNEE_UPDATED", worker, assignee=assignee, context=context)
            context = context | {"assignee": assignee}
            worker = {"id": assignee["agentId"], "type": "AGENT"}
        closed = self._after(created, dice.choice((2, 3, 9, 18)))
        chronicle.write(closed, "TASK/CLOSED", worker, context=context)
        if dice.chance(0.08):
            reopened = closed + dice.randrange(_MINUTE, 50 * _MINUTE)
            chronicle.write(reopened, "TASK/REOPENED", self._pick_agent(), context=context)
            chronicle.write(self._after(reopened, 9), "TASK/CLOSED", worker, context=context)

    def _after(self, instant: int, hours: int) -> int:
        """Return a moment in the working hour that comes so many after that of the instant."""
        hour = open_hour(count_open(instant // HOUR) + hours)
        return hour * HOUR + self._dice.randrange(2 * _MINUTE, 58 * _MINUTE)

    def _pick_agent(self) -> Record:
        return {"id": self._dice.choice(self._agents), "type": "AGENT"}
