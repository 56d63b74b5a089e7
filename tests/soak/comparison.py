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
        content = {name: value for name, value in sent[row_id].items() if not name.startswith("_job_")}
        if content != expected[row_id]:
            yield f"different content: {row_id}"
