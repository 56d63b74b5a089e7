"""Events: how far back and up to when they are read, what is sent once, and where the next run goes on."""

from __future__ import annotations

import json
import logging
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from support import catalog_entry, replay

from gladly_emulator import Fault
from tap_gladly.bookmarks import DAY, SECOND, format_instant, parse_instant
from tap_gladly.streams import events
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
REPORTS = ("conversation", "contact", "task", "agent")

Catalog = dict[str, Any]


def ago(nanoseconds: int) -> str:
    """Give the time so long ago, as Gladly writes it."""
    return format_instant(time.time_ns() - nanoseconds)


def make_event(event_id: str, timestamp: str, **more: object) -> dict[str, Any]:
    """Make an event."""
    return {"id": event_id, "type": "CONTACT/STARTED", "timestamp": timestamp, **more}


def bookmark(timestamp: str, *ids: str) -> dict[str, Any]:
    """Make a state that stands at a time."""
    mark = {"replication_key": "timestamp", "replication_key_value": timestamp, "ids_read": list(ids)}
    return {"bookmarks": {"events": mark}}


def asked(emulator: Emulator) -> dict[str, str]:
    """Give the query of the newest request for events."""
    return [request for request in emulator.requests if request.path == "/api/v1/events"][-1].query


def warnings(log: pytest.LogCaptureFixture) -> list[str]:
    """Give the warnings of a run."""
    return [record.getMessage() for record in log.records if record.levelno == logging.WARNING]


@pytest.fixture
def read(sync: Callable[..., Sync], catalog: Callable[..., Catalog]) -> Callable[..., Sync]:
    """Sync the events alone: `read(state, **as for sync)`."""

    def run(state: dict[str, Any] | None = None, **settings: Any) -> Sync:
        return sync(**{"catalog": catalog("events"), "state": state, **settings})

    return run


def test_events_are_rows_as_they_came(exports: StaticExports, read: Callable[..., Sync]) -> None:
    """Gladly's own timestamp, open content, every digit; what the schema does not know is in `_unmapped`."""
    at = ago(HOUR).replace("Z", "123Z")
    line = f'{{"id":"e1","type":"TASK/CREATED","timestamp":"{at}","content":{{"a":{{"b":[0.10]}}}},"new":1}}'
    exports.events.add(line.encode(), at=at)

    run = read()

    row = f'{{"id":"e1","type":"TASK/CREATED","timestamp":"{at}","content":{{"a":{{"b":[0.10]}}}},'
    assert f'"stream":"events","record":{row}"_unmapped":{{"new":1}}}}' in run.output
    schema = run.of_type("SCHEMA")[0]
    assert schema["key_properties"] == ["id"]
    assert schema["schema"]["properties"]["content"]["additionalProperties"] is True


def test_one_request_takes_all_entities(emulator: Emulator, read: Callable[..., Sync]) -> None:
    """All eight that Gladly documents, of the last day but a margin, up to a minute ago."""
    before = time.time_ns()
    run = read()

    [request] = emulator.requests
    assert sorted(request.query_lists["entities"]) == sorted(events.ENTITIES)
    assert len(events.ENTITIES) == 8
    start, end = parse_instant(request.query["startAt"]), parse_instant(request.query["endAt"])
    assert before - DAY + 10 * MINUTE < start < before - DAY + 30 * MINUTE
    assert before - MINUTE - SECOND < end <= time.time_ns() - MINUTE
    assert run.schemas == ["events"]


def test_event_entities_narrow_it(
    exports: StaticExports, emulator: Emulator, read: Callable[..., Sync]
) -> None:
    """Only what the setting names is asked for."""
    exports.events.add(make_event("e1", ago(HOUR)), make_event("e2", ago(HOUR), type="TASK/CREATED"))

    run = read(event_entities=["TASK", "CUSTOMER"])

    assert emulator.requests[0].query_lists["entities"] == ["TASK", "CUSTOMER"]
    assert run.ids("events") == ["e2"]


def test_a_second_run_sends_what_is_new(
    exports: StaticExports, emulator: Emulator, read: Callable[..., Sync]
) -> None:
    """It asks from the newest event on, itself included; what was read at that instant is not sent twice."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", ago(2 * HOUR)), make_event("e2", at), make_event("e3", at))
    first = read()
    exports.events.add(make_event("late", at), make_event("e4", ago(HOUR // 2)))

    second = read(first.state)

    assert first.bookmark("events") == bookmark(at, "e2", "e3")["bookmarks"]["events"]
    assert asked(emulator)["startAt"] == at
    assert second.ids("events") == ["late", "e4"]


def test_instants_are_compared_as_such(exports: StaticExports, read: Callable[..., Sync]) -> None:
    """Fractions of any length and offsets: the bookmark stands at the newest, in UTC, at full precision."""
    hour = ago(HOUR)[:19]
    exports.events.add(make_event("e1", f"{hour}Z"), make_event("e2", f"{hour}.5Z"))
    exports.events.add(make_event("e3", f"{hour}.500000001+00:00"))

    first = read()
    second = read(first.state)

    assert first.ids("events") == ["e1", "e2", "e3"]
    assert first.rows("events")[2]["timestamp"] == f"{hour}.500000001+00:00"
    assert first.bookmark("events")["replication_key_value"] == f"{hour}.500000001Z"
    assert second.ids("events") == []


def test_the_last_minute_is_left_for_the_next_run(exports: StaticExports, read: Callable[..., Sync]) -> None:
    """An event that is published late lies ahead of the bookmark still."""
    exports.events.add(make_event("e1", ago(2 * MINUTE)), make_event("e2", ago(10 * SECOND)))

    run = read()

    assert run.ids("events") == ["e1"]


def test_a_clock_that_is_fast_does_not_reach_into_the_last_minute(
    exports: StaticExports, read: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Now is what Gladly's answer says, if that is earlier; the bookmark stays behind it, too."""
    exports.events.add(make_event("e1", ago(10 * SECOND)))
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + HOUR)

    run = read()

    assert run.ids("events") == []
    assert parse_instant(run.bookmark("events")["replication_key_value"]) <= now - MINUTE + 5 * SECOND


def test_a_quiet_account_keeps_up(
    exports: StaticExports, read: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """When nothing came, the bookmark moves to the end of what was asked for: nothing has been missed."""
    at = ago(23 * HOUR)
    exports.events.add(make_event("e1", at))
    first = read()

    second = read(first.state)

    assert first.bookmark("events")["replication_key_value"] == at
    mark = second.bookmark("events")
    assert mark["ids_read"] == []
    assert (
        time.time_ns() - 3 * MINUTE < parse_instant(mark["replication_key_value"]) < time.time_ns() - MINUTE
    )
    assert not warnings(log)


def test_a_bookmark_beyond_the_day_says_what_is_gone(
    exports: StaticExports, emulator: Emulator, read: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """It starts at the edge, names the span, and names the reports that hold the same facts; once."""
    old = ago(3 * DAY)
    exports.events.add(make_event("e1", ago(HOUR)))

    first = read(bookmark(old, "e0"))
    [warning] = warnings(log)
    edge = asked(emulator)["startAt"]
    log.clear()
    read(first.state)

    assert warning.startswith(f"Events of {old} to {edge} are gone")
    for report in REPORTS:
        assert f"{report}_timestamps_report" in warning
    assert parse_instant(edge) > time.time_ns() - DAY
    assert first.ids("events") == ["e1"]
    assert not warnings(log)


@pytest.mark.parametrize("ahead", [-50 * SECOND, 0, 10 * DAY])
def test_a_bookmark_within_the_last_minute_or_ahead_costs_nothing(
    emulator: Emulator, read: Callable[..., Sync], log: pytest.LogCaptureFixture, ahead: int
) -> None:
    """There is nothing to ask for: no request, no error, and the bookmark stays."""
    state = bookmark(ago(-ahead), "e1")

    run = read(state)

    assert not emulator.requests
    assert run.state == state
    assert not warnings(log)


def test_state_moves_as_it_goes(
    exports: StaticExports, read: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every so many events there is a STATE; going on from any of them loses and repeats nothing."""
    monkeypatch.setattr(events, "STEP", 2)
    times = [ago(HOUR - second * SECOND) for second in range(5)]
    order = [0, 1, 1, 1, 2, 3, 4]  # some share an instant
    exports.events.add(*(make_event(f"e{number}", times[place]) for number, place in enumerate(order)))

    run = read()

    places = [index for index, message in enumerate(run.messages) if message["type"] == "STATE"]
    assert len(places) == 4
    marks = [run.messages[place]["value"]["bookmarks"]["events"] for place in places]
    assert [mark["replication_key_value"] for mark in marks] == [times[order[n]] for n in (1, 3, 5, 6)]
    for place in places:
        sent = sum(message["type"] == "RECORD" for message in run.messages[:place])
        gone_on = read(replay(run.messages[: place + 1]))
        assert gone_on.ids("events") == [f"e{number}" for number in range(sent, len(order))]


def test_events_out_of_order_are_all_sent(
    emulator: Emulator, read: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the only STATE is the last: one on the way would pass over what is still to come."""
    monkeypatch.setattr(events, "STEP", 1)
    newest, oldest = ago(HOUR), ago(2 * HOUR)
    body = [make_event("e1", newest), make_event("e2", oldest), make_event("e3", newest)]
    lines = b"".join(json.dumps(event).encode() + b"\n" for event in body)
    emulator.faults.add(Fault("body", path="events", body=lines))

    run = read()

    assert run.ids("events") == ["e1", "e2", "e3"]
    assert [message["type"] for message in run.messages] == ["SCHEMA", *["RECORD"] * 3, "STATE"]
    assert run.state == bookmark(newest, "e1", "e3")


def test_an_answer_that_ends_early_is_gone_on_with(
    exports: StaticExports, emulator: Emulator, read: Callable[..., Sync]
) -> None:
    """Lines that are missing leave no sign; the bookmark stays at the newest event that came."""
    at = ago(2 * HOUR)
    exports.events.add(make_event("e1", at), make_event("e2", ago(HOUR)))
    emulator.faults.add(Fault("body", path="events", body=json.dumps(make_event("e1", at)).encode() + b"\n"))

    first = read()
    second = read(first.state)

    assert first.ids("events") == ["e1"]
    assert second.ids("events") == ["e2"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut", path="events", at_byte=100),
        Fault("reset", path="events", at_byte=100),
        Fault("status", path="events", status=503),
        Fault("body", path="events", body=b"<html>busy</html>"),
        Fault("body", path="events", body=b'{"errors":[]}'),
        Fault("body", path="events", body=b'{"id":"e1","type":"CONTA'),
    ],
    ids=["cut", "reset", "503", "html", "error", "broken-line"],
)
def test_a_broken_answer_costs_another_request(
    exports: StaticExports, emulator: Emulator, read: Callable[..., Sync], fault: Fault
) -> None:
    """Nothing of it is sent before it is here whole."""
    exports.events.add(*(make_event(f"e{number}", ago(HOUR)) for number in range(5)))
    emulator.faults.add(fault)

    run = read()

    assert run.ids("events") == [f"e{number}" for number in range(5)]
    assert len(emulator.requests) == 2


def test_lines_that_are_no_events_are_kept(
    exports: StaticExports,
    read: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    catalog: Callable[..., Catalog],
) -> None:
    """They go to `malformed_lines` as they came, are counted, told by place, and stop nothing."""
    start = ago(3 * HOUR)
    exports.events.add(b'{"type":"Anna"}', at=ago(2 * HOUR))
    exports.events.add(make_event("e1", ago(HOUR)))

    run = read(bookmark(start), catalog=catalog("events", "malformed_lines"))

    assert run.ids("events") == ["e1"]
    [line] = run.rows("malformed_lines")
    assert line == {
        "_job_id": "events",
        "file": f"events from {start}",
        "line_number": 1,
        "error": "no id",
        "line": '{"type":"Anna"}',
    }
    assert warnings(log) == [f"events from {start}, line 1: no id"]
    assert log.records[-1].summary["malformed_lines"] == 1  # type: ignore[attr-defined] # the log's extra


def test_an_event_without_a_time_is_sent(exports: StaticExports, read: Callable[..., Sync]) -> None:
    """It cannot move the bookmark."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", at), b'{"id":"e2","timestamp":"soon"}', b'{"id":"e3"}')

    run = read()

    assert run.ids("events") == ["e1", "e2", "e3"]
    assert run.state == bookmark(at, "e1")


@pytest.mark.parametrize("mark", [{"replication_key_value": "soon"}, {"ids_read": "e1"}, {"ids_read": [1]}])
def test_a_bookmark_that_is_none_fails_the_stream(
    emulator: Emulator, read: Callable[..., Sync], log: pytest.LogCaptureFixture, mark: dict[str, object]
) -> None:
    """One line says what to do, and nothing is asked for."""
    state = bookmark(ago(HOUR))
    state["bookmarks"]["events"].update(mark)

    read(state, ends_badly=True)

    errors = [record.getMessage() for record in log.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].startswith("The state's bookmark of events is unusable: ")
    assert not emulator.requests


def test_a_bookmark_by_hand_includes_its_own_instant(
    exports: StaticExports, read: Callable[..., Sync]
) -> None:
    """The time alone is enough."""
    at = ago(HOUR)
    exports.events.add(make_event("e1", at))

    run = read({"bookmarks": {"events": {"replication_key_value": at}}})

    assert run.ids("events") == ["e1"]


def test_dates_bound_the_events(
    exports: StaticExports, emulator: Emulator, read: Callable[..., Sync]
) -> None:
    """`start_date` and `end_date` include themselves; a span that is past costs no request."""
    times = [ago(hours * HOUR) for hours in (4, 3, 2, 1)]
    exports.events.add(*(make_event(f"e{number}", at) for number, at in enumerate(times)))

    run = read(start_date=times[1], end_date=times[2])
    read(end_date=ago(2 * DAY))

    assert run.ids("events") == ["e1", "e2"]
    assert len(emulator.requests) == 1


def test_full_table_reads_the_day_every_run(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., Catalog]
) -> None:
    """The catalog may ask for everything; the bookmark is neither used nor moved."""
    selected = catalog("events")
    catalog_entry(selected, "events")["replication_method"] = "FULL_TABLE"
    exports.events.add(make_event("e1", ago(20 * HOUR)))
    state = bookmark(ago(HOUR))

    run = sync(catalog=selected, state=state)

    assert run.ids("events") == ["e1"]
    assert run.state == state


def test_a_dry_run_moves_no_state(
    exports: StaticExports, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--test` asks once, and leaves the state alone however little there is."""
    exports.events.add(make_event("e1", ago(HOUR)))
    tap = TapGladly(config=emulator.settings)

    tap.run_sync_dry_run(5, [tap.streams["events"]])

    assert len(emulator.requests) == 1
    assert '"stream":"events","record":{"id":"e1"' in capsys.readouterr().out
    assert "events" not in tap.state.get("bookmarks", {})


def test_events_that_are_refused_fail_that_stream_alone(
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    catalog: Callable[..., Catalog],
) -> None:
    """The others are read, and the run ends with a status that is not zero."""
    emulator.faults.add(Fault("status", path="events", status=400, times=None))

    run = sync(catalog=catalog("events", "teams"), ends_badly=True)

    assert run.schemas == ["events", "teams"]
    assert log.records[-1].summary["failed_streams"] == ["events"]  # type: ignore[attr-defined] # the log's extra


def test_events_that_stream_maps_take_out_are_not_asked_for(
    emulator: Emulator, read: Callable[..., Sync]
) -> None:
    """What would be dropped whole costs no request."""
    read(stream_maps={"events": None})

    assert not emulator.requests


def test_batches_do_not_take_the_events(
    exports: StaticExports, read: Callable[..., Sync], tmp_path: Any
) -> None:
    """A batch would leave later than the STATE that covers it."""
    exports.events.add(make_event("e1", ago(HOUR)))
    encoding = {"format": "jsonl", "compression": "none"}

    run = read(batch_config={"encoding": encoding, "storage": {"root": tmp_path.as_uri()}})

    assert run.ids("events") == ["e1"]


def test_the_summary_counts_the_events(
    exports: StaticExports, read: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Rows and bytes."""
    exports.events.add(make_event("e1", ago(HOUR)))

    read()

    summary = log.records[-1].summary  # type: ignore[attr-defined] # the log's extra
    assert summary["rows"]["events"] == 1
    assert summary["bytes"]["events"] > 80


def test_memory_does_not_grow_with_the_answer(
    exports: StaticExports, emulator: Emulator, catalog: Callable[..., Catalog]
) -> None:
    """A day of 20 MB passes through in pieces."""
    at = ago(HOUR)
    filler = "x" * 10_000
    exports.events.add(*(make_event(f"e{number}", at, content={"a": filler}) for number in range(2_000)))
    tap = TapGladly(config=emulator.settings, catalog=catalog("events"))
    stream: Any = tap.streams["events"]

    tracemalloc.start()
    count = sum(1 for _ in stream.get_records(None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 2_000
    assert peak < 12_000_000
