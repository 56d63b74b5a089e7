"""Where events are read from and up to, and how far the state says they have been read."""

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


def asked(emulator: Emulator) -> dict[str, str]:
    """Give the query of the newest request for events."""
    return [request for request in emulator.requests if request.path == "/api/v1/events"][-1].query


def test_a_second_run_sends_what_is_new(
    exports: StaticExports, emulator: Emulator, read_events: Callable[..., Sync]
) -> None:
    """It asks from the newest event on, itself included; what was read at that instant is not sent twice."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", ago(2 * HOUR)), make_event("e2", at), make_event("e3", at))
    first = read_events()
    exports.events.add(make_event("late", at), make_event("e4", ago(HOUR // 2)))

    second = read_events(first.state)

    assert first.bookmark("events") == event_bookmark(at, "e2", "e3")["bookmarks"]["events"]
    assert asked(emulator)["startAt"] == at
    assert second.ids("events") == ["late", "e4"]


def test_instants_are_compared_as_such(exports: StaticExports, read_events: Callable[..., Sync]) -> None:
    """Fractions of any length and offsets: the bookmark stands at the newest, in UTC, at full precision."""
    hour = ago(HOUR)[:19]
    exports.events.add(make_event("e1", f"{hour}Z"), make_event("e2", f"{hour}.5Z"))
    exports.events.add(make_event("e3", f"{hour}.500000001+00:00"))

    first = read_events()
    second = read_events(first.state)

    assert first.ids("events") == ["e1", "e2", "e3"]
    assert first.rows("events")[2]["timestamp"] == f"{hour}.500000001+00:00"
    assert first.bookmark("events")["replication_key_value"] == f"{hour}.500000001Z"
    assert second.ids("events") == []


def test_the_last_minute_is_left_for_the_next_run(
    exports: StaticExports, read_events: Callable[..., Sync]
) -> None:
    """An event that is published late lies ahead of the bookmark still."""
    exports.events.add(make_event("e1", ago(2 * MINUTE)), make_event("e2", ago(10 * SECOND)))

    run = read_events()

    assert run.ids("events") == ["e1"]


def test_a_quiet_account_keeps_up(
    exports: StaticExports, read_events: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """When nothing came, the bookmark moves to the end of what was asked for: nothing has been missed."""
    at = ago(23 * HOUR)
    exports.events.add(make_event("e1", at))
    first = read_events()

    second = read_events(first.state)

    assert first.bookmark("events")["replication_key_value"] == at
    mark = second.bookmark("events")
    assert mark["ids_read"] == []
    assert (
        time.time_ns() - 3 * MINUTE < parse_instant(mark["replication_key_value"]) < time.time_ns() - MINUTE
    )
    assert not list_warnings(log)


def test_a_bookmark_beyond_the_day_says_what_is_gone(
    exports: StaticExports,
    emulator: Emulator,
    read_events: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
) -> None:
    """It starts at the edge, names the span, and names the reports that hold the same facts; once."""
    old = ago(3 * DAY)
    exports.events.add(make_event("e1", ago(HOUR)))

    first = read_events(event_bookmark(old, "e0"))
    [warning] = list_warnings(log)
    edge = asked(emulator)["startAt"]
    log.clear()
    read_events(first.state)

    assert warning.startswith(f"Events from {old} to {edge} have expired")
    for report in REPORTS:
        assert f"{report}_timestamps_report" in warning
    assert parse_instant(edge) > time.time_ns() - DAY
    assert first.ids("events") == ["e1"]
    assert not list_warnings(log)


@pytest.mark.parametrize("ahead", [-50 * SECOND, 0, 10 * DAY])
def test_a_bookmark_within_the_last_minute_or_ahead_costs_nothing(
    emulator: Emulator, read_events: Callable[..., Sync], log: pytest.LogCaptureFixture, ahead: int
) -> None:
    """There is nothing to ask for: no request, no error, and the bookmark stays."""
    state = event_bookmark(ago(-ahead), "e1")

    run = read_events(state)

    assert not emulator.requests
    assert run.state == state
    told = (
        ["The bookmark lies in the future (events). Nothing before it will be loaded."] if ahead > DAY else []
    )
    assert list_warnings(log) == told


def test_state_moves_as_it_goes(
    exports: StaticExports, read_events: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every so many events there is a STATE; going on from any of them loses and repeats nothing."""
    monkeypatch.setattr(events, "CHECKPOINT_EVERY", 2)
    times = [ago(HOUR - second * SECOND) for second in range(5)]
    order = [0, 1, 1, 1, 2, 3, 4]  # some share an instant
    exports.events.add(*(make_event(f"e{number}", times[place]) for number, place in enumerate(order)))

    run = read_events()

    places = [index for index, message in enumerate(run.messages) if message["type"] == "STATE"]
    assert len(places) == 4
    marks = [run.messages[place]["value"]["bookmarks"]["events"] for place in places]
    assert [mark["replication_key_value"] for mark in marks] == [times[order[n]] for n in (1, 3, 5, 6)]
    for place in places:
        sent = sum(message["type"] == "RECORD" for message in run.messages[:place])
        gone_on = read_events(replay(run.messages[: place + 1]))
        assert gone_on.ids("events") == [f"e{number}" for number in range(sent, len(order))]


def test_events_out_of_order_are_all_sent(
    emulator: Emulator, read_events: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the only STATE is the last: one on the way would pass over what is still to come."""
    monkeypatch.setattr(events, "CHECKPOINT_EVERY", 1)
    newest, oldest = ago(HOUR), ago(2 * HOUR)
    body = [make_event("e1", newest), make_event("e2", oldest), make_event("e3", newest)]
    lines = b"".join(json.dumps(event).encode() + b"\n" for event in body)
    emulator.faults.add(Fault("body", path="events", body=lines))

    run = read_events()

    assert run.ids("events") == ["e1", "e2", "e3"]
    assert [message["type"] for message in run.messages] == ["SCHEMA", *["RECORD"] * 3, "STATE"]
    assert run.state == event_bookmark(newest, "e1", "e3")


def test_an_answer_that_ends_early_is_gone_on_with(
    exports: StaticExports, emulator: Emulator, read_events: Callable[..., Sync]
) -> None:
    """Lines that are missing leave no sign; the bookmark stays at the newest event that came."""
    at = ago(2 * HOUR)
    exports.events.add(make_event("e1", at), make_event("e2", ago(HOUR)))
    emulator.faults.add(Fault("body", path="events", body=json.dumps(make_event("e1", at)).encode() + b"\n"))

    first = read_events()
    second = read_events(first.state)

    assert first.ids("events") == ["e1"]
    assert second.ids("events") == ["e2"]


def test_an_event_without_a_time_is_sent(exports: StaticExports, read_events: Callable[..., Sync]) -> None:
    """It cannot move the bookmark."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", at), b'{"id":"e3"}')

    run = read_events()

    assert run.ids("events") == ["e1", "e3"]
    assert run.state == event_bookmark(at, "e1")


@pytest.mark.parametrize("timestamp", ["soon", 1764000000, {}])
def test_event_with_invalid_timestamp_keeps_it_in_unmapped(
    exports: StaticExports, read_events: Callable[..., Sync], timestamp: object
) -> None:
    """The event is sent with `timestamp` null, and doesn't move the bookmark."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", at), json.dumps({"id": "e2", "timestamp": timestamp}).encode())

    run = read_events()

    assert run.rows("events")[1] == {"id": "e2", "timestamp": None, "_unmapped": {"timestamp": timestamp}}
    assert run.state == event_bookmark(at, "e1")


@pytest.mark.parametrize("mark", [{"replication_key_value": "soon"}, {"ids_read": "e1"}, {"ids_read": [1]}])
def test_a_bookmark_that_is_none_fails_the_stream(
    emulator: Emulator,
    read_events: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    mark: dict[str, object],
) -> None:
    """One line says what to do, and nothing is asked for."""
    state = event_bookmark(ago(HOUR))
    state["bookmarks"]["events"].update(mark)

    read_events(state, ends_badly=True)

    errors = [record.getMessage() for record in log.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].startswith("The bookmark of events in the state is invalid: ")
    assert not emulator.requests


def test_a_bookmark_by_hand_includes_its_own_instant(
    exports: StaticExports, read_events: Callable[..., Sync]
) -> None:
    """The time alone is enough."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", at))

    run = read_events({"bookmarks": {"events": {"replication_key_value": at}}})

    assert run.ids("events") == ["e1"]


def test_dates_bound_the_events(
    exports: StaticExports, emulator: Emulator, read_events: Callable[..., Sync]
) -> None:
    """`start_date` and `end_date` include themselves; a span that is past costs no request."""
    times = [ago(hours * HOUR) for hours in (4, 3, 2, 1)]
    exports.events.add(*(make_event(f"e{number}", at) for number, at in enumerate(times)))

    run = read_events(start_date=times[1], end_date=times[2])
    read_events(end_date=ago(2 * DAY))

    assert run.ids("events") == ["e1", "e2"]
    assert len(emulator.requests) == 1


def test_full_table_reads_the_day_every_run(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """The catalog may ask for everything; the bookmark is neither used nor moved."""
    selected = catalog("events")
    catalog_entry(selected, "events")["replication_method"] = "FULL_TABLE"
    exports.events.add(make_event("e1", ago(20 * HOUR)))
    state = event_bookmark(ago(HOUR))

    run = sync(catalog=selected, state=state)

    assert run.ids("events") == ["e1"]
    assert run.state == state
