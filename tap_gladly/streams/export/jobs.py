"""The stream of export jobs, which drives the streams of their files."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from singer_sdk.exceptions import RetriableAPIError
from typing_extensions import override

from tap_gladly.output.run_summary import Progress
from tap_gladly.parsing.jsonl import parse_document
from tap_gladly.streams.export.base import ExportStream, FileStream
from tap_gladly.streams.export.gaps import warn_expired, warn_gaps, warn_late_jobs
from tap_gladly.streams.export.job import Job, parse_job
from tap_gladly.transport.download import Prefetcher

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import requests
    from singer_sdk.helpers.types import Context, Record

    Plan = Sequence[tuple[Job, Sequence[FileStream]]]


class JobsStream(ExportStream):
    """Export jobs in every state, from `GET /export/jobs`.

    One row per job and change of its state; key `id`; moves forward by `updatedAt`, in Gladly's own text.
    Parent of the file streams: it goes through the jobs, oldest first, and has each of them send its file.
    """

    name = "jobs"
    replication_key = "updatedAt"

    @override
    def applies_to(self, job: Job) -> bool:
        return True

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        jobs, summary = self._fetch_jobs(), self._summary
        readers = [stream for stream in self._file_streams if stream.is_active]
        for stream in [self, *readers] if self.is_active else readers:
            stream.restore_bookmark(jobs)
        for reader in readers:
            reader.write_schema()
        plan = [(job, [reader for reader in readers if reader.is_due(job)]) for job in jobs]
        self._warn_gaps(plan, readers)
        files = ((reader, job) for job, due in plan for reader in due)
        downloads = Prefetcher(files, _open_file, parallel=self._parallel_downloads)
        progress = Progress(self.log, "Job", total=sum(1 for _, due in plan if due))
        try:
            for job, due in plan:
                if self.is_active and self.is_due(job):
                    yield self.finalize(dict(job.record))
                    self.commit(job, job.version.updated_at)
                if due:
                    rows = sum(reader.send_file(job, downloads.next_file) for reader in due)
                    progress.log(job.window, rows)
                if job.span and any(reader.has_loaded(job) for reader in readers):
                    summary.add_loaded_window(job.span[1])
        finally:
            downloads.cancel()
            summary.jobs_loaded, summary.jobs_skipped = progress.done, len(jobs) - progress.done
        # Whoever keeps the last STATE has one, even from an account without jobs.
        self.tap_state.setdefault("bookmarks", {})
        self._tap.state_writer.write_state(self.tap_state)

    @property
    def _file_streams(self) -> list[FileStream]:
        return [child for child in self.child_streams if isinstance(child, FileStream)]

    @property
    def _parallel_downloads(self) -> int:
        return 1 if self.is_dry_run else int(self.config["max_parallel_downloads"])

    def _warn_gaps(self, plan: Plan, readers: Sequence[FileStream]) -> None:
        bookmarks = {reader.name: reader.bookmark for reader in readers if not reader.is_full_table}
        newest = max((mark.position for mark in bookmarks.values() if mark.position is not None), default=0)
        wanted = [(job, due) for job, due in plan if self.is_in_date_range(job)]
        # Without rows of its own, what lies behind the newest file read counts as told.
        news = [job for job, due in wanted if due or self._is_news(job, newest)]
        warn_expired(self.logger, [job for job, _ in plan], bookmarks)
        warn_gaps(self.logger, [job for job, _ in plan], news)
        warn_late_jobs(self.logger, [job for job, _ in wanted], bookmarks)

    def _is_news(self, job: Job, newest: int) -> bool:
        return self.is_due(job) if self.is_active else job.version.instant > newest

    def _fetch_jobs(self) -> list[Job]:
        """Ask for the jobs of the last 14 days, and give them oldest first."""
        listed = self.fetch(("export", "jobs"), _read_list)
        self._summary.jobs_listed = len(listed)
        parsed = [parse_job(record) for record in listed]
        # One version a job, the newest: whatever else is listed under its id has the same files.
        jobs = {job.id: job for job in sorted(filter(None, parsed), key=lambda job: job.version)}
        unusable = parsed.count(None)
        if unusable:
            self.logger.warning(
                "%d of %d listed jobs have no usable id or updatedAt and are left out", unusable, len(listed)
            )
        return sorted(jobs.values(), key=lambda job: job.version)


def _open_file(file: tuple[FileStream, Job]) -> IO[bytes]:
    reader, job = file
    return reader.open_file(job)


def _read_list(response: requests.Response) -> list[object]:
    listed = parse_document(response.content)
    if not isinstance(listed, list):
        raise RetriableAPIError("Gladly answered the job list with something that is not a list", response)
    return listed
