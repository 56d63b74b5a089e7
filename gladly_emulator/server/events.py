"""Events: what the server needs of them, those given by hand, and how they are asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from gladly_emulator.dataset.interface import EventQuery, entity_of
from gladly_emulator.server.http_messages import Answer, Request, UsageError
from gladly_emulator.timestamps import DAY, NANOSECONDS, instant_of, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

EVENT_LINES: Final = "application/x-jsonlines"
ENTITIES: Final = (
    "AGENT_AVAILABILITY",
    "AGENT_STATUS",
    "CONTACT",
    "CONVERSATION",
    "CUSTOMER",
    "CUSTOMER_PROFILE",
    "PAYMENT_REQUEST",
    "TASK",
)
_PIECE_LINES: Final = 200


class Events(Protocol):
    """The events of an organization."""

    def iter_lines(self, query: EventQuery) -> Iterator[bytes]:
        """Yield each event asked for as a line, with its line feed."""


class _Given(NamedTuple):
    at: int | None
    visible: int | None
    entity: str | None
    line: bytes


class StaticEvents:
    """Events given by hand, told in the order of their timestamps, or of adding for the same one."""

    def __init__(self) -> None:
        self._given: list[_Given] = []

    def add(self, *events: Mapping[str, Any] | bytes, at: str | None = None, seconds_late: float = 0) -> None:
        """Add events, or lines as they are, without a line feed.

        Args:
            events: What to add; a line as it is is asked for by every entity's name.
            at: The timestamp that decides about window and place; by default the event's own. A line
                without one is in every window, at the end.
            seconds_late: How long after that the clock must be for it to be seen.
        """
        for event in events:
            self._given.append(_give(event, at, seconds_late=seconds_late))

    def clear(self) -> None:
        """Forget the events."""
        self._given.clear()

    def iter_lines(self, query: EventQuery) -> Iterator[bytes]:
        """Yield the lines within the window."""
        placed = sorted(
            (given for given in self._given if given.at is not None), key=lambda given: given.at or 0
        )
        for given in (*placed, *(given for given in self._given if given.at is None)):
            if _is_asked_for(given, query):
                yield given.line + b"\n"


def _give(event: Mapping[str, Any] | bytes, at: str | None, *, seconds_late: float) -> _Given:
    if isinstance(event, bytes):
        line, entity = event, None
    else:
        line, entity = json.dumps(event, ensure_ascii=False).encode(), entity_of(str(event.get("type", "")))
        at = at or str(event["timestamp"])
    instant = None if at is None else parse_instant(at)
    visible = None if instant is None else instant + int(seconds_late * NANOSECONDS)
    return _Given(instant, visible, entity, line)


def _is_asked_for(given: _Given, query: EventQuery) -> bool:
    if given.entity is not None and given.entity not in query.entities:
        return False
    if given.at is None or given.visible is None:
        return True
    return query.start <= given.at <= query.end and given.visible <= query.now


def read_event_query(request: Request, now: datetime) -> EventQuery:
    """Read which events are asked for.

    Raises:
        UsageError: Gladly would answer with 400.
    """
    instant = instant_of(now)
    start = request.read_instant("startAt")
    end = request.read_instant("endAt")
    if start is None:
        raise UsageError("startAt", "must be given", code="blank")
    if start < instant - DAY:
        raise UsageError("startAt", "must not be more than 24 hours ago")
    end = instant if end is None else end
    if end < start:
        raise UsageError("endAt", "must not be before startAt")
    return EventQuery(start, end, _read_entities(request), instant)


def _read_entities(request: Request) -> frozenset[str]:
    entities = request.query_lists.get("entities", [])
    if not entities:
        raise UsageError("entities", "must be given", code="blank")
    if not set(entities) <= set(ENTITIES):
        raise UsageError("entities", f"must be some of {', '.join(ENTITIES)}")
    return frozenset(entities)


def answer_events(events: Events, query: EventQuery) -> Answer:
    """Answer with events, in pieces."""
    return Answer(200, _join(events.iter_lines(query)), {"Content-Type": EVENT_LINES})


def _join(lines: Iterable[bytes]) -> Iterator[bytes]:
    piece: list[bytes] = []
    for line in lines:
        piece.append(line)
        if len(piece) >= _PIECE_LINES:
            yield b"".join(piece)
            piece.clear()
    yield b"".join(piece)
