"""Agent shifts: when each agent is active and when they are away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator.dataset.business_hours import HOURS_PER_DAY, OPENING_HOUR, is_open
from gladly_emulator.dataset.event_log import Event, EventLog, format_short
from gladly_emulator.dataset.seeding import SeededRandom, make_id
from gladly_emulator.timestamps import DAY, HOUR, NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.interface import Record

_MINUTE: Final = 60 * NANOSECONDS
ACTIVE_REASON: Final = "At the desk (Default)"
_AVAILABLE: Final = (
    ["MAIL", "MESSAGING", "TASK"],
    ["MESSAGING", "VOICE"],
    ["MAIL", "MESSAGING", "TASK", "VOICE"],
)


class Span(NamedTuple):
    """A period in which an agent is active or away."""

    agent_id: str
    start: int
    end: int
    type: str
    context: str


class Shift:
    """An agent's working day: active, away for lunch, active again."""

    def __init__(self, seed: int, agent_id: str, day: int) -> None:
        self.agent_id = agent_id
        self._key = f"{seed} shift {agent_id} {day}"
        rng = SeededRandom(self._key)
        opening = day * DAY + OPENING_HOUR * HOUR
        self._logged_in = opening - rng.randrange(2 * _MINUTE, 15 * _MINUTE)
        self._away_at = opening + 3 * HOUR + rng.randrange(90 * _MINUTE)
        self._back_at = self._away_at + rng.randrange(25 * _MINUTE, 50 * _MINUTE)
        self._logged_out = opening + HOURS_PER_DAY * HOUR + rng.randrange(2 * _MINUTE, 25 * _MINUTE)
        self._available = rng.choice(_AVAILABLE)
        self._away_reason = rng.choice(("Lunch", "Lunch", "Walk"))
        self._is_idle = rng.chance(0.1)

    def list_spans(self) -> list[Span]:
        """Return the active and away periods."""
        away_context = "IDLE" if self._is_idle else self._away_reason
        return [
            Span(self.agent_id, self._logged_in, self._away_at, "ACTIVE", ACTIVE_REASON),
            Span(self.agent_id, self._away_at, self._back_at, "AWAY", away_context),
            Span(self.agent_id, self._back_at, self._logged_out, "ACTIVE", ACTIVE_REASON),
        ]

    def list_events(self) -> list[Event]:
        """Return the day's events in chronological order."""
        log = EventLog(self._key, agentId=self.agent_id)
        active, away = _reason(ACTIVE_REASON), _reason(self._away_reason)
        chosen = {} if self._is_idle else {"awayReason": away}
        back = {"awayAt": format_short(self._away_at), "activeReason": active, **chosen}
        self._add(log, self._logged_in, "AGENT_STATUS/LOGGED_IN", activeReason=active)
        self._add(log, self._logged_in, "AGENT_AVAILABILITY/UPDATED", availableFor=self._available)
        self._add(log, self._away_at, "AGENT_STATUS/WENT_AWAY", **chosen)
        self._add(log, self._back_at, "AGENT_STATUS/RETURNED_FROM_AWAY", **back)
        self._add(log, self._logged_out, "AGENT_AVAILABILITY/UPDATED", availableFor=[])
        self._add(log, self._logged_out, "AGENT_STATUS/LOGGED_OUT")
        return log.list_events({})

    def _add(self, log: EventLog, occurred: int, event_type: str, **content: Any) -> None:  # noqa: ANN401
        """Add an event. Gladly records it one second after it occurred."""
        initiator = {"id": self.agent_id, "type": "AGENT"}
        content["occurredAt"] = format_short(occurred)
        log.add(occurred + NANOSECONDS, event_type, initiator, **content)


def iter_shifts(seed: int, agent_ids: list[str], *, start: int, end: int) -> Iterator[Shift]:
    """Yield the shifts on each working day that overlaps the window."""
    for day in range(start // DAY, (end - 1) // DAY + 1):
        if is_open(day * 24 + OPENING_HOUR):
            yield from (Shift(seed, agent_id, day) for agent_id in agent_ids)


def _reason(reason: str) -> Record:
    return {"id": make_id(f"reason {reason}"), "name": reason}
