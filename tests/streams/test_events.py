"""Events: requests, rows, and failures."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from support import HOUR, MINUTE, ago, event_bookmark, list_warnings, make_event

from gladly_emulator import Fault
from tap_gladly.streams import events
from tap_gladly.tap import TapGladly
from tap_gladly.timestamps import DAY, SECOND, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Sync

    from gladly_emulator import Emulator, StaticExports


def test_event_is_sent_unchanged(exports: StaticExports, sync_events: Callable[..., Sync]) -> None:
    """Timestamp text, open content and digits stay; undeclared properties go to `_unmapped`."""
    at = ago(HOUR).replace("Z", "123Z")
    line = f'{{"id":"e1","type":"TASK/CREATED","timestamp":"{at}","content":{{"a":{{"b":[0.10]}}}},"new":1}}'
    exports.events.add(line.encode(), at=at)

    run = sync_events()

    row = f'{{"id":"e1","type":"TASK/CREATED","timestamp":"{at}","content":{{"a":{{"b":[0.10]}}}},'
    assert f'"stream":"events","record":{row}"_unmapped":{{"new":1}}}}' in run.output
    schema = run.of_type("SCHEMA")[0]
    assert schema["key_properties"] == ["id"]
    assert schema["schema"]["properties"]["content"]["additionalProperties"] is True


def test_first_request_covers_all_entities_and_the_last_day(
    emulator: Emulator, sync_events: Callable[..., Sync]
) -> None:
    """One request names all eight documented entities, from almost a day ago to a minute ago."""
    before = time.time_ns()
    run = sync_events()

    [request] = emulator.requests
    assert sorted(request.query_lists["entities"]) == sorted(events.ENTITIES)
    assert len(events.ENTITIES) == 8
    start, end = parse_instant(request.query["startAt"]), parse_instant(request.query["endAt"])
    assert before - DAY + 10 * MINUTE < start < before - DAY + 30 * MINUTE
    assert before - MINUTE - SECOND < end <= time.time_ns() - MINUTE
    assert run.schemas == ["events"]


def test_event_entities_limits_the_request(
    exports: StaticExports, emulator: Emulator, sync_events: Callable[..., Sync]
) -> None:
    """The request names only the entities in `event_entities`."""
    exports.events.add(make_event("e1", ago(HOUR)), make_event("e2", ago(HOUR), type="TASK/CREATED"))

    run = sync_events(event_entities=["TASK", "CUSTOMER"])

    assert emulator.requests[0].query_lists["entities"] == ["TASK", "CUSTOMER"]
    assert run.ids("events") == ["e2"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut", path="events", at_byte=100),
        Fault("reset", path="events", at_byte=100),
        Fault("status", path="events", status=503),
        Fault("body", path="events", body=b"<html>busy</html>"),
        Fault("body", path="events", body=b'{"errors":[]}'),
        Fault("body", path="events", body=b'{"id":"e1","type":"CONTA'),
        Fault("status", path="events", status=200, body=b"<head>\n</head>\n", content_type="text/html"),
        Fault("status", path="events", status=200, body=b"busy\n", content_type="text/plain"),
        Fault("body", path="events", body=b'{"message":"busy"}\n'),
    ],
    ids=["cut", "reset", "503", "html", "error", "broken-line", "page", "sentence", "message"],
)
def test_invalid_response_is_retried(
    exports: StaticExports, emulator: Emulator, sync_events: Callable[..., Sync], fault: Fault
) -> None:
    """An incomplete or unexpected response is requested again, and no event is sent twice."""
    exports.events.add(*(make_event(f"e{number}", ago(HOUR)) for number in range(5)))
    emulator.faults.add(fault)

    run = sync_events()

    assert run.ids("events") == [f"e{number}" for number in range(5)]
    assert len(emulator.requests) == 2


def test_line_without_an_id_goes_to_malformed_lines(
    exports: StaticExports,
    sync_events: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """The line goes to `malformed_lines` unchanged; a warning names its position, and the sync continues."""
    start = ago(3 * HOUR)
    exports.events.add(b'{"type":"Anna"}', at=ago(2 * HOUR))
    exports.events.add(make_event("e1", ago(HOUR)))

    run = sync_events(event_bookmark(start), catalog=catalog("events", "malformed_lines"))

    assert run.ids("events") == ["e1"]
    [line] = run.rows("malformed_lines")
    assert line == {
        "_job_id": "events",
        "file": f"events from {start}",
        "line_number": 1,
        "error": "no id",
        "line": '{"type":"Anna"}',
    }
    assert list_warnings(log) == [f"events from {start}, line 1: no id"]
    assert log.records[-1].summary["malformed_lines"] == 1  # type: ignore[attr-defined] # the log's extra


def test_dry_run_keeps_the_state(
    exports: StaticExports, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--test` sends one request and doesn't advance the bookmark."""
    exports.events.add(make_event("e1", ago(HOUR)))
    tap = TapGladly(config=emulator.settings)

    tap.run_sync_dry_run(5, [tap.streams["events"]])

    assert len(emulator.requests) == 1
    assert '"stream":"events","record":{"id":"e1"' in capsys.readouterr().out
    assert "events" not in tap.state.get("bookmarks", {})


def test_rejected_events_fail_alone(
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """Other streams sync, and the run fails at its end."""
    emulator.faults.add(Fault("status", path="events", status=400, times=None))

    run = sync(catalog=catalog("events", "teams"), should_fail=True)

    assert run.schemas == ["events", "teams"]
    assert log.records[-1].summary["failed_streams"] == ["events"]  # type: ignore[attr-defined] # the log's extra


def test_events_removed_by_a_stream_map_are_not_requested(
    emulator: Emulator, sync_events: Callable[..., Sync]
) -> None:
    """Events that `stream_maps` removes cost no request."""
    sync_events(stream_maps={"events": None})

    assert not emulator.requests


def test_events_are_sent_as_records_with_batch_config(
    exports: StaticExports, sync_events: Callable[..., Sync], tmp_path: Path
) -> None:
    """Events ignore `batch_config`, because a batch would follow the STATE that covers it."""
    exports.events.add(make_event("e1", ago(HOUR)))
    encoding = {"format": "jsonl", "compression": "none"}

    run = sync_events(batch_config={"encoding": encoding, "storage": {"root": tmp_path.as_uri()}})

    assert run.ids("events") == ["e1"]


def test_summary_counts_events(
    exports: StaticExports, sync_events: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The run summary counts rows and bytes of events."""
    exports.events.add(make_event("e1", ago(HOUR)))

    sync_events()

    summary = log.records[-1].summary  # type: ignore[attr-defined] # the log's extra
    assert summary["rows"]["events"] == 1
    assert summary["bytes"]["events"] > 80


def test_memory_does_not_grow_with_the_response(
    exports: StaticExports, emulator: Emulator, catalog: Callable[..., dict[str, Any]]
) -> None:
    """A response of 20 MB needs less than 12 MB of memory."""
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
