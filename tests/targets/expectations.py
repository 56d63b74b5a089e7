"""What a destination is to hold, from what the emulator has served."""

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

_ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def read_time(text: str) -> datetime:
    """Return the time that a timestamp tells, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=parse_instant(text) // 1_000)


def read_time_as_postgres(text: str) -> datetime:
    """Return what PostgreSQL reads into a timestamp without time zone: rounded, and blind to the zone."""
    return _EPOCH + timedelta(microseconds=(parse_instant(f"{_ZONE.sub('', text)}Z") + 500) // 1_000)


def expect(stream: str, row: Row, destination: Destination) -> Record:
    """Return a row as it is to stand in a table: every column, in the destination's own way."""
    columns = SCHEMAS[stream]["properties"]
    known = {name: value for name, value in row.record.items() if name in columns}
    others = {name: value for name, value in row.record.items() if name not in columns}
    job = {} if row.job is None else {"_job_id": row.job["id"], "_job_updated_at": row.job["updatedAt"]}
    full = {**dict.fromkeys(columns), **known, **job, "_unmapped": others or None}
    # The target passes on a batch file's times as they are; those of RECORD messages it reads itself.
    read = read_time_as_postgres if destination.supports_batch and row.job else read_time
    times = {name: read(full[name]) for name in TIMES[stream] if full[name] is not None}
    if row.job is not None:
        times["_job_updated_at"] = read_time(row.job["updatedAt"])  # which the tap itself has cut
    empty = (
        {} if destination.keeps_empty_text else {name: None for name, value in full.items() if value == ""}
    )
    return {destination.fold(name): value for name, value in {**full, **times, **empty}.items()}


def keep_newest(rows: Iterable[Record]) -> dict[str, Record]:
    """Return the last row of each key, by key."""
    return {row["id"]: row for row in rows}
