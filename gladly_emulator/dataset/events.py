"""Events of an invented organization, the same that its reports tell an hour later."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.event_log import Event, select
from gladly_emulator.dataset.interface import EventQuery, entity_of
from gladly_emulator.timestamps import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.organization import Company

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_OF_AGENTS: Final = {"AGENT_AVAILABILITY", "AGENT_STATUS"}
_DICE_SIDES: Final = 1 << 32


class GeneratedEvents:
    """The events of an invented organization.

    Attributes:
        lag_seconds: Each event is seen at some time between at once and so many seconds later, so that
            an older one may come after a younger one.
    """

    def __init__(self, company: Company) -> None:
        self.lag_seconds = 15.0
        self._company = company

    def iter_lines(self, query: EventQuery) -> Iterator[bytes]:
        """Yield the events asked for."""
        start, end = query.start, min(query.end, query.now) + 1
        events = self._iter_events(query, start, end=end)
        told = (event for event in events if entity_of(event.type) in query.entities)
        for event in select(told, start, end):
            if event.at + self._lag(event) <= query.now:
                yield _encode(event.to_json()).encode() + b"\n"

    def _iter_events(self, query: EventQuery, start: int, *, end: int) -> Iterator[Event]:
        """Yield what may be asked for, and more; what cannot be is not made."""
        asked = set(query.entities)
        if "TASK" in asked:
            for task in self._company.iter_tasks(start, end):
                yield from task.events
        if asked & _OF_AGENTS:
            for shift in self._company.iter_shifts(start, end):
                yield from shift.list_events()
        if asked - _OF_AGENTS - {"TASK"}:
            for history in self._company.iter_active(start, end):
                yield from history.events

    def _lag(self, event: Event) -> int:
        share = zlib.crc32(event.key.encode()) / _DICE_SIDES
        return int(share * self.lag_seconds * NANOSECONDS)
