"""The generated events."""

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


def get_events(
    now: datetime, start: str, *entities: str, exports: GeneratedExports | None = None, end: str | None = None
) -> list[Event]:
    """Return the events since a time, as published at `now`."""
    query = {"startAt": start, "endAt": end, "entities": entities or ENTITIES}
    with ReportClient(exports or GeneratedExports(), now).emulator as emulator:
        response = requests.get(f"{emulator.url}/api/v1/events", params=query, auth=AUTH, timeout=60)
    assert response.status_code == 200
    return [json.loads(line) for line in response.iter_lines()]


@pytest.fixture(scope="module")
def day() -> list[Event]:
    """Return 24 hours of events until the afternoon of a weekday."""
    return get_events(AFTERNOON, "2026-03-03T17:30:00Z")


def test_events_are_ordered_and_varied(day: list[Event]) -> None:
    """Events have unique ids, are in chronological order and have many types."""
    times = [parse_instant(event["timestamp"]) for event in day]
    kinds = {event["type"] for event in day}

    assert len({event["id"] for event in day}) == len(day) > 3_000
    assert times == sorted(times)
    assert all(time % 1_000_000 == 0 for time in times)
    assert len(kinds) >= 25
    assert all(set(event) == {"id", "type", "timestamp", "initiator", "content"} for event in day)


def test_events_match_the_reports(day: list[Event]) -> None:
    """The timestamps reports of a morning contain the same types and times as the events."""
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
    published = Counter(
        (names.get(event["type"], event["type"]), time)
        for event in day
        if event["timestamp"] >= "2026-03-04" and (time := parse_instant(event["timestamp"])) < known
        if not event["type"].startswith("CUSTOMER_PROFILE/")
    )

    assert reported == published
    assert reported.total() > 500


def test_events_are_up_to_15_seconds_late() -> None:
    """Some recent events are missing at first, including one older than a published event."""
    exports = GeneratedExports(conversations_per_hour=500.0)
    minute = "2026-03-04T17:29:30Z"
    now = {event["id"] for event in get_events(AFTERNOON, minute, "CONTACT", exports=exports)}
    later = get_events(AFTERNOON + timedelta(seconds=15), minute, "CONTACT", exports=exports)
    seen = [
        event["id"] in now for event in later if parse_instant(event["timestamp"]) <= instant_of(AFTERNOON)
    ]

    assert len(now) == sum(seen)
    assert False in seen[: seen.index(True) + sum(seen)]
    assert all(event["id"] in now for event in later if event["timestamp"] < "2026-03-04T17:29:45")


def test_events_without_lag_are_published_at_once() -> None:
    """The lag can be disabled."""
    exports = GeneratedExports(conversations_per_hour=500.0)
    exports.events.lag_seconds = 0.0
    minute = "2026-03-04T17:29:30Z"
    now = get_events(AFTERNOON, minute, "CONTACT", exports=exports)
    later = get_events(AFTERNOON + timedelta(seconds=15), minute, "CONTACT", exports=exports)

    assert later[: len(now)] == now
    assert now[-1]["timestamp"] > "2026-03-04T17:29:55"


def test_event_windows_add_up() -> None:
    """Requests for each hour return the same events as one request for all hours."""
    evening = datetime(2026, 2, 18, 20, tzinfo=timezone.utc)
    hours = [f"2026-02-18T{hour}" for hour in range(13, 19)]
    parts = [get_events(evening, f"{hour}:00:00Z", end=f"{hour}:59:59.999Z") for hour in hours]
    at_once = get_events(evening, f"{hours[0]}:00:00Z", end=f"{hours[-1]}:59:59.999Z")

    assert [event for part in parts for event in part] == at_once


def test_events_of_one_entity_are_a_subset(day: list[Event]) -> None:
    """A request for tasks returns the task events of a request for everything."""
    tasks = get_events(AFTERNOON, "2026-03-03T17:30:00Z", "TASK")

    assert tasks == [event for event in day if event["type"].startswith("TASK/")]
    assert len(tasks) > 20


def test_events_carry_the_previous_assignee(day: list[Event]) -> None:
    """An event's context has the assignee before it, including the one set by the previous event."""
    assignee: dict[str, Any] = {}
    for event in day:
        context = event["content"].get("context", {})
        if "assignee" in context and "conversationId" in event["content"]:
            key = event["content"]["conversationId"]

            assert assignee.get(key, context["assignee"]) == context["assignee"]
            changed = event["type"] == "CONVERSATION_ASSIGNEE/UPDATED"
            assignee[key] = event["content"]["assignee"] if changed else context["assignee"]
