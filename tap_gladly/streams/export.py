"""Streams of the export API: the jobs, and the files that each finished job offers."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import suppress
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import (
    AbortedSyncFailedException,
    AbortedSyncPausedException,
    RetriableAPIError,
)

from tap_gladly.bookmarks import format_instant
from tap_gladly.download import Downloads, download
from tap_gladly.exceptions import NotFoundError
from tap_gladly.jobs import Job, parse_job
from tap_gladly.parsing import MalformedLine, ends_in_cut_line, is_error_body, iter_jsonl
from tap_gladly.streams.base import ExportStream
from tap_gladly.telling import (
    Progress,
    RunCounter,
    RunTimer,
    Summary,
    tell_expired,
    tell_late,
    tell_missing,
)

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import requests
    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.client import GladlySession

_HEAD_BYTES = 64 * 1024


class JobsStream(ExportStream):
    """Export jobs in every state, from `GET /export/jobs`.

    One row per job and change of its state; key `id`; moves forward by `updatedAt`, in Gladly's own text.
    Parent of the file streams: it goes through the jobs, oldest first, and has each of them send its file.
    """

    name = "jobs"
    replication_key = "updatedAt"

    def __init__(self, tap: Tap, session: GladlySession) -> None:
        super().__init__(tap, session)
        self._summary = Summary()

    @override
    def concerns(self, job: Job) -> bool:
        return True

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        jobs = self._list_jobs()
        readers = [stream for stream in self._file_streams if stream.is_sent]
        for stream in [self, *readers] if self.is_sent else readers:
            stream.take_up(jobs)
        for reader in readers:
            reader.announce()
        plan = [(job, [reader for reader in readers if reader.is_due(job)]) for job in jobs]
        self._tell_gaps(jobs, readers)
        files = ((reader, job) for job, due in plan for reader in due)
        downloads = Downloads(
            files, lambda file: file[0].open_file(file[1]), parallel=self._parallel_downloads
        )
        progress = Progress(self.logger, total=sum(1 for _, due in plan if due))
        try:
            for job, due in plan:
                if self.is_sent and self.is_due(job):
                    yield self.complete(dict(job.record))
                    self.settle(job, job.version.updated_at)
                if due:
                    rows = sum(reader.send_file(job, downloads.take()) for reader in due)
                    progress.tell(job, rows)
                if any(reader.concerns(job) for reader in readers):
                    self._summary.note_newest(job)
        finally:
            downloads.abandon()
            self._summary.jobs_read = progress.done

    @property
    def _file_streams(self) -> list[ExportFileStream]:
        return [child for child in self.child_streams if isinstance(child, ExportFileStream)]

    @property
    def _parallel_downloads(self) -> int:
        is_dry_run = self.ABORT_AT_RECORD_COUNT is not None
        return 1 if is_dry_run else int(self.config["max_parallel_downloads"])

    def _tell_gaps(self, jobs: list[Job], readers: Sequence[ExportFileStream]) -> None:
        bookmarks = {reader.name: reader.bookmark for reader in readers if not reader.is_full_table}
        wanted = [job for job in jobs if self.is_wanted(job)]
        new = [job for job in wanted if any(reader.bookmark.is_due(job.version) for reader in readers)]
        tell_expired(self.logger, jobs, bookmarks)
        tell_missing(self.logger, jobs, new)
        tell_late(self.logger, wanted, bookmarks)

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        # Its bookmark moves with each row, and a batch would leave later than the STATE.
        return None

    @override
    def log_sync_costs(self) -> None:
        super().log_sync_costs()
        streams = (self, *self._file_streams)
        summary = self._summary
        summary.jobs_skipped = summary.jobs_listed - summary.jobs_read
        summary.rows = {stream.name: stream.row_count for stream in streams}
        summary.bytes = {stream.name: stream.byte_count for stream in self._file_streams}
        summary.unknown_fields = {
            stream.name: sorted(stream.told_fields) for stream in streams if stream.told_fields
        }
        summary.malformed_lines = self._malformed_lines.row_count
        summary.retries, summary.retry_seconds = self._session.retry_count, self._session.retry_seconds
        summary.tell(self.logger)

    def _list_jobs(self) -> list[Job]:
        """Ask for the jobs of the last 14 days, and give them oldest first."""
        listed = self.fetch(("export", "jobs"), _read_list)
        self._summary.jobs_listed = len(listed)
        parsed = [parse_job(record) for record in listed]
        jobs = {job.version: job for job in parsed if job}
        unusable = parsed.count(None)
        if unusable:
            self.logger.warning(
                "%d of %d listed jobs have no usable id or updatedAt and are left out", unusable, len(listed)
            )
        return [jobs[version] for version in sorted(jobs)]


def _open_file(file: tuple[ExportFileStream, Job]) -> IO[bytes] | None:
    reader, job = file
    return reader.open_file(job)


def _read_list(response: requests.Response) -> list[object]:
    try:
        listed = response.json(parse_float=Decimal)
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise RetriableAPIError("Gladly answered the job list with something that is not a list", response)
    return listed


def _read_file(response: requests.Response) -> IO[bytes]:
    file = download(response)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if is_error_body(head):
        file.close()
        raise RetriableAPIError("Gladly answered with something that is not an export file", response)
    return file


class ExportFileStream(ExportStream):
    """Rows of one file of each COMPLETED job: `<name>.jsonl`.

    Each row carries `_job_id` and `_job_updated_at`, by which the stream moves forward.
    """

    parent_stream_type = JobsStream
    replication_key = "_job_updated_at"

    def __init__(self, tap: Tap, session: GladlySession) -> None:
        super().__init__(tap, session)
        self.byte_count = 0
        """Bytes of the files that this run has sent."""
        self._record_counter = RunCounter(self.name)
        self._sync_timer = RunTimer(self.name)

    @property
    def file_name(self) -> str:
        """Name of the file in each job."""
        return f"{self.name}.jsonl"

    @override
    def concerns(self, job: Job) -> bool:
        return job.status == "COMPLETED" and self.file_name in job.files

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

    def open_file(self, job: Job) -> IO[bytes] | None:
        """Download a job's file; None if it is there no more.

        A file whose last line breaks off is asked for again, once: it may have been cut on the way.
        """
        path = ("export", "jobs", job.id, "files", self.file_name)
        try:
            file = self.fetch(path, _read_file)
            if ends_in_cut_line(file):
                file.close()
                self.logger.warning("%s of job %s breaks off; it is asked for again", self.file_name, job.id)
                file = self.fetch(path, _read_file)
        except NotFoundError:
            return None
        return file

    def send_file(self, job: Job, file: IO[bytes] | None) -> int:
        """Send a job's file whole, then move the bookmark past it.

        Args:
            job: The job.
            file: Its file, which is closed afterwards; None if it is gone.

        Returns:
            How many rows it had.
        """
        if file is None:
            self.logger.warning(
                "%s of job %s, %s, is gone (404): expired, or deleted by someone else. If it was not loaded "
                "before, ask Gladly support to generate the export again.",
                self.file_name,
                job.id,
                job.window,
            )
        self._job, self._file = job, file or io.BytesIO()
        self._job_updated_at = format_instant(job.version.instant)
        before = self.row_count
        # A dry run stops a file in the middle, and must not move the bookmark.
        with self._file, suppress(AbortedSyncFailedException, AbortedSyncPausedException):
            self.sync({"_job_id": job.id})
            self.byte_count += self._file.tell()
            self.settle(job, self._job_updated_at)
        return self.row_count - before

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        for record in iter_jsonl(self._file):
            if isinstance(record, MalformedLine):
                self._malformed_lines.send(record, self._job, self.file_name)
            else:
                yield self.complete(record)

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
