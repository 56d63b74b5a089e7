"""The stream of export jobs, which drives the streams of their files."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, cast

from singer_sdk.exceptions import RetriableAPIError

from tap_gladly.download import Downloads
from tap_gladly.jobs import Job, parse_job
from tap_gladly.parsing import parse_document
from tap_gladly.streams.base import ExportStream
from tap_gladly.telling import Progress, tell_expired, tell_late, tell_missing

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import requests
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.streams.files import ExportFileStream

    Plan = Sequence[tuple[Job, Sequence[ExportFileStream]]]


class JobsStream(ExportStream):
    """Export jobs in every state, from `GET /export/jobs`.

    One row per job and change of its state; key `id`; moves forward by `updatedAt`, in Gladly's own text.
    Parent of the file streams: it goes through the jobs, oldest first, and has each of them send its file.
    """

    name = "jobs"
    replication_key = "updatedAt"

    @override
    def concerns(self, job: Job) -> bool:
        return True

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        jobs, summary = self._list_jobs(), self._session.summary
        readers = [stream for stream in self._file_streams if stream.is_sent]
        for stream in [self, *readers] if self.is_sent else readers:
            stream.take_up(jobs)
        for reader in readers:
            reader.announce()
        plan = [(job, [reader for reader in readers if reader.is_due(job)]) for job in jobs]
        self._tell_gaps(plan, readers)
        files = ((reader, job) for job, due in plan for reader in due)
        downloads = Downloads(files, _open_file, parallel=self._parallel_downloads)
        progress = Progress(self.log, "Job", total=sum(1 for _, due in plan if due))
        try:
            for job, due in plan:
                if self.is_sent and self.is_due(job):
                    yield self.complete(dict(job.record))
                    self.settle(job, job.version.updated_at)
                if due:
                    rows = sum(reader.send_file(job, downloads.take) for reader in due)
                    progress.tell(job.window, rows)
                if any(reader.has_read(job) for reader in readers):
                    summary.note_newest(job)
        finally:
            downloads.abandon()
            summary.jobs_read, summary.jobs_skipped = progress.done, len(jobs) - progress.done
        # Whoever keeps the last STATE has one, even from an account without jobs.
        self.tap_state.setdefault("bookmarks", {})
        self._tap.state_writer.write_state(self.tap_state)

    @property
    def _file_streams(self) -> list[ExportFileStream]:
        children = [child for child in self.child_streams if isinstance(child, ExportStream)]
        return cast("list[ExportFileStream]", children)

    @property
    def _parallel_downloads(self) -> int:
        return 1 if self.is_dry_run else int(self.config["max_parallel_downloads"])

    def _tell_gaps(self, plan: Plan, readers: Sequence[ExportFileStream]) -> None:
        bookmarks = {reader.name: reader.bookmark for reader in readers if not reader.is_full_table}
        newest = max((mark.place for mark in bookmarks.values() if mark.place is not None), default=0)
        wanted = [(job, due) for job, due in plan if self.is_wanted(job)]
        # Without rows of its own, what lies behind the newest file read counts as told.
        news = [job for job, due in wanted if due or self._is_news(job, newest)]
        tell_expired(self.logger, [job for job, _ in plan], bookmarks)
        tell_missing(self.logger, [job for job, _ in plan], news)
        tell_late(self.logger, [job for job, _ in wanted], bookmarks)

    def _is_news(self, job: Job, newest: int) -> bool:
        return self.is_due(job) if self.is_sent else job.version.instant > newest

    def _list_jobs(self) -> list[Job]:
        """Ask for the jobs of the last 14 days, and give them oldest first."""
        listed = self.fetch(("export", "jobs"), _read_list)
        self._session.summary.jobs_listed = len(listed)
        parsed = [parse_job(record) for record in listed]
        # One version a job, the newest: whatever else is listed under its id has the same files.
        jobs = {job.id: job for job in sorted(filter(None, parsed), key=lambda job: job.version)}
        unusable = parsed.count(None)
        if unusable:
            self.logger.warning(
                "%d of %d listed jobs have no usable id or updatedAt and are left out", unusable, len(listed)
            )
        return sorted(jobs.values(), key=lambda job: job.version)


def _open_file(file: tuple[ExportFileStream, Job]) -> IO[bytes]:
    reader, job = file
    return reader.open_file(job)


def _read_list(response: requests.Response) -> list[object]:
    listed = parse_document(response.content)
    if not isinstance(listed, list):
        raise RetriableAPIError("Gladly answered the job list with something that is not a list", response)
    return listed
