"""Two runs into each target: every row is compared with what the emulator served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from targets.conftest import STREAMS
from targets.destinations import DuckDB, JsonLines, Postgres
from targets.expectations import SCHEMAS, expect, keep_newest

if TYPE_CHECKING:
    from targets.conftest import Load
    from targets.destinations import Destination

TABLES = [stream for stream in STREAMS if stream != "malformed_lines"]
STEPS = pytest.mark.parametrize("step", [0, 1], ids=["first", "second"])
DATABASES = pytest.mark.parametrize("load", ["duckdb", "postgres", "batch"], indirect=True)
KINDS = {
    "duckdb": {
        "boolean": "BOOLEAN",
        "integer": "HUGEINT",
        "list": "JSON",
        "number": "DOUBLE",
        "object": "JSON",
        "text": "VARCHAR",
        "time": "TIMESTAMP",
    },
    "postgres": {
        "boolean": "boolean",
        "integer": "bigint",
        "list": "text[]",
        "number": "numeric",
        "object": "jsonb",
        "text": "text",
        "time": "timestamp without time zone",
    },
}


def expect_rows(load: Load, stream: str, step: int) -> list[dict[str, object]]:
    """Return the rows that a table should have after a step."""
    steps = load.organization.steps
    # Every run sends lists again. In the empty organization, only this list has an entry.
    first = steps[0][stream] if stream == "organization" else []
    served = [*first, *(row for each in steps[: step + 1] for row in each[stream])]
    rows = [expect(stream, row, load.destination) for row in served]
    return rows if load.destination.appends else list(keep_newest(rows).values())


def to_json(row: dict[str, object]) -> str:
    """Return a row as JSON, without nulls."""
    return json.dumps(
        {name: value for name, value in row.items() if value is not None}, sort_keys=True, default=str
    )


def expect_types(stream: str, destination: Destination) -> dict[str, str]:
    """Return the expected type of each column."""
    kinds = KINDS["duckdb" if isinstance(destination, DuckDB) else "postgres"]
    columns = SCHEMAS[stream]["properties"].items()
    return {destination.fold(name): kinds[_kind_of(column)] for name, column in columns}


def _kind_of(column: dict[str, Any]) -> str:
    if column.get("format") == "date-time":
        return "time"
    kind: str = next(name for name in column["type"] if name != "null")
    return {"array": "list", "string": "text"}.get(kind, kind)


def test_empty_organization_creates_empty_tables(load: Load) -> None:
    """Every table exists before its first row. target-jsonl writes no file without a row."""
    rows = {table: len(rows) for table, rows in load.empty.tables.items()}

    assert rows.pop("organization") == 1
    assert rows == (
        {} if isinstance(load.destination, JsonLines) else dict.fromkeys(set(TABLES) - {"organization"}, 0)
    )


@STEPS
@pytest.mark.parametrize("stream", TABLES)
def test_every_row_arrives_unchanged(load: Load, stream: str, step: int) -> None:
    """A table has every row with every value: the newest per key, or all of them if the target appends."""
    expected = sorted(to_json(row) for row in expect_rows(load, stream, step))

    found = sorted(to_json(row) for row in load.steps[step].tables[stream])
    assert len(expected) >= 1
    assert found == expected


@STEPS
def test_malformed_line_arrives_once(load: Load, step: int) -> None:
    """The second run doesn't repeat a malformed line, whose position and text are unchanged."""
    (row,) = load.steps[step].tables["malformed_lines"]

    assert (row["_job_id"], row["file"], row["line_number"]) == ("odd-job", "customers.jsonl", 4)
    assert row["line"] == '{"id":"odd-3","name":'


def test_second_run_downloads_only_new_files(load: Load) -> None:
    """No file is downloaded twice, whatever the target."""
    first, second = (
        {request.path for request in snapshot.requests if "/files/" in request.path}
        for snapshot in load.steps
    )

    assert len(second) > 10
    assert first & second == set()


@DATABASES
def test_columns_have_matching_types(load: Load) -> None:
    """Timestamps, objects, arrays, numbers and booleans have column types of their own."""
    assert isinstance(load.destination, (DuckDB, Postgres))

    for stream in STREAMS:
        assert load.destination.list_types(stream) == expect_types(stream, load.destination)


@DATABASES
def test_tables_have_primary_keys(load: Load) -> None:
    """The primary key of a table is the key of its stream."""
    assert isinstance(load.destination, (DuckDB, Postgres))

    for stream in TABLES:
        assert load.destination.list_key(stream) == ["id"]
    assert load.destination.list_key("malformed_lines") == ["_job_id", "file", "line_number"]


@DATABASES
def test_content_is_queryable_json(load: Load) -> None:
    """SQL reads properties of `content`, nested ones too."""
    assert isinstance(load.destination, (DuckDB, Postgres))
    served = [row.record for step in load.organization.steps for row in step["conversation_items"]]
    newest = {record["id"]: record.get("content") or {} for record in served}

    statement = "SELECT id, content ->> 'type', content -> 'nested' ->> 'empty' FROM conversation_items"
    found = {key: (kind, empty) for key, kind, empty in load.destination.ask(statement)}
    assert found == {
        key: (content.get("type"), content.get("nested", {}).get("empty")) for key, content in newest.items()
    }
