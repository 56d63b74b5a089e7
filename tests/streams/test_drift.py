"""Every stream sends valid records, whatever the types of the values that Gladly sends."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from support import HOUR, Sync, ago, catalog_entry, jsonl, list_warnings, make_event, stream_metadata
from target_formats import formats

from gladly_emulator import Fault, GeneratedExports
from tap_gladly.streams.export.files import ExportFileStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

TIME = "2026-11-20T07:00:00Z"
LISTS = ("teams", "inboxes", "audiences", "business_hours", "schedules", "organization")


def check_records(run: Sync) -> None:
    """Check that each RECORD has only columns of its SCHEMA, and is valid to a target that reads decimals."""
    validators: dict[str, Draft202012Validator] = {}
    for line in run.output.splitlines():
        message = json.loads(line, parse_float=Decimal)
        if message["type"] == "SCHEMA":
            schema = {**message["schema"], "additionalProperties": False}
            validators[message["stream"]] = Draft202012Validator(schema, format_checker=formats)
        if message["type"] == "RECORD":
            validators[message["stream"]].validate(message["record"])


def test_drifted_lists_are_valid(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """Every entry of every list arrives, and its drifted values are in `_unmapped`."""
    exports.lists.update(GeneratedExports().lists)
    emulator.faults.add(Fault("drift", times=None, seed=7))

    run = sync(catalog=catalog(*LISTS))

    check_records(run)
    rows = [row for stream in LISTS for row in run.rows(stream)]
    assert len(rows) > 10
    assert all(row.get("_unmapped") for row in rows if len(row) > 2)


def test_drifted_events_are_valid(exports: StaticExports, sync_events: Callable[..., Sync]) -> None:
    """A value of another type moves; the timestamp of an event is part of its bookmark."""
    drifted = make_event("e1", ago(HOUR), initiator="a1", content=[{"a": 1}])
    exports.events.add(drifted)

    run = sync_events()

    check_records(run)
    (row,) = run.rows("events")
    assert row["_unmapped"] == {"content": [{"a": 1}], "initiator": "a1"}
    assert (row["initiator"], row["content"]) == (None, None)


def test_drifted_jobs_are_valid(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """Values of a job that the tap doesn't depend on may have any type."""
    exports.add_job("j1", TIME, {"customers.jsonl": b'{"id":"c1"}\n'}, scheduleId=7)
    listed = exports.jobs(datetime.now(timezone.utc))
    parameters = {**listed[0].get("parameters", {}), "type": ["x"]}
    exports.list_as(json.dumps([{**listed[0], "parameters": parameters}]).encode())

    run = sync()

    check_records(run)
    (row,) = run.rows("jobs")
    assert row["_unmapped"] == {"parameters.type": ["x"], "scheduleId": 7}
    assert run.ids("customers") == ["c1"]


@pytest.mark.parametrize("is_copied", [True, False])
def test_records_follow_the_types_of_the_catalog(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_copied: bool,
) -> None:
    """If a catalog changes a type, SCHEMA has it, and values of the documented type move."""
    chosen = catalog("customers")
    catalog_entry(chosen, "customers")["schema"]["properties"]["name"] = {"type": ["integer", "null"]}
    exports.add_job(
        "j1", TIME, {"customers.jsonl": jsonl({"id": "a", "name": "Maud"}, {"id": "b", "name": 7})}
    )
    if not is_copied:
        monkeypatch.setattr(ExportFileStream, "_can_pass_through", False)

    run = sync(catalog=chosen)

    check_records(run)
    first, second = run.rows("customers")
    assert (first["name"], first["_unmapped"]) == (None, {"name": "Maud"})
    assert (second["name"], second.get("_unmapped")) == (7, None)


def test_warning_reports_values_that_are_dropped(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """If `_unmapped` is deselected, values that don't fit are lost, and the warning states it."""
    chosen = catalog("customers")
    stream_metadata(catalog_entry(chosen, "customers"), "properties", "_unmapped")["selected"] = False
    exports.add_job("j1", TIME, {"customers.jsonl": jsonl({"id": "a", "name": 7, "new": 1})})

    run = sync(catalog=chosen)

    check_records(run)
    assert "_unmapped" not in run.rows("customers")[0]
    fates = [
        warning
        for warning in list_warnings(log)
        if "are dropped, because _unmapped isn't selected" in warning
    ]
    assert len(fates) == 2


def test_drifted_file_logs_the_golden_lines(
    exports: StaticExports,
    sync: Callable[..., Sync],
    golden: Callable[[str, str], None],
    set_clock: Callable[[str], None],
    log: pytest.LogCaptureFixture,
) -> None:
    """The log names each path once, with declared and actual type, and the summary counts the values."""
    set_clock("2026-11-20T10:00:00Z")
    customers = jsonl(
        {"id": "c1", "name": 12, "emailAddresses": [{"address": "a@mail.example"}], "tier": "gold"},
        {"id": "c2", "name": 13.5, "address": {"city": "Oddtown"}, "tier": 2},
    )
    items = jsonl(
        {"id": "i1", "timestamp": "yesterday", "content": {"type": "SMS", "content": ["a"], "cc": "b"}},
        {"id": "i2", "timestamp": 1764230400, "content": "secret text"},
    )
    exports.add_job(
        "job-1", "2026-11-20T07:15:19Z", {"customers.jsonl": customers, "conversation_items.jsonl": items}
    )

    check_records(sync())

    records = [record for record in log.records if record.name.startswith("tap-gladly")]
    text = "".join(f"{record.levelname} {record.getMessage()}\n" for record in records)
    golden("drift.log", re.sub(r"[\d.]+( s[; ])", r"...\1", text))
    assert not any(value in log.text for value in ("secret", "yesterday", "gold", "Oddtown", "13.5"))
