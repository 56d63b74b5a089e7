"""What a run tells: what may be missing, meters that last the whole run, and its summary."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from singer_sdk.metrics import Counter, Metric, Tag, Timer

from tap_gladly.bookmarks import DAY, SECOND, format_instant
from tap_gladly.jobs import RETENTION, Job, iter_holes

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Sequence

    from singer_sdk.helpers.types import Context

    from tap_gladly.bookmarks import Bookmark

_LONG_SECONDS = 90
_REMEDY = "Ask Gladly support to generate the exports of that span again"


class RunCounter(Counter):
    """Counts a stream's records over all its files; the SDK's own would tell a METRIC for each file."""

    def __init__(self, stream: str) -> None:
        super().__init__(Metric.RECORD_COUNT, {Tag.STREAM: stream})

    @override
    def with_context(self, value: Context | None) -> None:
        """Nothing: one file of many says nothing of the run."""

    @override
    def __exit__(self, *args: object) -> None:
        """Nothing: the run goes on with the next file."""

    def tell(self) -> None:
        """Log the METRIC, at the end of the run."""
        super().__exit__(None, None, None)


class RunTimer(Timer):
    """Adds up the time of a stream's files."""

    def __init__(self, stream: str) -> None:
        super().__init__(Metric.SYNC_DURATION, {Tag.STREAM: stream})
        self.seconds = 0.0

    @override
    def with_context(self, value: Context | None) -> None:
        """Nothing, as for the counter."""

    @override
    def __exit__(self, *args: object) -> None:
        self.seconds += super().elapsed()

    @override
    def elapsed(self) -> float:
        return self.seconds

    def tell(self) -> None:
        """Log the METRIC, at the end of the run."""
        super().__exit__(None, None, None)


def tell_expired(logger: logging.Logger, jobs: Sequence[Job], bookmarks: dict[str, Bookmark]) -> None:
    """Warn of bookmarks so old that jobs after them have been deleted, and of some that lie ahead.

    Args:
        logger: Says it.
        jobs: All that is listed, oldest first.
        bookmarks: Those of the file streams, by stream.
    """
    edge = time.time_ns() - RETENTION
    oldest = jobs[0].version.instant if jobs else edge
    places = {name: mark.place for name, mark in bookmarks.items() if mark.place is not None}
    ahead = [name for name, place in places.items() if place > time.time_ns() + DAY]
    if ahead:
        logger.warning("The bookmark lies in the future (%s): nothing is due before that", ", ".join(ahead))
    expired = {name: place for name, place in places.items() if place < min(edge, oldest)}
    if expired:
        logger.warning(
            "Jobs of %s to %s may be lost (%s): Gladly keeps them 14 days, and the bookmark is older. %s.",
            format_instant(min(expired.values())),
            format_instant(oldest),
            ", ".join(expired),
            _REMEDY,
        )


def tell_missing(logger: logging.Logger, jobs: Sequence[Job], new: Iterable[Job]) -> None:
    """Warn of failed jobs, and of spans that no job's window covers.

    Args:
        logger: Says it.
        jobs: All that is listed.
        new: Those that no run has told of yet.
    """
    new_versions = {job.version for job in new}
    for job in jobs:
        is_new_failure = job.status == "FAILED" and job.version in new_versions
        if is_new_failure and not any(later.makes_good(job) for later in jobs):
            logger.warning("Job %s, %s, has FAILED and has no files. %s.", job.id, job.window, _REMEDY)
    for hole in iter_holes(jobs):
        if hole.next_job.version in new_versions:
            start, end = format_instant(hole.start), format_instant(hole.end)
            logger.warning("No job covers %s to %s. %s, if none follows.", start, end, _REMEDY)


def tell_late(logger: logging.Logger, jobs: Sequence[Job], bookmarks: dict[str, Bookmark]) -> None:
    """Warn of jobs that turned up too late to be read.

    Args:
        logger: Says it.
        jobs: Those that are wanted.
        bookmarks: Those of the file streams, by stream.
    """
    late = {name: set(bookmark.iter_late()) for name, bookmark in bookmarks.items()}
    for job in jobs:
        names = [name for name, versions in late.items() if job.version in versions]
        if names:
            logger.warning(
                "Job %s, %s, turned up over 24 hours behind the bookmark and is not read (%s). To read it, "
                "set the bookmark's replication_key_value to %s and take its jobs_read out.",
                job.id,
                job.window,
                ", ".join(names),
                job.version.updated_at,
            )


class Progress:
    """One line for each part that has been sent: which of how many, and how long the rest will take."""

    def __init__(self, log: Callable[..., None], part: str, *, total: int) -> None:
        self.done = 0
        """Parts that have been sent."""
        self._log = log
        self._part = part
        self._total = total
        self._started = time.monotonic()

    def tell(self, span: object, rows: int) -> None:
        """Log the line of a part, by the span that it covers."""
        self.done += 1
        left = (time.monotonic() - self._started) / self.done * (self._total - self.done)
        rest = f"; about {left / 60:.0f} min left" if left > _LONG_SECONDS else ""
        self._log("%s %d of %d, %s: %d rows%s", self._part, self.done, self._total, span, rows, rest)


@dataclass
class Summary:
    """What a run has done, for its last line and, field by field, for structured logging."""

    jobs_listed: int = 0
    jobs_read: int = 0
    jobs_skipped: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    malformed_lines: int = 0
    unknown_fields: dict[str, list[str]] = field(default_factory=dict)
    retries: int = 0
    retry_seconds: float = 0.0
    newest_window_end: str | None = None
    newest_window_age_seconds: float | None = None
    failed_streams: list[str] = field(default_factory=list)

    def note_newest(self, job: Job) -> None:
        """Note a window that has been loaded, in this run or before, if it is the newest."""
        if job.span is None:
            return
        end = format_instant(job.span[1])
        if self.newest_window_end is None or end > self.newest_window_end:
            self.newest_window_end = end
            self.newest_window_age_seconds = round((time.time_ns() - job.span[1]) / SECOND, 1)

    def tell(self, logger: logging.Logger) -> None:
        """Log the line."""
        rows = ", ".join(f"{stream} {count}" for stream, count in self.rows.items())
        age = self.newest_window_age_seconds
        newest = "none" if age is None else f"to {self.newest_window_end}, {age / 3600:.1f} h ago"
        unknown = sum(len(names) for names in self.unknown_fields.values())
        failed = f"; failed: {', '.join(self.failed_streams)}" if self.failed_streams else ""
        logger.info(
            "Jobs listed %d, read %d, skipped %d; rows: %s; bytes %d; malformed lines %d; unknown fields %d; "
            "retries %d, %.1f s waited; newest window loaded: %s%s",
            self.jobs_listed,
            self.jobs_read,
            self.jobs_skipped,
            rows,
            sum(self.bytes.values()),
            self.malformed_lines,
            unknown,
            self.retries,
            self.retry_seconds,
            newest,
            failed,
            extra={"summary": asdict(self)},
        )
