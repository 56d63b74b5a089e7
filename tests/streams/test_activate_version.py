"""ACTIVATE_VERSION: a target deletes rows of older versions, so it only follows complete data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support import HOUR, ago, catalog_entry, make_event, rows_named

from gladly_emulator import Fault
from tap_gladly.timestamps import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

FAULTS = {
    "403": Fault("status", path="teams", status=403, times=None),
    "404": Fault("status", path="teams", status=404, times=None),
    "500": Fault("status", path="teams", status=500, times=None),
    "incomplete": Fault("cut", path="teams", at_byte=5, times=None),
    "object": Fault("body", path="teams", body=b'{"errors":[]}', times=None),
    "HTML": Fault("body", path="teams", body=b"<html></html>", times=None),
}


def test_complete_list_is_activated_after_its_last_row(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A complete list ends with one ACTIVATE_VERSION, whose version is that of its rows."""
    exports.lists["teams"] = [{"id": "t1"}, {"id": "t2"}]

    run = sync(catalog=catalog("teams"), emit_activate_version_messages=True)

    assert [message["type"] for message in run.messages] == ["SCHEMA", "RECORD", "RECORD", "ACTIVATE_VERSION"]
    assert len({message["version"] for message in run.messages[1:]}) == 1
    assert run.messages[-1]["stream"] == "teams"


def test_empty_list_is_activated(sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]) -> None:
    """An empty list is complete, so the target may delete all rows."""
    run = sync(catalog=catalog("teams"), emit_activate_version_messages=True)

    assert [message["type"] for message in run.messages] == ["SCHEMA", "ACTIVATE_VERSION"]


@pytest.mark.parametrize("failure", FAULTS)
def test_failed_list_is_not_activated(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    failure: str,
) -> None:
    """A list that fails or is incomplete sends no ACTIVATE_VERSION, and other lists do."""
    exports.lists["teams"] = [{"id": "t1"}]
    exports.lists["inboxes"] = [{"id": "i1"}]
    emulator.faults.add(FAULTS[failure])

    run = sync(
        catalog=catalog("teams", "inboxes"),
        emit_activate_version_messages=True,
        should_fail=failure not in {"403", "404"},
    )

    assert not run.rows("teams")
    assert [message["stream"] for message in run.of_type("ACTIVATE_VERSION")] == ["inboxes"]


@pytest.mark.parametrize(
    "body",
    [b"[1, 2]", b'[{"id": "t1"}, {"id": 2}]', b'[{"id": ""}]'],
    ids=["not objects", "other type", "empty"],
)
def test_list_with_skipped_entries_is_not_activated(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]], body: bytes
) -> None:
    """A target keeps the rows of earlier runs if entries without a usable id are skipped."""
    exports.lists["teams"] = body

    run = sync(catalog=catalog("teams"), emit_activate_version_messages=True)

    assert run.schemas == ["teams"]
    assert not run.of_type("ACTIVATE_VERSION")


def test_incremental_streams_are_never_activated(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """Export streams send no ACTIVATE_VERSION, because a run loads only what is new."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a1")})

    run = sync(emit_activate_version_messages=True)

    assert run.ids("agents") == ["a1"]
    assert sorted(message["stream"] for message in run.of_type("ACTIVATE_VERSION")) == ["inboxes", "teams"]


@pytest.fixture
def sync_full_table(sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]) -> Callable[..., Sync]:
    """Sync one stream that the catalog sets to FULL_TABLE, with ACTIVATE_VERSION messages."""

    def run(stream: str, **arguments: Any) -> Sync:
        chosen = catalog(stream)
        catalog_entry(chosen, stream)["replication_method"] = "FULL_TABLE"
        return sync(catalog=chosen, emit_activate_version_messages=True, **arguments)

    return run


def test_full_table_events_are_activated_after_the_last_row(
    exports: StaticExports, sync_full_table: Callable[..., Sync]
) -> None:
    """Events set to FULL_TABLE end with ACTIVATE_VERSION if the response is complete."""
    exports.events.add(make_event("e1", ago(HOUR)))

    run = sync_full_table("events")

    assert [message["type"] for message in run.messages] == ["SCHEMA", "RECORD", "ACTIVATE_VERSION"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=403, times=None),
        Fault("status", status=500, times=None),
        Fault("length", difference=7, times=None),
        Fault("body", body=b'{"errors":[]}', times=None),
    ],
    ids=["403", "500", "incomplete", "object"],
)
@pytest.mark.parametrize("stream", ["events", "task_export_report", "jobs", "customers"])
def test_failed_full_table_stream_is_not_activated(
    exports: StaticExports,
    emulator: Emulator,
    sync_full_table: Callable[..., Sync],
    fault: Fault,
    stream: str,
) -> None:
    """Events, reports and export streams set to FULL_TABLE send no ACTIVATE_VERSION if they fail."""
    exports.events.add(make_event("e1", ago(HOUR)))
    exports.add_job("j1", ago(HOUR), {"customers.jsonl": rows_named("c1", "c2")})
    path = {"events": "/events", "task_export_report": "/reports", "customers": "/files/"}
    emulator.faults.add(replace(fault, path=path.get(stream, "export/jobs$")))

    run = sync_full_table(stream, start_date=ago(2 * DAY), should_fail=True)

    assert run.schemas == [stream]
    assert not run.rows(stream)
    assert not run.of_type("ACTIVATE_VERSION")


@pytest.mark.parametrize("stream", ["events", "task_export_report", "jobs", "customers"])
def test_full_table_stream_with_skipped_rows_is_not_activated(
    exports: StaticExports, sync_full_table: Callable[..., Sync], stream: str
) -> None:
    """A stream set to FULL_TABLE sends no ACTIVATE_VERSION if rows without a usable key are skipped."""
    exports.events.add(make_event("e1", ago(HOUR)))
    exports.events.add(b"{}", at=ago(HOUR))
    exports.reports.put("TaskExportReport", b"Task ID,Status\nt1,OPEN\n,OPEN\n")
    exports.add_job("j1", ago(HOUR), {"customers.jsonl": rows_named("c1", "")})
    if stream == "jobs":
        exports.add_job("j2", ago(HOUR), id=None)

    run = sync_full_table(stream, start_date=ago(DAY))

    assert run.rows(stream)
    assert not run.of_type("ACTIVATE_VERSION")
