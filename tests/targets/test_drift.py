"""Drifted files load completely with the targets' default settings, which validate every record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, StaticExports
from targets.destinations import Destination, DuckDB, JsonLines, Postgres
from targets.project import Project

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS = {
    "TARGET_POSTGRES_USE_COPY": "false",
    "TARGET_POSTGRES_VALIDATE_RECORDS": "true",
    "TARGET_POSTGRES_SANITIZE_NULL_TEXT_CHARACTERS": "false",
}
Drift = tuple[str, str, Any]
"""A stream, the path of a value, and the value."""
DRIFTS: tuple[Drift, ...] = (
    ("customers", "name", 12),
    ("customers", "emailAddresses", [{"address": "a@mail.example"}]),
    ("customers", "phoneNumbers", "+15550100001"),
    ("customers", "address", {"city": "Oddtown"}),
    ("conversation_items", "content", "text"),
    ("conversation_items", "content.content", ["a", "b"]),
    ("conversation_items", "content.recordingDuration", 12.5),
    ("conversation_items", "content.attachments", [17]),
    ("conversation_items", "timestamp", "yesterday"),
    ("conversation_items", "timestamp", 1764230400),
    ("conversation_items", "timestamp", ""),
    ("conversation_items", "timestamp", "2026-11-20T07:15:60Z"),
    ("conversation_items", "customerId", 17),
    ("topics", "disabled", "yes"),
)
STREAMS = sorted({stream for stream, _, _ in DRIFTS})


def make_record(number: int, path: str, value: Any) -> dict[str, Any]:
    """Return a record with a value at a path."""
    *outer, last = path.split(".")
    record: dict[str, Any] = {last: value}
    for name in reversed(outer):
        record = {name: {"type": "EMAIL", **record}}
    return {"id": f"d{number:02}", **record}


def make_exports() -> StaticExports:
    """Return a job whose files have a valid record, and one record for each drift."""
    files = {
        stream: b'{"id":"valid"}\n'
        + b"".join(
            json.dumps(make_record(number, path, value)).encode() + b"\n"
            for number, (of, path, value) in enumerate(DRIFTS)
            if of == stream
        )
        for stream in STREAMS
    }
    exports = StaticExports()
    bodies = {f"{stream}.jsonl": body for stream, body in files.items()}
    exports.add_job("j1", "2026-03-04T07:00:00Z", bodies)
    return exports


@pytest.fixture(params=["duckdb", "postgres", "jsonl"])
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> Destination:
    """A destination that has loaded the job."""
    destination: Destination
    match request.param:
        case "duckdb":
            destination = DuckDB(tmp_path)
        case "jsonl":
            destination = JsonLines(tmp_path, {stream: set() for stream in STREAMS})
        case _:
            destination = Postgres(request.getfixturevalue("socket"), "drift")
    project = Project(tmp_path, [f"{stream}.*" for stream in STREAMS])
    with Emulator(make_exports(), requests_per_second=None) as emulator:
        project.run(destination.target, emulator, settings={**destination.settings, **DEFAULTS})
    return destination


def test_drifted_values_arrive_in_unmapped(destination: Destination) -> None:
    """Every row arrives, its column is null, and `_unmapped` has the value under its path."""
    rows = {row["id"]: row for stream in STREAMS for row in destination.iter_rows(stream)}

    assert len(rows) == len(DRIFTS) + 1
    for number, (_, path, value) in enumerate(DRIFTS):
        row = rows[f"d{number:02}"]
        assert row["_unmapped"] == {path: value}
        column, _, nested = path.partition(".")
        found = row[destination.fold(column)]
        assert found == ({"type": "EMAIL", nested: None} if nested else None)
