"""Events that a test adds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from gladly_emulator.dataset.interface import EventQuery, entity_of
from gladly_emulator.timestamps import NANOSECONDS, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Added(NamedTuple):
    at: int | None
    published_at: int | None
    entity: str | None
    line: bytes


class StaticEvents:
    """Events that a test adds, sorted by timestamp. Events with equal timestamps keep their order."""

    def __init__(self) -> None:
        self._added: list[_Added] = []

    def add(self, *events: Mapping[str, Any] | bytes, at: str | None = None, seconds_late: float = 0) -> None:
        """Add events, or raw lines without a line feed.

        Args:
            events: The events or lines. A raw line is returned for every requested entity.
            at: The timestamp that selects and sorts the events, by default each event's own. A raw line
                without one is returned last, for every window.
            seconds_late: How long after its timestamp an event is published.
        """
        for event in events:
            self._added.append(_prepare(event, at, seconds_late=seconds_late))

    def clear(self) -> None:
        """Remove all events."""
        self._added.clear()

    def iter_lines(self, query: EventQuery) -> Iterator[bytes]:
        """Yield the lines in the window."""
        for added in sorted(self._added, key=_sort_key):
            if _is_requested(added, query):
                yield added.line + b"\n"


def _sort_key(added: _Added) -> tuple[bool, int]:
    return added.at is None, added.at or 0


def _prepare(event: Mapping[str, Any] | bytes, at: str | None, *, seconds_late: float) -> _Added:
    if isinstance(event, bytes):
        line, entity = event, None
    else:
        line, entity = json.dumps(event, ensure_ascii=False).encode(), entity_of(str(event.get("type", "")))
        at = at or str(event["timestamp"])
    instant = None if at is None else parse_instant(at)
    published_at = None if instant is None else instant + int(seconds_late * NANOSECONDS)
    return _Added(instant, published_at, entity, line)


def _is_requested(added: _Added, query: EventQuery) -> bool:
    if added.entity is not None and added.entity not in query.entities:
        return False
    if added.at is None or added.published_at is None:
        return True
    return query.start <= added.at <= query.end and added.published_at <= query.now
