"""The events of an invented organization."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from gladly_emulator import GeneratedExports
from gladly_emulator.server.events import ENTITIES
from gladly_emulator.timestamps import instant_of, parse_instant

from .exported_files import NOW
from .report_client import AUTH, ReportClient

Event = dict[str, Any]

AFTERNOON = NOW + timedelta(hours=5)


def ask(
    now: datetime, start: str, *entities: str, exports: GeneratedExports | None = None, end: str | None = None
) -> list[Event]:
    """Return the events since a time, in the organization as it is now."""
    query = {"startAt": start, "endAt": end, "entities": entities or ENTITIES}
    with ReportClient(exports or GeneratedExports(), now).emulator as emulator:
        response = requests.get(f"{emulator.url}/api/v1/events", params=query, auth=AUTH, timeout=60)
    assert response.status_code == 200
    return [json.loads(line) for line in response.iter_lines()]


@pytest.fixture(scope="module")
def day() -> list[Event]:
    """The events of the last 24 hours of a working day's afternoon."""
    return ask(AFTERNOON, "2026-03-03T17:30:00Z")


def test_events_are_in_order_and_of_every_kind(day: list[Event]) -> None:
    """Events have ids of their own, come in order of time to the millisecond, and are of many types."""
    times = [parse_instant(event["timestamp"]) for event in day]
    kinds = {event["type"] for event in day}

    assert len({event["id"] for event in day}) == len(day) > 3_000
    assert times == sorted(times)
    assert all(time % 1_000_000 == 0 for time in times)
    assert len(kinds) >= 25
    assert all(set(event) == {"id", "type", "timestamp", "initiator", "content"} for event in day)


def test_events_are_those_of_the_reports(day: list[Event]) -> None:
    """What the timestamps reports tell of a morning is what the events told, by type and time."""
    client = ReportClient(GeneratedExports(), AFTERNOON)
    known = instant_of(AFTERNOON - timedelta(hours=1))
    rows = [
        row
        for name in ("Conversation", "Contact", "Task", "Agent")
        for row in client.read(f"{name}TimestampsReport", "2026-03-04", "2026-03-04")
    ]
    reported = Counter(
        (row.get("Event Type") or row["Type"], parse_instant(row["Timestamp"])) for row in rows
    )
    names = {
        "CONVERSATION/NOTE_CREATED": "NOTE/CREATED",
        "PAYMENT_REQUEST/STATUS_CHANGED": "PAYMENT_REQUEST/CHANGED",
    }
    told = Counter(
        (names.get(event["type"], event["type"]), time)
        for event in day
        if event["timestamp"] >= "2026-03-04" and (time := parse_instant(event["timestamp"])) < known
        if not event["type"].startswith("CUSTOMER_PROFILE/")
    )

    assert reported == told
    assert reported.total() > 500


def test_events_come_up_to_15_seconds_late() -> None:
    """Some of the last seconds' events are missing at first, one of them older than one that is there."""
    exports = GeneratedExports(conversations_per_hour=500.0)
    minute = "2026-03-04T17:29:30Z"
    now = {event["id"] for event in ask(AFTERNOON, minute, "CONTACT", exports=exports)}
    later = ask(AFTERNOON + timedelta(seconds=15), minute, "CONTACT", exports=exports)
    seen = [
        event["id"] in now for event in later if parse_instant(event["timestamp"]) <= instant_of(AFTERNOON)
    ]

    assert len(now) == sum(seen)
    assert False in seen[: seen.index(True) + sum(seen)]
    assert all(event["id"] in now for event in later if event["timestamp"] < "2026-03-04T17:29:45")


def test_events_without_lag_come_at_once() -> None:
    """The lag can be switched off."""
    exports = GeneratedExports(conversations_per_hour=500.0)
    exports.events.lag_seconds = 0.0
    minute = "2026-03-04T17:29:30Z"
    now = ask(AFTERNOON, minute, "CONTACT", exports=exports)
    later = ask(AFTERNOON + timedelta(seconds=15), minute, "CONTACT", exports=exports)

    assert later[: len(now)] == now
    assert now[-1]["timestamp"] > "2026-03-04T17:29:55"


def test_event_windows_add_up() -> None:
    """A day asked for hour by hour is the same events as asked for at once; some cross an hour's end."""
    evening = datetime(2026, 2, 18, 20, tzinfo=timezone.utc)
    hours = [f"2026-02-18T{hour}" for hour in range(13, 19)]
    parts = [ask(evening, f"{hour}:00:00Z", end=f"{hour}:59:59.999Z") for hour in hours]
    at_once = ask(evening, f"{hours[0]}:00:00Z", end=f"{hours[-1]}:59:59.999Z")

    assert [event for part in parts for event in part] == at_once


def test_events_are_of_the_entities_asked_for(day: list[Event]) -> None:
    """Tasks alone are the tasks of all."""
    tasks = ask(AFTERNOON, "2026-03-03T17:30:00Z", "TASK")

    assert tasks == [event for event in day if event["type"].startswith("TASK/")]
    assert len(tasks) > 20


def test_events_carry_the_assignee_they_found(day: list[Event]) -> None:
    """An assignment's context is what was before it, and the next event's context what it made."""
    assignee: dict[str, Any] = {}
    for event in day:
        context = event["content"].get("context", {})
        if "assignee" in context and "conversationId" in event["content"]:
            key = event["content"]["conversationId"]

            assert assignee.get(key, context["assignee"]) == context["assignee"]
            changed = event["type"] == "CONVERSATION_ASSIGNEE/UPDATED"
            assignee[key] = event["content"]["assignee"] if changed else context["assignee"]
