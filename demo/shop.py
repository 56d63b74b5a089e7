"""The emulated organization at a fixed time, and the rows of its files and lists."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator import GeneratedExports
from gladly_emulator.server.lists import list_response
from gladly_emulator.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

JOBS: Final = "jobs"
FILE_STREAMS: Final = ("customers", "conversation_items", "agents", "topics")
LISTS: Final = ("teams", "inboxes")
RETENTION: Final = timedelta(days=14)

_CLOCK_STEP: Final = timedelta(minutes=15)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)

Job = dict[str, Any]
FileName = tuple[str, str]
"""A job's id and the name of one of its files."""


class Row(NamedTuple):
    """A record and the columns that the tap adds to it."""

    record: Mapping[str, Any]
    added: Mapping[str, Any]


class Table(NamedTuple):
    """A table as it should be.

    Attributes:
        name: The table's name.
        rows: The rows in Gladly, one per key.
        key: The key column.
        time_column: The column with a row's age, or None if rows don't expire.
        oldest: Gladly no longer returns rows older than this, so they come from earlier runs.
    """

    name: str
    rows: Iterable[Row]
    key: str
    time_column: str | None
    oldest: datetime


class Shop:
    """The organization at a fixed time, which doesn't change while it is loaded.

    Attributes:
        exports: The organization's data.
        now: The fixed time.
        jobs: The jobs that Gladly lists, whatever their status.
        new_jobs: The completed jobs that weren't loaded before.
    """

    def __init__(self, exports: GeneratedExports, now: datetime, loaded: Mapping[str, datetime]) -> None:
        self.exports = exports
        self.now = now
        self.jobs = sorted(exports.jobs(now), key=lambda job: parse_instant(job["updatedAt"]))
        self.new_jobs = [job for job in self.jobs if job["status"] == "COMPLETED" and job["id"] not in loaded]

    @property
    def new_files(self) -> list[FileName]:
        """The files to load."""
        return [(job["id"], name) for job in self.new_jobs for name in job["files"]]

    def iter_tables(self) -> Iterator[Table]:
        """Yield the expected tables of jobs, files and lists."""
        oldest = self.now - RETENTION
        jobs = (Row(job, {}) for job in self.jobs)
        yield Table(JOBS, jobs, key="id", time_column="updatedat", oldest=oldest)
        for stream in FILE_STREAMS:
            rows = self._iter_newest_rows(stream)
            yield Table(stream, rows, key="id", time_column="_job_updated_at", oldest=oldest)
        for name in LISTS:
            entries = json.loads(b"".join(list_response(self.exports.lists, [name]).chunks))
            rows = (Row(entry, {}) for entry in entries)
            yield Table(name, rows, key="id", time_column=None, oldest=oldest)

    def _iter_newest_rows(self, stream: str) -> Iterator[Row]:
        """Yield the newest row of each id in a stream's files."""
        newest: dict[str, Row] = {}
        for job in self.jobs:
            added = {"_job_id": job["id"], "_job_updated_at": read_time(job["updatedAt"])}
            newest.update((record["id"], Row(record, added)) for record in self._iter_records(job, stream))
        yield from newest.values()

    def _iter_records(self, job: Job, stream: str) -> Iterator[Mapping[str, Any]]:
        name = f"{stream}.jsonl"
        if name in job["files"]:
            chunks = self.exports.open_file(job["id"], name, now=self.now) or ()
            yield from map(json.loads, b"".join(chunks).split(b"\n")[:-1])


def open_shop(loaded: Mapping[str, datetime]) -> Shop:
    """Return the shop at the current time, or at the first later time with a file that wasn't loaded.

    Args:
        loaded: The jobs loaded before, and when each was completed.
    """
    exports = GeneratedExports()
    now = max([datetime.now(timezone.utc), *loaded.values()])
    shop = Shop(exports, now, loaded)
    while not shop.new_files:
        now += _CLOCK_STEP
        shop = Shop(exports, now, loaded)
    return shop


def read_time(text: str) -> datetime:
    """Return the time of a Gladly timestamp, truncated to microseconds."""
    return _EPOCH + timedelta(microseconds=parse_instant(text) // 1_000)
