"""Comparison of the rows that the tap sent with the emulator's data."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from support import FILE_STREAMS, LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gladly_emulator import GeneratedExports

    from .runs import RowId

Record = dict[str, Any]


def iter_expected_rows(
    exports: GeneratedExports, now: datetime, start: datetime
) -> Iterator[tuple[RowId, Record]]:
    """Yield every row of the lists, and of the files of jobs updated since `start`."""
    for stream in LISTS:
        entries: Any = exports.lists[stream]
        yield from (((stream, entry["id"], ""), entry) for entry in entries)
    for job in exports.jobs(now):
        if datetime.fromisoformat(f"{job['updatedAt'][:19]}+00:00") < start:
            continue
        for stream in FILE_STREAMS:
            if f"{stream}.jsonl" in job["files"]:
                body = b"".join(exports.open_file(job["id"], f"{stream}.jsonl", now=now) or ())
                for line in body.split(b"\n")[:-1]:
                    record = json.loads(line)
                    yield (stream, record["id"], job["id"]), record


def iter_differences(expected: Mapping[RowId, Record], sent: Mapping[RowId, Record]) -> Iterator[str]:
    """Yield one message per missing, unexpected or different row."""
    yield from (f"missing: {row_id}" for row_id in expected.keys() - sent.keys())
    yield from (f"unexpected: {row_id}" for row_id in sent.keys() - expected.keys())
    for row_id in expected.keys() & sent.keys():
        if _encode(restore_record(sent[row_id])) != _encode(expected[row_id]):
            yield f"different content: {row_id}"


def restore_record(row: Record) -> Record:
    """Return the record that Gladly sent: the row with its unmapped values back in place.

    Raises:
        ValueError: A value is both in its column and in `_unmapped`.
    """
    record: Record = json.loads(
        json.dumps({name: value for name, value in row.items() if not name.startswith("_job_")})
    )
    for path, value in record.pop("_unmapped", {}).items():
        *parents, name = path.split(".")
        container = record
        for parent in parents:
            container = container[parent]
        if container.get(name) is not None:
            raise ValueError(f"{path} is in its column and in _unmapped")
        container[name] = value
    return record


def _encode(record: Record) -> str:
    # The encoded text also compares types: True and 1 are equal in Python.
    return json.dumps(_replace_large_integers(record), sort_keys=True)


def _replace_large_integers(value: Any) -> Any:
    # Targets can't read integers of more than 64 bits, so the tap keeps them as text in _unmapped.
    if isinstance(value, dict):
        return {key: _replace_large_integers(nested) for key, nested in value.items()}
    if isinstance(value, list):
        return [_replace_large_integers(item) for item in value]
    is_large = isinstance(value, int) and not -(2**63) <= value < 2**63
    return str(value) if is_large else value
