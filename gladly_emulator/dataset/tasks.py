"""Tasks that agents create for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gladly_emulator.dataset.business_hours import is_open, nth_open_hour, open_hours_before
from gladly_emulator.dataset.conversation_items import pick_customer
from gladly_emulator.dataset.event_log import Event, EventLog, format_short
from gladly_emulator.dataset.seeding import SeededRandom, make_id
from gladly_emulator.timestamps import DAY, HOUR, NANOSECONDS

if TYPE_CHECKING:
    from gladly_emulator.dataset.conversation_schedule import PlannedConversation
    from gladly_emulator.dataset.directory import Directory
    from gladly_emulator.dataset.interface import Record
    from gladly_emulator.dataset.reference_data import ReferenceData

MAX_DURATION: Final = 9 * DAY
"""The time between a task's first and last event is shorter than this."""

_TASKS_PER_CONVERSATION: Final = 0.12
_BODIES: Final = (
    "Check the depot",
    "Call the carrier",
    "Ask the workshop for a new shade",
    "Send the invoice",
)
_MINUTE: Final = 60 * NANOSECONDS


class Task(NamedTuple):
    """A task's constant fields, and its events in chronological order, including future ones."""

    id: str
    customer_id: str
    body: str
    due_at: int
    events: list[Event]


def plan_task(
    conversation: PlannedConversation, directory: Directory, reference_data: ReferenceData
) -> Task | None:
    """Return the task that a conversation leads to, or None."""
    hour = conversation.steps[0].hour
    rng = SeededRandom(f"{conversation.key} task")
    if not (is_open(hour) and rng.chance(_TASKS_PER_CONVERSATION)):
        return None
    customer = directory.customer(pick_customer(conversation.key, directory.customer_count))
    return _TaskPlanner(rng, directory.agent_ids, reference_data).plan(
        conversation.key, customer.id, hour=hour
    )


class _TaskPlanner:
    """Plans the events of a task."""

    def __init__(self, rng: SeededRandom, agents: list[str], reference_data: ReferenceData) -> None:
        self._rng = rng
        self._agents = agents
        self._inboxes = [
            reference_data.inbox_for("EMAIL"),
            reference_data.inbox_for("PHONE_CALL"),
            reference_data.returns_id,
        ]

    def plan(self, key: str, customer_id: str, *, hour: int) -> Task:
        """Return a task created in this hour."""
        rng = self._rng
        task_id = make_id(f"{key} task")
        created = hour * HOUR + rng.randrange(30 * _MINUTE, 59 * _MINUTE)
        due = created // HOUR * HOUR + 2 * DAY
        author = self._pick_agent()
        assignee = {"inboxId": rng.choice(self._inboxes), "agentId": rng.choice(self._agents)}
        context = {"createdAt": format_short(created), "dueAt": format_short(due), "assignee": assignee}
        log = EventLog(f"{key} task", customerId=customer_id, taskId=task_id)
        log.add(created, "TASK/CREATED", author, context=context)
        self._add_later_events(log, created, context)
        return Task(task_id, customer_id, rng.choice(_BODIES), due, log.list_events(assignee))

    def _add_later_events(self, log: EventLog, created: int, context: Record) -> None:
        rng = self._rng
        assigned_agent: Record = {"id": context["assignee"]["agentId"], "type": "AGENT"}
        if rng.chance(0.4):
            comment = make_id(f"{created} comment {assigned_agent['id']}")
            at = created + rng.randrange(2 * _MINUTE, 25 * _MINUTE)
            log.add(at, "TASK/COMMENT_ADDED", assigned_agent, commentId=comment, context=context)
        if rng.chance(0.3):
            at = created + rng.randrange(26 * _MINUTE, 50 * _MINUTE)
            assignee = {"inboxId": rng.choice(self._inboxes), "agentId": rng.choice(self._agents)}
            log.add(at, "TASK/ASSIGNEE_UPDATED", assigned_agent, assignee=assignee, context=context)
            context = context | {"assignee": assignee}
            assigned_agent = {"id": assignee["agentId"], "type": "AGENT"}
        closed = self._pick_time(created, rng.choice((2, 3, 9, 18)))
        log.add(closed, "TASK/CLOSED", assigned_agent, context=context)
        if rng.chance(0.08):
            reopened = closed + rng.randrange(_MINUTE, 50 * _MINUTE)
            log.add(reopened, "TASK/REOPENED", self._pick_agent(), context=context)
            log.add(self._pick_time(reopened, 9), "TASK/CLOSED", assigned_agent, context=context)

    def _pick_time(self, instant: int, hours: int) -> int:
        """Return a random time this many open hours after an instant."""
        hour = nth_open_hour(open_hours_before(instant // HOUR) + hours)
        return hour * HOUR + self._rng.randrange(2 * _MINUTE, 58 * _MINUTE)

    def _pick_agent(self) -> Record:
        return {"id": self._rng.choice(self._agents), "type": "AGENT"}
