"""Streams of the export API: the jobs, and the files that each finished job offers."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, cast

from singer_sdk.exceptions import (
    AbortedSyncFailedException,
    AbortedSyncPausedException,
    RetriableAPIError,
)

from tap_gladly.bookmarks import JobVersion, format_instant
from tap_gladly.download import download
from tap_gladly.exceptions import NotFoundError
from tap_gladly.jobs import Job, parse_job
from tap_gladly.parsing import MalformedLine, iter_jsonl
from tap_gladly.streams.base import ExportStream
from tap_gladly.telling import RunCounter, RunTimer

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import requests
    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.streams.malformed import MalformedLinesStream


class JobsStream(ExportStream):
    """Export jobs in every state, from `GET /export/jobs`.

    One row per job and change of its state; key `id`; moves forward by `updatedAt`, in Gladly's own text.
    Parent of the file streams: it goes through the jobs, oldest first, and has each of them send its file.
    """

    name = "jobs"
    replication_key = "updatedAt"

    def __init__(self, tap: Tap, session: requests.Session) -> None:
        super().__init__(tap, session)
        self._listed_count = 0
        self._read_count = 0

    @override
    def concerns(self, job: Job) -> bool:
        return True

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        jobs = self.list_jobs()
        readers = [child for child in self._file_streams if child.is_sent]
        for stream in [self, *readers] if self.is_sent else readers:
            stream.take_up(jobs)
        for reader in readers:
            reader.announce()
        self._tell_late(jobs, readers)
        with_files = {job.version for job in jobs if any(reader.is_due(job) for reader in readers)}
        for job in jobs:
            if self.is_sent and self.is_due(job):
                yield self.complete(dict(job.record))
                self.settle(job, job.version.updated_at)
            if job.version in with_files:
                self._send_files(job, readers, total=len(with_files))

    @property
    def _file_streams(self) -> list[ExportFileStream]:
        return [child for child in self.child_streams if isinstance(child, ExportFileStream)]

    def _send_files(self, job: Job, readers: Iterable[ExportFileStream], *, total: int) -> None:
        rows = sum(reader.send_file(job) for reader in readers if reader.is_due(job))
        self._read_count += 1
        self.logger.info("Job %d of %d, %s: %d rows", self._read_count, total, job.window, rows)

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        # Its bookmark moves with each row, and a batch would leave later than the STATE.
        return None

    @override
    def log_sync_costs(self) -> None:
        super().log_sync_costs()
        rows = ", ".join(f"{stream.name} {stream.row_count}" for stream in (self, *self._file_streams))
        self.logger.info("Jobs listed: %d, read: %d. Rows: %s", self._listed_count, self._read_count, rows)

    def list_jobs(self) -> list[Job]:
        """Ask for the jobs of the last 14 days, and give them oldest first."""
        listed = self.fetch(("export", "jobs"), _read_list)
        self._listed_count = len(listed)
        jobs = [job for job in map(parse_job, listed) if job]
        if len(jobs) < len(listed):
            self.logger.warning(
                "%d of %d listed jobs have no usable id or updatedAt and are left out",
                len(listed) - len(jobs),
                len(listed),
            )
        return sorted(jobs, key=lambda job: job.version)

    def _tell_late(self, jobs: Iterable[Job], readers: Iterable[ExportFileStream]) -> None:
        by_version = {job.version: job for job in jobs}
        late: dict[JobVersion, list[str]] = {}
        for reader in readers:
            for version in reader.bookmark.iter_late():
                if reader.is_wanted(by_version[version]):
                    late.setdefault(version, []).append(reader.name)
        for version, names in late.items():
            self.logger.warning(
                "Job %s, %s, turned up over 24 hours behind the bookmark and is not read (%s). To read it, "
                "set the bookmark's replication_key_value to %s and take its jobs_read out.",
                version.job_id,
                by_version[version].window,
                ", ".join(names),
                version.updated_at,
            )


def _read_list(response: requests.Response) -> list[object]:
    try:
        listed = response.json(parse_float=Decimal)
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise RetriableAPIError("Gladly answered the job list with something that is not a list", response)
    return listed


class ExportFileStream(ExportStream):
    """Rows of one file of each COMPLETED job: `<name>.jsonl`.

    Each row carries `_job_id` and `_job_updated_at`, by which the stream moves forward.
    """

    parent_stream_type = JobsStream
    replication_key = "_job_updated_at"

    def __init__(self, tap: Tap, session: requests.Session) -> None:
        super().__init__(tap, session)
        self._record_counter = RunCounter(self.name)
        self._sync_timer = RunTimer(self.name)

    @property
    def file_name(self) -> str:
        """Name of the file in each job."""
        return f"{self.name}.jsonl"

    @override
    def concerns(self, job: Job) -> bool:
        return job.is_completed and self.file_name in job.files

    @override
    def log(self, message: str, *args: object, level: int = logging.INFO, **kwargs: Any) -> None:
        # The SDK says that a sync begins; here that is once a file.
        super().log(message, *args, level=logging.DEBUG if level == logging.INFO else level, **kwargs)

    @override
    def get_record_counter(self, **_kwargs: Any) -> RunCounter:
        return self._record_counter

    @override
    def get_sync_timer(self) -> RunTimer:
        return self._sync_timer

    @override
    def log_sync_costs(self) -> None:
        super().log_sync_costs()
        if self.row_count:
            self._record_counter.tell()
            self._sync_timer.tell()

    def announce(self) -> None:
        """Send SCHEMA, so that the table is there even when nothing is to be loaded."""
        self._write_schema_message()

    def send_file(self, job: Job) -> int:
        """Send a job's file whole, then move the bookmark past it.

        Returns:
            How many rows it had.
        """
        self._job = job
        self._job_updated_at = format_instant(job.version.instant)
        before = self.row_count
        # A dry run stops a file in the middle, and must not move the bookmark.
        with suppress(AbortedSyncFailedException, AbortedSyncPausedException):
            self.sync({"_job_id": job.id})
            self.settle(job, self._job_updated_at)
        return self.row_count - before

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        try:
            file = self._open_file()
        except NotFoundError:
            self.logger.warning(
                "%s of job %s, %s, is gone (404): expired, or deleted by someone else. If it was not loaded "
                "before, ask Gladly support to generate the export again.",
                self.file_name,
                self._job.id,
                self._job.window,
            )
            return
        with file:
            for record in iter_jsonl(file):
                if isinstance(record, MalformedLine):
                    self._malformed_lines.send(record, self._job, self.file_name)
                else:
                    yield self.complete(record)

    @property
    def _malformed_lines(self) -> MalformedLinesStream:
        return cast("MalformedLinesStream", self._tap.streams["malformed_lines"])

    def _open_file(self) -> IO[bytes]:
        return self.fetch(("export", "jobs", self._job.id, "files", self.file_name), download)

    @override
    def complete(self, record: Record) -> Record:
        row = super().complete(record)
        row["_job_id"] = self._job.id
        row["_job_updated_at"] = self._job_updated_at
        return row


class CustomersStream(ExportFileStream):
    """Customers, from `customers.jsonl`: one row per customer and job; key `id`, the newest job wins."""

    name = "customers"


class ConversationItemsStream(ExportFileStream):
    """Timeline items, from `conversation_items.jsonl`: one row per item and job; key `id`."""

    name = "conversation_items"


class AgentsStream(ExportFileStream):
    """Agents, from `agents.jsonl`: one row per agent and job; key `id`, the newest job wins."""

    name = "agents"


class TopicsStream(ExportFileStream):
    """Topics, from `topics.jsonl`: one row per topic and job; key `id`, the newest job wins."""

    name = "topics"
