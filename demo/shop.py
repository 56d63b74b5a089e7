"""What Gladly has: the emulated organization at a moment, and the rows of its files and lists."""

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

_STEP: Final = timedelta(minutes=15)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)

Job = dict[str, Any]
FileName = tuple[str, str]
"""A job's id and the name of one of its files."""


class Row(NamedTuple):
    """A record, and the columns that the tap adds to it."""

    record: Mapping[str, Any]
    added: Mapping[str, Any]


class Table(NamedTuple):
    """A table as it has to be.

    Attributes:
        name: Its name.
        rows: The rows that Gladly has, one for each key.
        key: The column that tells rows apart.
        aged_by: The column that tells how old a row is; None if rows do not age.
        oldest: What is older than this comes from runs before: Gladly does not tell of it any more.
    """

    name: str
    rows: Iterable[Row]
    key: str
    aged_by: str | None
    oldest: datetime


class Shop:
    """The organization at a moment: its clock stands still while it is loaded.

    Attributes:
        exports: The organization's export jobs and files.
        now: The moment.
        jobs: The jobs that Gladly lists then, whatever their status.
        new_jobs: Those among them that are completed and were not loaded before.
    """

    def __init__(self, exports: GeneratedExports, now: datetime, loaded: Mapping[str, datetime]) -> None:
        self.exports = exports
        self.now = now
        self.jobs = sorted(exports.jobs(now), key=lambda job: parse_instant(job["updatedAt"]))
        self.new_jobs = [job for job in self.jobs if job["status"] == "COMPLETED" and job["id"] not in loaded]

    @property
    def new_files(self) -> list[FileName]:
        """The files that are due."""
        return [(job["id"], name) for job in self.new_jobs for name in job["files"]]

    def iter_tables(self) -> Iterator[Table]:
        """Yield the tables of jobs, of what is in their files, and of lists."""
        oldest = self.now - RETENTION
        jobs = (Row(job, {}) for job in self.jobs)
        yield Table(JOBS, jobs, key="id", aged_by="updatedat", oldest=oldest)
        for stream in FILE_STREAMS:
            rows = self._iter_newest_rows(stream)
            yield Table(stream, rows, key="id", aged_by="_job_updated_at", oldest=oldest)
        for name in LISTS:
            entries = json.loads(b"".join(list_response(self.exports.lists, [name]).chunks))
            rows = (Row(entry, {}) for entry in entries)
            yield Table(name, rows, key="id", aged_by=None, oldest=oldest)

    def _iter_newest_rows(self, stream: str) -> Iterator[Row]:
        """Yield the rows of a stream, the newest one of each id, as Gladly's own files have them."""
        newest: dict[str, Row] = {}
        for job in self.jobs:
            added = {"_job_id": job["id"], "_job_updated_at": read_time(job["updatedAt"])}
            newest.update((record["id"], Row(record, added)) for record in self._iter_records(job, stream))
        yield from newest.values()

    def _iter_records(self, job: Job, stream: str) -> Iterator[Mapping[str, Any]]:
        name = f"{stream}.jsonl"
        if name in job["files"]:
            pieces = self.exports.open_file(job["id"], name, now=self.now) or ()
            yield from map(json.loads, b"".join(pieces).split(b"\n")[:-1])


def visit_shop(loaded: Mapping[str, datetime]) -> Shop:
    """Return the shop as it is now, or later, as soon as it has a file that was not loaded before.

    Args:
        loaded: The jobs loaded before, and when each was completed.
    """
    exports = GeneratedExports()
    now = max([datetime.now(timezone.utc), *loaded.values()])
    shop = Shop(exports, now, loaded)
    while not shop.new_files:
        now += _STEP
        shop = Shop(exports, now, loaded)
    return shop


def read_time(text: str) -> datetime:
    """Return the time that a timestamp of Gladly's tells, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=parse_instant(text) // 1_000)
