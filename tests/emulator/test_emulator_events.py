"""Events given by hand: which are told, in which order, and what may be asked."""

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
def ask(send_request: Call) -> Call:
    """Ask for events since nine, of tasks and conversations: `(**query)`."""

    def call(**query: Any) -> requests.Response:
        asked = {"startAt": "2026-03-04T09:00:00Z", "entities": ["TASK", "CONVERSATION"], **query}
        return send_request("GET", "/api/v1/events", params=asked)

    return call


def event(time: str, event_type: str = "TASK/CREATED") -> dict[str, str]:
    """Return an event whose id is its time."""
    return {"id": time, "type": event_type, "timestamp": f"2026-03-04T{time}Z"}


def ids(response: requests.Response) -> list[str]:
    """Return the ids of events."""
    assert response.status_code == 200, response.text
    return [json.loads(line)["id"] for line in response.iter_lines()]


def test_events_come_in_order_of_time(exports: StaticExports, ask: Call) -> None:
    """Events are JSON lines, sent in pieces, sorted by timestamp; both bounds are included."""
    times = ("09:00:00.001", "10:00:00", "08:59:59.999", "09:00:00", "10:00:00.001", "09:30:00.5")
    exports.events.add(*map(event, times))
    response = ask(endAt="2026-03-04T10:00:00.000Z")

    assert response.headers["Content-Type"] == "application/x-jsonlines"
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert ids(response) == ["09:00:00", "09:00:00.001", "09:30:00.5", "10:00:00"]


def test_events_are_of_the_entities_asked_for(exports: StaticExports, ask: Call) -> None:
    """An event's type names its entity; changes of assignees are the conversation's."""
    kinds = ("TASK/CLOSED", "CONTACT/ENDED", "CONVERSATION/CLOSED", "CONVERSATION_ASSIGNEE/UPDATED")
    exports.events.add(*({**event("09:00:00", kind), "id": kind} for kind in kinds))

    assert ids(ask()) == ["TASK/CLOSED", "CONVERSATION/CLOSED", "CONVERSATION_ASSIGNEE/UPDATED"]
    assert ids(ask(entities="CONTACT")) == ["CONTACT/ENDED"]


def test_events_of_the_future_are_not_told(exports: StaticExports, ask: Call) -> None:
    """Without an end, events up to now are told."""
    exports.events.add(event("12:00:00"), event("12:00:00.001"))

    assert ids(ask()) == ["12:00:00"]


def test_late_events_are_seen_later(emulator: Emulator, exports: StaticExports, ask: Call) -> None:
    """A late event is missing although a younger one is there, and comes between once its time has come."""
    exports.events.add(event("11:59:50"), seconds_late=12)
    exports.events.add(event("11:59:55"))
    early = ids(ask())
    emulator.advance(timedelta(seconds=2))

    assert early == ["11:59:55"]
    assert ids(ask()) == ["11:59:50", "11:59:55"]


def test_events_can_be_any_lines(exports: StaticExports, ask: Call) -> None:
    """A line as it is has the place of its time, or the last one in every window."""
    exports.events.add(b'{"cut": ')
    exports.events.add(b"\xff", b"", at="2026-03-04T09:30:00Z")
    exports.events.add(event("09:00:00"), event("10:00:00"))
    lines = ask().content.split(b"\n")
    later = ask(startAt="2026-03-04T11:00:00Z", entities="CONTACT").content
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
    assert ask().content == b""


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
def test_events_refuse_odd_queries(ask: Call, query: dict[str, Any], attr: str, code: str) -> None:
    """A query that breaks a rule gets 400 and the name of what is wrong."""
    response = ask(**query)
    fields = response.json()["errors"][0]

    assert (response.status_code, fields["attr"], fields["code"]) == (400, attr, code)


def test_events_reach_back_a_day(exports: StaticExports, ask: Call) -> None:
    """A start of 24 hours ago, to the millisecond, is allowed."""
    exports.events.add({**event("x"), "timestamp": "2026-03-03T12:00:00.000Z"})

    assert ids(ask(startAt="2026-03-03T12:00:00Z")) == ["x"]
