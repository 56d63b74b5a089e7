"""The events endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.interface import EventQuery, Events
from gladly_emulator.server.http_messages import (
    EVENT_LINES,
    InvalidParameterError,
    Request,
    Response,
    iter_chunks,
)
from gladly_emulator.timestamps import DAY, instant_of

if TYPE_CHECKING:
    from datetime import datetime

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


def events_response(events: Events, query: EventQuery) -> Response:
    """Return the requested events, in chunks."""
    return Response(200, iter_chunks(events.iter_lines(query)), {"Content-Type": EVENT_LINES})


def read_event_query(request: Request, now: datetime) -> EventQuery:
    """Return the query of an events request.

    Raises:
        InvalidParameterError: Gladly would return 400.
    """
    instant = instant_of(now)
    start = request.read_instant("startAt")
    end = request.read_instant("endAt")
    if start is None:
        raise InvalidParameterError("startAt", "is required", code="blank")
    if start < instant - DAY:
        raise InvalidParameterError("startAt", "must not be more than 24 hours ago")
    end = instant if end is None else end
    if end < start:
        raise InvalidParameterError("endAt", "must not be before startAt")
    return EventQuery(start, end, _read_entities(request), instant)


def _read_entities(request: Request) -> frozenset[str]:
    entities = request.query_lists.get("entities", [])
    if not entities:
        raise InvalidParameterError("entities", "is required", code="blank")
    if not set(entities) <= set(ENTITIES):
        raise InvalidParameterError("entities", f"must be among {', '.join(ENTITIES)}")
    return frozenset(entities)
