"""BATCH files in Parquet, which the SDK writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pyarrow.parquet as pq
import pytest
from support import FILE_STREAMS, jsonl, stream_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from support import Sync

    from gladly_emulator import StaticExports

ROWS: list[dict[str, Any]] = [
    {"id": "i1", "timestamp": "2026-11-20T06:00:00Z", "content": {"new": 1, "recordingDuration": 5}},
    {"id": "i2", "timestamp": "yesterday", "content": {"new": ["x"], "recordingDuration": "7"}},
    {"id": "i3", "content": "text", "extra": 1.5},
    {"id": "i4", "content": {"type": 7}, "extra": [{"a": None}]},
]


def load(
    exports: StaticExports,
    sync: Callable[..., Sync],
    folder: Path,
    *,
    file: str = "conversation_items.jsonl",
    rows: Sequence[dict[str, Any]] = ROWS,
    **options: Any,
) -> list[dict[str, Any]]:
    """Load rows into Parquet files, and return what the files hold."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {file: jsonl(*rows)})
    batches = {"encoding": {"format": "parquet"}, "storage": {"root": folder.as_uri()}}
    run = sync(batch_config=batches, **options)
    urls = [url for message in run.of_type("BATCH") for url in message["manifest"]]
    return [row for url in urls for row in pq.read_table(unquote(urlsplit(url).path)).to_pylist()]


def test_parquet_keeps_every_value_of_drifted_rows(
    exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path
) -> None:
    """Columns that the first row lacks, and values of mixed types, reach the file; objects are JSON text."""
    rows = load(exports, sync, tmp_path)

    assert [row["id"] for row in rows] == ["i1", "i2", "i3", "i4"]
    assert [json.loads(row["content"] or "null") for row in rows] == [
        {"new": 1, "recordingDuration": 5},
        {"new": ["x"], "recordingDuration": "7"},
        None,
        {"type": None},
    ]
    assert [json.loads(row["_unmapped"] or "null") for row in rows] == [
        None,
        {"timestamp": "yesterday"},
        {"content": "text", "extra": 1.5},
        {"content.type": 7, "extra": [{"a": None}]},
    ]
    assert {row["_job_updated_at"] for row in rows} == {"2026-11-20T07:00:00.000000Z"}


def test_parquet_leaves_out_deselected_columns(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    """A deselected column has no place in the file."""
    chosen = catalog(*FILE_STREAMS)
    entry = next(entry for entry in chosen["streams"] if entry["stream"] == "conversation_items")
    stream_metadata(entry, "properties", "content")["selected"] = False

    rows = load(exports, sync, tmp_path, catalog=chosen)

    assert len(rows) == len(ROWS)
    assert "content" not in rows[0]


@pytest.mark.parametrize(
    ("schema", "values", "cells"),
    [
        ({"type": ["string", "integer", "null"]}, ["text", 1, None], ["text", "1", None]),
        ({"type": ["integer", "boolean"]}, [1, True], ["1", "true"]),
        ({"anyOf": [{"type": "string"}, {"type": "object"}]}, [{"a": 1.5}, "text"], ['{"a":1.5}', "text"]),
        ({"type": ["number", "null"]}, [1, 1.5, 1e-300, 2**62, None], [1.0, 1.5, 1e-300, 2.0**62, None]),
        ({"type": "integer"}, [2**63 - 1, -1], [2**63 - 1, -1]),
    ],
)
def test_column_of_a_users_schema_has_one_type(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    tmp_path: Path,
    *,
    schema: dict[str, Any],
    values: list[object],
    cells: list[object],
) -> None:
    """Values of mixed types become text, and numbers become doubles, so Arrow accepts every row."""
    chosen = catalog("customers")
    entry = next(entry for entry in chosen["streams"] if entry["stream"] == "customers")
    entry["schema"]["properties"]["name"] = schema
    rows = [{"id": f"c{number}", "name": value} for number, value in enumerate(values)]

    files = load(exports, sync, tmp_path, file="customers.jsonl", rows=rows, catalog=chosen)

    assert [row["name"] for row in files] == cells
