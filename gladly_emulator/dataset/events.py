"""The invented organization's events. Its reports contain the same events an hour later."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.event_log import Event, events_between
from gladly_emulator.dataset.interface import EventQuery, entity_of
from gladly_emulator.timestamps import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.organization import Organization

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_AGENT_ENTITIES: Final = {"AGENT_AVAILABILITY", "AGENT_STATUS"}
_CRC32_RANGE: Final = 1 << 32


class GeneratedEvents:
    """The events of the invented organization.

    Attributes:
        lag_seconds: The longest time between an event and its publication. The time differs by event,
            so an older event may be published after a newer one.
    """

    def __init__(self, organization: Organization) -> None:
        self.lag_seconds = 15.0
        self._organization = organization

    def iter_lines(self, query: EventQuery) -> Iterator[bytes]:
        """Yield the requested events."""
        start, end = query.start, min(query.end, query.now) + 1
        events = self._iter_events(query, start, end=end)
        requested = (event for event in events if entity_of(event.type) in query.entities)
        for event in events_between(requested, start, end):
            if event.at + self._lag(event) <= query.now:
                yield _encode(event.to_json()).encode() + b"\n"

    def _iter_events(self, query: EventQuery, start: int, *, end: int) -> Iterator[Event]:
        """Yield a superset of the requested events, without generating unrequested entities."""
        entities = set(query.entities)
        if "TASK" in entities:
            for task in self._organization.iter_tasks(start, end):
                yield from task.events
        if entities & _AGENT_ENTITIES:
            for shift in self._organization.iter_shifts(start, end):
                yield from shift.list_events()
        if entities - _AGENT_ENTITIES - {"TASK"}:
            for history in self._organization.iter_active(start, end):
                yield from history.events

    def _lag(self, event: Event) -> int:
        share = zlib.crc32(event.key.encode()) / _CRC32_RANGE
        return int(share * self.lag_seconds * NANOSECONDS)
