"""When the agents are at their desks, and when they are away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator.dataset.business_hours import HOURS_A_DAY, OPENS, is_open
from gladly_emulator.dataset.directory import Dice, Record, make_id
from gladly_emulator.dataset.event_log import Chronicle, Event, format_short
from gladly_emulator.timestamps import DAY, HOUR, NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINUTE: Final = 60 * NANOSECONDS
AT_THE_DESK: Final = "At the desk (Default)"
_AVAILABLE: Final = (
    ["MAIL", "MESSAGING", "TASK"],
    ["MESSAGING", "VOICE"],
    ["MAIL", "MESSAGING", "TASK", "VOICE"],
)


class Span(NamedTuple):
    """A time at or away from the desk."""

    agent_id: str
    start: int
    end: int
    type: str
    context: str


class Shift:
    """An agent's day: at the desk, away for lunch, at the desk again."""

    def __init__(self, seed: int, agent_id: str, day: int) -> None:
        self.agent_id = agent_id
        self._key = f"{seed} shift {agent_id} {day}"
        dice = Dice(self._key)
        opens = day * DAY + OPENS * HOUR
        self._in = opens - dice.randrange(2 * _MINUTE, 15 * _MINUTE)
        self._away = opens + 3 * HOUR + dice.randrange(90 * _MINUTE)
        self._back = self._away + dice.randrange(25 * _MINUTE, 50 * _MINUTE)
        self._out = opens + HOURS_A_DAY * HOUR + dice.randrange(2 * _MINUTE, 25 * _MINUTE)
        self._available = dice.choice(_AVAILABLE)
        self._reason = dice.choice(("Lunch", "Lunch", "Walk"))
        self._idle = dice.chance(0.1)

    def list_spans(self) -> list[Span]:
        """Return the times at and away from the desk."""
        away = "IDLE" if self._idle else self._reason
        return [
            Span(self.agent_id, self._in, self._away, "ACTIVE", AT_THE_DESK),
            Span(self.agent_id, self._away, self._back, "AWAY", away),
            Span(self.agent_id, self._back, self._out, "ACTIVE", AT_THE_DESK),
        ]

    def list_events(self) -> list[Event]:
        """Return the events of the day in order of time."""
        chronicle = Chronicle(self._key, agentId=self.agent_id)
        active, away = _name(AT_THE_DESK), _name(self._reason)
        chosen = {} if self._idle else {"awayReason": away}
        back = {"awayAt": format_short(self._away), "activeReason": active, **chosen}
        self._write(chronicle, self._in, "AGENT_STATUS/LOGGED_IN", activeReason=active)
        self._write(chronicle, self._in, "AGENT_AVAILABILITY/UPDATED", availableFor=self._available)
        self._write(chronicle, self._away, "AGENT_STATUS/WENT_AWAY", **chosen)
        self._write(chronicle, self._back, "AGENT_STATUS/RETURNED_FROM_AWAY", **back)
        self._write(chronicle, self._out, "AGENT_AVAILABILITY/UPDATED", availableFor=[])
        self._write(chronicle, self._out, "AGENT_STATUS/LOGGED_OUT")
        return chronicle.read({})

    def _write(self, chronicle: Chronicle, occurred: int, event_type: str, **content: Any) -> None:  # noqa: ANN401
        """Write an event down, which is recorded a second after it occurred."""
        initiator = {"id": self.agent_id, "type": "AGENT"}
        content["occurredAt"] = format_short(occurred)
        chronicle.write(occurred + NANOSECONDS, event_type, initiator, **content)


def iter_shifts(seed: int, agent_ids: list[str], *, start: int, end: int) -> Iterator[Shift]:
    """Yield the shifts of the working days that this span of time touches."""
    for day in range(start // DAY, (end - 1) // DAY + 1):
        if is_open(day * 24 + OPENS):
            yield from (Shift(seed, agent_id, day) for agent_id in agent_ids)


def _name(reason: str) -> Record:
    return {"id": make_id(f"reason {reason}"), "name": reason}
