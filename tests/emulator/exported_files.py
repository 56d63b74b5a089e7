"""The files that the invented organization exports in 14 days."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator import GeneratedExports

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=timezone.utc)

Record = dict[str, Any]


class ExportedFiles:
    """The jobs and decoded files of 14 days."""

    def __init__(self, exports: GeneratedExports) -> None:
        self.jobs = exports.jobs(NOW)
        self.files = {
            (job["id"], name): read(exports, job["id"], name) for job in self.jobs for name in job["files"]
        }

    def records(self, name: str) -> Iterator[Record]:
        """Yield the records of all files with this name."""
        return (record for (_, each), records in self.files.items() if each == name for record in records)


def read(exports: GeneratedExports, job_id: str, name: str, now: datetime = NOW) -> list[Record]:
    """Return the records of a file."""
    pieces = exports.open_file(job_id, name, now=now)
    assert pieces is not None
    *lines, rest = b"".join(pieces).split(b"\n")
    assert rest == b""
    return [json.loads(line) for line in lines]
