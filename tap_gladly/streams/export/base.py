"""What the streams of the export API share: a bookmark among the jobs, and metrics that cover the run."""

from __future__ import annotations

from abc import abstractmethod
from typing import IO, TYPE_CHECKING, Any

from typing_extensions import override

from tap_gladly.output.metrics import RunCounter, RunTimer
from tap_gladly.state.bookmarks import Bookmark
from tap_gladly.streams.incremental import IncrementalStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from singer_sdk import Tap

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.streams.export.job import Job
    from tap_gladly.transport.client import GladlyClient


class ExportStream(IncrementalStream):
    """A stream whose bookmark lists export jobs."""

    metadata_columns = frozenset({"_job_id", "_job_updated_at", "_unmapped"})

    def __init__(self, tap: Tap, client: GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self._record_counter = RunCounter(self.name)
        self._sync_timer = RunTimer(self.name)

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
            self._record_counter.log()
            self._sync_timer.log()

    def restore_bookmark(self, jobs: Iterable[Job]) -> None:
        """Restore the bookmark from the state.

        Args:
            jobs: All jobs that Gladly lists now.

        Raises:
            InvalidBookmarkError: The state holds a bookmark that the tap can't read.
        """
        listed = [job.version for job in jobs if self.applies_to(job)]
        self.bookmark = self.read_bookmark(lambda state: Bookmark(state, listed))

    @abstractmethod
    def applies_to(self, job: Job) -> bool:
        """Return whether a job has something for this stream."""

    def is_due(self, job: Job) -> bool:
        """Return whether this run loads a job."""
        return self.applies_to(job) and self.is_in_date_range(job) and self.bookmark.is_due(job.version)

    def has_loaded(self, job: Job) -> bool:
        """Return whether this run or an earlier one loaded a job."""
        position = self.bookmark.position
        return self.applies_to(job) and position is not None and job.version.instant <= position

    def is_in_date_range(self, job: Job) -> bool:
        """Return whether a job's `updatedAt` lies between `start_date` and `end_date`, inclusive."""
        first, last = self.bounds
        return (first is None or first <= job.version.instant) and (
            last is None or job.version.instant <= last
        )

    def commit(self, job: Job, value: str) -> None:
        """Advance the bookmark past a job whose rows were all sent; `JobsStream` emits the STATE.

        Args:
            job: The job.
            value: The replication key's value in the job's rows.
        """
        self.bookmark.mark_loaded(job.version, value)

    def save_progress(self) -> None:
        """Write the bookmark into the tap's state if any job is loaded, without emitting it."""
        if self.bookmark.position is not None:
            self.save_bookmark(self.bookmark.to_state())


class FileStream(ExportStream):
    """A child of `JobsStream`, which calls these methods for each job."""

    @property
    @abstractmethod
    def file_name(self) -> str:
        """Name of the stream's file in each job."""

    @abstractmethod
    def write_schema(self) -> None:
        """Emit SCHEMA, so that the table exists even if there is nothing to load."""

    @abstractmethod
    def open_file(self, job: Job) -> IO[bytes]:
        """Download the job's file.

        Raises:
            NotFoundError: The file has expired or was deleted.
        """

    @abstractmethod
    def send_file(self, job: Job, next_file: Callable[[], IO[bytes]]) -> int:
        """Send the job's file, then advance the bookmark.

        Args:
            job: The job.
            next_file: Returns the job's file, or raises what `open_file` raised. The stream closes the file.

        Returns:
            The number of rows sent.
        """
