"""Static events: selection, order and query validation."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gladly_emulator import Emulator, StaticExports

    Call = Callable[..., requests.Response]


@pytest.fixture
def get_events(send_request: Call) -> Call:
    """Return a function that gets task and conversation events since 09:00: `(**query)`."""

    def call(**query: Any) -> requests.Response:
        params = {"startAt": "2026-03-04T09:00:00Z", "entities": ["TASK", "CONVERSATION"], **query}
        return send_request("GET", "/api/v1/events", params=params)

    return call


def event(time: str, event_type: str = "TASK/CREATED") -> dict[str, str]:
    """Return an event whose id is its time."""
    return {"id": time, "type": event_type, "timestamp": f"2026-03-04T{time}Z"}


def ids(response: requests.Response) -> list[str]:
    """Return the ids of events."""
    assert response.status_code == 200, response.text
    return [json.loads(line)["id"] for line in response.iter_lines()]


def test_events_are_in_chronological_order(exports: StaticExports, get_events: Call) -> None:
    """Events are JSON lines in chunks, sorted by timestamp. Both bounds are inclusive."""
    times = ("09:00:00.001", "10:00:00", "08:59:59.999", "09:00:00", "10:00:00.001", "09:30:00.5")
    exports.events.add(*map(event, times))
    response = get_events(endAt="2026-03-04T10:00:00.000Z")

    assert response.headers["Content-Type"] == "application/x-jsonlines"
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert ids(response) == ["09:00:00", "09:00:00.001", "09:30:00.5", "10:00:00"]


def test_events_match_the_requested_entities(exports: StaticExports, get_events: Call) -> None:
    """An event's type names its entity. Assignee updates belong to the entity CONVERSATION."""
    kinds = ("TASK/CLOSED", "CONTACT/ENDED", "CONVERSATION/CLOSED", "CONVERSATION_ASSIGNEE/UPDATED")
    exports.events.add(*({**event("09:00:00", kind), "id": kind} for kind in kinds))

    assert ids(get_events()) == ["TASK/CLOSED", "CONVERSATION/CLOSED", "CONVERSATION_ASSIGNEE/UPDATED"]
    assert ids(get_events(entities="CONTACT")) == ["CONTACT/ENDED"]


def test_events_in_the_future_are_omitted(exports: StaticExports, get_events: Call) -> None:
    """Without an end, the response contains events until now."""
    exports.events.add(event("12:00:00"), event("12:00:00.001"))

    assert ids(get_events()) == ["12:00:00"]


def test_late_events_appear_later(emulator: Emulator, exports: StaticExports, get_events: Call) -> None:
    """A late event appears before newer events that were already published."""
    exports.events.add(event("11:59:50"), seconds_late=12)
    exports.events.add(event("11:59:55"))
    early = ids(get_events())
    emulator.advance(timedelta(seconds=2))

    assert early == ["11:59:55"]
    assert ids(get_events()) == ["11:59:50", "11:59:55"]


def test_events_can_be_any_lines(exports: StaticExports, get_events: Call) -> None:
    """A raw line is sorted by its time. Without a time it comes last, in every window."""
    exports.events.add(b'{"cut": ')
    exports.events.add(b"\xff", b"", at="2026-03-04T09:30:00Z")
    exports.events.add(event("09:00:00"), event("10:00:00"))
    lines = get_events().content.split(b"\n")
    later = get_events(startAt="2026-03-04T11:00:00Z", entities="CONTACT").content
    exports.events.clear()

    assert [line if len(line) < 20 else line[8:16].decode() for line in lines] == [
        "09:00:00",
        b"\xff",
        b"",
        "10:00:00",
        b'{"cut": ',
        b"",
    ]
    assert later == b'{"cut": \n'
    assert get_events().content == b""


@pytest.mark.parametrize(
    ("query", "attr", "code"),
    [
        ({"startAt": None}, "startAt", "blank"),
        ({"startAt": "yesterday"}, "startAt", "invalid"),
        ({"startAt": "2026-03-03T11:59:59.999Z"}, "startAt", "invalid"),
        ({"startAt": "2026-03-04T12:00:01Z"}, "endAt", "invalid"),
        ({"endAt": "2026-03-04T08:59:59Z"}, "endAt", "invalid"),
        ({"endAt": "noon"}, "endAt", "invalid"),
        ({"entities": None}, "entities", "blank"),
        ({"entities": ["TASK", "PARCEL"]}, "entities", "invalid"),
    ],
)
def test_events_reject_invalid_queries(get_events: Call, query: dict[str, Any], attr: str, code: str) -> None:
    """An invalid query returns 400 and names the parameter."""
    response = get_events(**query)
    fields = response.json()["errors"][0]

    assert (response.status_code, fields["attr"], fields["code"]) == (400, attr, code)


def test_events_go_back_24_hours(exports: StaticExports, get_events: Call) -> None:
    """A start of exactly 24 hours ago is allowed."""
    exports.events.add({**event("x"), "timestamp": "2026-03-03T12:00:00.000Z"})

    assert ids(get_events(startAt="2026-03-03T12:00:00Z")) == ["x"]
