"""The rows that a destination should have, from the records that the emulator served."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from gladly_emulator.timestamps import parse_instant
from targets.project import load_schemas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from targets.destinations import Destination
    from targets.organization import Record, Row

SCHEMAS = load_schemas()
TIMES = {
    stream: {name for name, column in schema["properties"].items() if column.get("format") == "date-time"}
    for stream, schema in SCHEMAS.items()
}

_OFFSET = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def read_time(text: str) -> datetime:
    """Return a timestamp, truncated to microseconds."""
    return _EPOCH + timedelta(microseconds=parse_instant(text) // 1_000)


def read_time_without_offset(text: str) -> datetime:
    """Return a timestamp as target-postgres loads it with COPY: without its offset."""
    return read_time(f"{_OFFSET.sub('', text)}Z")


def expect(stream: str, row: Row, destination: Destination) -> Record:
    """Return the row that a table should have: every column, as the destination stores it."""
    columns = SCHEMAS[stream]["properties"]
    known = {name: value for name, value in row.record.items() if name in columns}
    others = {name: value for name, value in row.record.items() if name not in columns}
    job = {} if row.job is None else {"_job_id": row.job["id"], "_job_updated_at": row.job["updatedAt"]}
    full = {**dict.fromkeys(columns), **known, **job, "_unmapped": others or None}
    read = read_time_without_offset if destination.ignores_offsets else read_time
    times = {name: read(full[name]) for name in TIMES[stream] if full[name] is not None}
    if row.job is not None:
        times["_job_updated_at"] = read_time(row.job["updatedAt"])  # the tap sends it in UTC
    empty = (
        {} if destination.keeps_empty_text else {name: None for name, value in full.items() if value == ""}
    )
    return {destination.fold(name): value for name, value in {**full, **times, **empty}.items()}


def keep_newest(rows: Iterable[Record]) -> dict[str, Record]:
    """Return the last row of each key, by key."""
    return {row["id"]: row for row in rows}
