"""Events: the requested span, and the bookmark."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest
from support import HOUR, MINUTE, ago, catalog_entry, event_bookmark, list_warnings, make_event, replay

from gladly_emulator import Fault
from tap_gladly.streams import events
from tap_gladly.timestamps import DAY, SECOND, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

REPORTS = ("conversation", "contact", "task", "agent")


def last_query(emulator: Emulator) -> dict[str, str]:
    """Return the query of the last request for events."""
    return [request for request in emulator.requests if request.path == "/api/v1/events"][-1].query


def test_second_run_sends_new_events(
    exports: StaticExports, emulator: Emulator, sync_events: Callable[..., Sync]
) -> None:
    """The request starts at the newest event loaded, inclusive; events loaded at that instant aren't repeated."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", ago(2 * HOUR)), make_event("e2", at), make_event("e3", at))
    first = sync_events()
    exports.events.add(make_event("late", at), make_event("e4", ago(HOUR // 2)))

    second = sync_events(first.state)

    assert first.bookmark("events") == event_bookmark(at, "e2", "e3")["bookmarks"]["events"]
    assert last_query(emulator)["startAt"] == at
    assert second.ids("events") == ["late", "e4"]


def test_event_timestamps_are_compared_as_instants(
    exports: StaticExports, sync_events: Callable[..., Sync]
) -> None:
    """Whatever the fraction or offset, the bookmark is the newest instant, in UTC, at full precision."""
    hour = ago(HOUR)[:19]
    exports.events.add(make_event("e1", f"{hour}Z"), make_event("e2", f"{hour}.5Z"))
    exports.events.add(make_event("e3", f"{hour}.500000001+00:00"))

    first = sync_events()
    second = sync_events(first.state)

    assert first.ids("events") == ["e1", "e2", "e3"]
    assert first.rows("events")[2]["timestamp"] == f"{hour}.500000001+00:00"
    assert first.bookmark("events")["replication_key_value"] == f"{hour}.500000001Z"
    assert second.ids("events") == []


def test_last_minute_is_left_to_the_next_run(
    exports: StaticExports, sync_events: Callable[..., Sync]
) -> None:
    """The request ends a minute ago, so an event published late still falls after the bookmark."""
    exports.events.add(make_event("e1", ago(2 * MINUTE)), make_event("e2", ago(10 * SECOND)))

    run = sync_events()

    assert run.ids("events") == ["e1"]


def test_bookmark_advances_without_events(
    exports: StaticExports, sync_events: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Without events, the bookmark moves to the end of the requested span."""
    at = ago(23 * HOUR)
    exports.events.add(make_event("e1", at))
    first = sync_events()

    second = sync_events(first.state)

    assert first.bookmark("events")["replication_key_value"] == at
    mark = second.bookmark("events")
    assert mark["ids_read"] == []
    assert (
        time.time_ns() - 3 * MINUTE < parse_instant(mark["replication_key_value"]) < time.time_ns() - MINUTE
    )
    assert not list_warnings(log)


def test_expired_bookmark_is_reported_once(
    exports: StaticExports,
    emulator: Emulator,
    sync_events: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
) -> None:
    """A warning names the expired span and the reports that hold the same facts; the next run is silent."""
    old = ago(3 * DAY)
    exports.events.add(make_event("e1", ago(HOUR)))

    first = sync_events(event_bookmark(old, "e0"))
    [warning] = list_warnings(log)
    edge = last_query(emulator)["startAt"]
    log.clear()
    sync_events(first.state)

    assert warning.startswith(f"Events from {old} to {edge} have expired: ")
    for report in REPORTS:
        assert f"{report}_timestamps_report" in warning
    assert parse_instant(edge) > time.time_ns() - DAY
    assert first.ids("events") == ["e1"]
    assert not list_warnings(log)


@pytest.mark.parametrize("ahead", [-50 * SECOND, 0, 10 * DAY])
def test_bookmark_in_the_last_minute_or_later_sends_no_request(
    emulator: Emulator, sync_events: Callable[..., Sync], log: pytest.LogCaptureFixture, ahead: int
) -> None:
    """If no event is due, the run sends no request and keeps the bookmark."""
    state = event_bookmark(ago(-ahead), "e1")

    run = sync_events(state)

    assert not emulator.requests
    assert run.state == state
    warning = "The bookmark lies in the future (events). Nothing before it will be loaded."
    assert list_warnings(log) == ([warning] if ahead > DAY else [])


def test_state_follows_every_checkpoint(
    exports: StaticExports, sync_events: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A STATE follows every `CHECKPOINT_EVERY` events; a run from any of them loses and repeats nothing."""
    monkeypatch.setattr(events, "CHECKPOINT_EVERY", 2)
    times = [ago(HOUR - second * SECOND) for second in range(5)]
    order = [0, 1, 1, 1, 2, 3, 4]  # some share an instant
    exports.events.add(*(make_event(f"e{number}", times[place]) for number, place in enumerate(order)))

    run = sync_events()

    places = [index for index, message in enumerate(run.messages) if message["type"] == "STATE"]
    assert len(places) == 4
    marks = [run.messages[place]["value"]["bookmarks"]["events"] for place in places]
    assert [mark["replication_key_value"] for mark in marks] == [times[order[n]] for n in (1, 3, 5, 6)]
    for place in places:
        sent = sum(message["type"] == "RECORD" for message in run.messages[:place])
        resumed = sync_events(replay(run.messages[: place + 1]))
        assert resumed.ids("events") == [f"e{number}" for number in range(sent, len(order))]


def test_events_out_of_order_have_one_state(
    emulator: Emulator, sync_events: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the response isn't sorted, STATE only follows the last event, so no older one is skipped."""
    monkeypatch.setattr(events, "CHECKPOINT_EVERY", 1)
    newest, oldest = ago(HOUR), ago(2 * HOUR)
    body = [make_event("e1", newest), make_event("e2", oldest), make_event("e3", newest)]
    lines = b"".join(json.dumps(event).encode() + b"\n" for event in body)
    emulator.faults.add(Fault("body", path="events", body=lines))

    run = sync_events()

    assert run.ids("events") == ["e1", "e2", "e3"]
    assert [message["type"] for message in run.messages] == ["SCHEMA", *["RECORD"] * 3, "STATE"]
    assert run.state == event_bookmark(newest, "e1", "e3")


def test_response_without_its_last_lines_is_resumed(
    exports: StaticExports, emulator: Emulator, sync_events: Callable[..., Sync]
) -> None:
    """A response that lacks lines leaves the bookmark at its newest event, so the next run loads the rest."""
    at = ago(2 * HOUR)
    exports.events.add(make_event("e1", at), make_event("e2", ago(HOUR)))
    emulator.faults.add(Fault("body", path="events", body=json.dumps(make_event("e1", at)).encode() + b"\n"))

    first = sync_events()
    second = sync_events(first.state)

    assert first.ids("events") == ["e1"]
    assert second.ids("events") == ["e2"]


def test_event_without_timestamp_is_sent(exports: StaticExports, sync_events: Callable[..., Sync]) -> None:
    """An event without a timestamp is sent, and doesn't move the bookmark."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", at), b'{"id":"e3"}')

    run = sync_events()

    assert run.ids("events") == ["e1", "e3"]
    assert run.state == event_bookmark(at, "e1")


@pytest.mark.parametrize("timestamp", ["soon", 1764000000, {}])
def test_event_with_invalid_timestamp_keeps_it_in_unmapped(
    exports: StaticExports, sync_events: Callable[..., Sync], timestamp: object
) -> None:
    """The event is sent with `timestamp` null, and doesn't move the bookmark."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", at), json.dumps({"id": "e2", "timestamp": timestamp}).encode())

    run = sync_events()

    assert run.rows("events")[1] == {"id": "e2", "timestamp": None, "_unmapped": {"timestamp": timestamp}}
    assert run.state == event_bookmark(at, "e1")


@pytest.mark.parametrize("mark", [{"replication_key_value": "soon"}, {"ids_read": "e1"}, {"ids_read": [1]}])
def test_invalid_bookmark_fails_the_stream(
    emulator: Emulator,
    sync_events: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    mark: dict[str, object],
) -> None:
    """One error line names the stream and what to do; no request is sent."""
    state = event_bookmark(ago(HOUR))
    state["bookmarks"]["events"].update(mark)

    sync_events(state, should_fail=True)

    errors = [record.getMessage() for record in log.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].startswith("The bookmark of events in the state is invalid: ")
    assert not emulator.requests


def test_handwritten_bookmark_is_inclusive(exports: StaticExports, sync_events: Callable[..., Sync]) -> None:
    """A bookmark without `ids_read` loads the events at its own instant."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", at))

    run = sync_events({"bookmarks": {"events": {"replication_key_value": at}}})

    assert run.ids("events") == ["e1"]


def test_dates_bound_events_inclusively(
    exports: StaticExports, emulator: Emulator, sync_events: Callable[..., Sync]
) -> None:
    """`start_date` and `end_date` are inclusive, and an expired span costs no request."""
    times = [ago(hours * HOUR) for hours in (4, 3, 2, 1)]
    exports.events.add(*(make_event(f"e{number}", at) for number, at in enumerate(times)))

    run = sync_events(start_date=times[1], end_date=times[2])
    sync_events(end_date=ago(2 * DAY))

    assert run.ids("events") == ["e1", "e2"]
    assert len(emulator.requests) == 1


def test_full_table_events_load_the_day_in_every_run(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """Events set to FULL_TABLE ignore the bookmark and don't change it."""
    selected = catalog("events")
    catalog_entry(selected, "events")["replication_method"] = "FULL_TABLE"
    exports.events.add(make_event("e1", ago(20 * HOUR)))
    state = event_bookmark(ago(HOUR))

    run = sync(catalog=selected, state=state)

    assert run.ids("events") == ["e1"]
    assert run.state == state
