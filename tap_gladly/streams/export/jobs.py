"""The stream of export jobs, which drives the streams of their files."""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING, Any

from typing_extensions import override

from tap_gladly.exceptions import GladlyError
from tap_gladly.output.run_summary import Progress
from tap_gladly.state.job_watch import JobWatch
from tap_gladly.streams.export import gaps
from tap_gladly.streams.export.base import ExportStream, FileStream
from tap_gladly.streams.export.job import Job, parse_job
from tap_gladly.streams.export.unsupported import warn_unsupported
from tap_gladly.streams.json_responses import read_document
from tap_gladly.transport.download import MAX_DOCUMENT_BYTES
from tap_gladly.transport.prefetch import Prefetcher

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context, Record

    Plan = Sequence[tuple[Job, Sequence[FileStream]]]


class JobsStream(ExportStream):
    """Export jobs of every status, from `GET /export/jobs`.

    One row per job and status change; key `id`; incremental by `updatedAt`, as Gladly writes it. Parent of the
    file streams: it goes through the jobs, oldest first, and each due file stream sends its file of the job. One
    STATE follows each job with due files, so a killed run repeats at most one file per stream.
    """

    name = "jobs"
    replication_key = "updatedAt"

    @override
    def applies_to(self, job: Job) -> bool:
        return True

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        jobs = self._fetch_jobs()
        if self.error:  # other streams may still load
            return
        children = [stream for stream in self._file_streams if stream.is_active]
        active = [self, *children] if self.is_active else children
        for stream in active:
            stream.restore_bookmark(jobs)
        for child in children:
            child.write_schema()
        plan = [(job, [child for child in children if child.is_due(job)]) for job in jobs]
        self._watch = JobWatch(self.tap_state.get("bookmarks", {}).get(self.name, {}))
        if not self.is_dry_run:
            self._warn_about_jobs(plan, children)
        try:
            yield from self._iter_plan(plan, children, active=active)
        except GladlyError:
            self._checkpoint(active)
            raise
        # Even an account without jobs emits a STATE, so a pipeline that keeps the last STATE has one.
        self._checkpoint(active)
        for stream in active:
            stream.activate_version()

    def _iter_plan(
        self, plan: Plan, children: Sequence[FileStream], *, active: Sequence[ExportStream]
    ) -> Iterator[Record]:
        files = ((child, job) for job, due in plan for child in due)
        downloads = Prefetcher(files, _open_file, parallel=self._parallel_downloads)
        progress = Progress(self.log, "Job", total=sum(1 for _, due in plan if due))
        try:
            for job, due in plan:
                if self.is_active and self.is_due(job):
                    yield self.finalize(dict(job.record))
                    self.commit(job, job.version.updated_at)
                if due:
                    progress.log(job.window, self._send_files(job, due, downloads))
                    self._checkpoint(active)
                if job.span and any(child.has_loaded(job) for child in children):
                    self._summary.add_loaded_window(job.span[1])
        finally:
            downloads.cancel()
            self._summary.jobs_loaded = progress.done
            self._summary.jobs_skipped = len(plan) - progress.done

    def _send_files(self, job: Job, children: Sequence[FileStream], downloads: Prefetcher[Any]) -> int:
        rows = 0
        for child in children:
            # The rows so far wait for the job's STATE, unless a slow download delays them.
            if not downloads.is_ready(within=self.writer.seconds_until_due):
                self.writer.flush()
            try:
                rows += child.send_file(job, downloads.next_file)
            except GladlyError as error:
                child.claim(error)
                raise
        return rows

    def _checkpoint(self, active: Sequence[ExportStream]) -> None:
        for stream in active:
            stream.save_progress()
        bookmarks = self.tap_state.setdefault("bookmarks", {})
        if own := self._watch.add_to(bookmarks.get(self.name, {})):
            bookmarks[self.name] = own
        self.emit_state()

    @property
    def _file_streams(self) -> list[FileStream]:
        return [child for child in self.child_streams if isinstance(child, FileStream)]

    @property
    def _parallel_downloads(self) -> int:
        return 1 if self.is_dry_run else int(self.config["max_parallel_downloads"])

    def _warn_about_jobs(self, plan: Plan, children: Sequence[FileStream]) -> None:
        jobs = [job for job, _ in plan]
        in_range = [job for job in jobs if self.is_in_date_range(job)]
        bookmarks = {child.name: child.bookmark for child in children if not child.is_full_table}
        gaps.warn_expired(self.logger, jobs, bookmarks)
        gaps.warn_failed(self.logger, jobs, self._watch)
        gaps.warn_gaps(self.logger, jobs, self._watch)
        gaps.warn_unfinished(self.logger, jobs, self._watch)
        gaps.warn_late_jobs(self.logger, in_range, bookmarks, self._watch)
        loaded = [(job, child.name) for job in jobs for child in children if child.has_loaded(job)]
        newest: dict[str, int] = {}
        for job, name in loaded:
            newest[name] = max(job.span[1] if job.span else 0, newest.get(name, 0))
        due = [(job, [child.name for child in streams]) for job, streams in plan]
        gaps.warn_regenerated(self.logger, due, newest)
        warn_unsupported(self.logger, jobs, {stream.file_name for stream in self._file_streams})

    def _fetch_jobs(self) -> list[Job]:
        """Fetch the jobs of the last 14 days, oldest first."""
        read = partial(read_document, kind=list, name="the job list")
        listed = self.fetch(("export", "jobs"), read, max_bytes=MAX_DOCUMENT_BYTES)
        self._summary.jobs_listed = len(listed)
        parsed = [parse_job(record) for record in listed]
        # If an id is listed twice, the newest version counts: both have the same files.
        jobs = {job.id: job for job in sorted(filter(None, parsed), key=lambda job: job.version)}
        unusable = parsed.count(None)
        if unusable and not jobs:
            self.claim(GladlyError(f"None of the {unusable} listed jobs has a usable id and updatedAt."))
            self.logger.error("%s", self.error)
        elif unusable:
            for stream in (self, *self._file_streams):
                stream.is_complete = False
            self.logger.warning(
                "%d of %d listed jobs have no usable id or updatedAt and are skipped", unusable, len(listed)
            )
        return sorted(jobs.values(), key=lambda job: job.version)


def _open_file(file: tuple[FileStream, Job]) -> IO[bytes]:
    child, job = file
    return child.open_file(job)
