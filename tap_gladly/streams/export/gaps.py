"""Warnings about data that is missing or may be: expired, failed, late and unfinished jobs, and gaps."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from tap_gladly.state.job_watch import PendingJob
from tap_gladly.streams.export.job import COMPLETED, FAILED, UNFINISHED, format_window
from tap_gladly.streams.incremental import warn_of_future_bookmarks
from tap_gladly.timestamps import DAY, SECOND, format_instant, parse_instant

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_gladly.state.bookmarks import Bookmark
    from tap_gladly.state.job_watch import JobWatch
    from tap_gladly.streams.export.job import Job

RETENTION = 14 * DAY
"""How long Gladly keeps a job and its files (documented), in nanoseconds."""

_REMEDY = "Ask Gladly support to regenerate the exports of that span"


def warn_expired(logger: logging.Logger, jobs: Sequence[Job], bookmarks: Mapping[str, Bookmark]) -> None:
    """Warn about bookmarks so old that later jobs have expired, and about bookmarks in the future.

    Args:
        logger: Logs the warnings.
        jobs: All listed jobs, oldest first.
        bookmarks: The bookmarks of the file streams, by stream name.
    """
    edge = time.time_ns() - RETENTION
    oldest = jobs[0].version.instant if jobs else edge
    positions = {name: mark.position for name, mark in bookmarks.items() if mark.position is not None}
    warn_of_future_bookmarks(logger, positions, now=time.time_ns())
    expired = {name: position for name, position in positions.items() if position < min(edge, oldest)}
    if expired:
        logger.warning(
            "Jobs from %s to %s may be lost (%s): Gladly keeps jobs for 14 days, and the bookmark is older. %s.",
            format_instant(min(expired.values())),
            format_instant(oldest),
            ", ".join(expired),
            _REMEDY,
        )


def warn_failed(logger: logging.Logger, jobs: Sequence[Job], watch: JobWatch) -> None:
    """Warn about FAILED jobs, unless a later job covers the same window.

    Args:
        logger: Logs the warnings.
        jobs: All listed jobs.
        watch: Which problems earlier runs reported.
    """
    superseded = _find_superseded(jobs)
    for job in jobs:
        if job.status != FAILED or not watch.is_new(FAILED, job.version):
            continue
        if job.id not in superseded:
            logger.warning("Job %s (%s) has FAILED and offers no files. %s.", job.id, job.window, _REMEDY)


def _find_superseded(jobs: Iterable[Job]) -> set[str]:
    """Return the ids of FAILED jobs whose window a later COMPLETED job covers."""
    later, found = _Windows(), set[str]()
    # The newest job comes first; among jobs of the same instant, none is later than another.
    for job in sorted(jobs, key=lambda job: (-job.version.instant, job.status == COMPLETED)):
        if not job.span:
            continue
        if job.status == COMPLETED:
            later.add(*job.span)
        elif job.status == FAILED and later.covers(*job.span):
            found.add(job.id)
    return found


class _Windows:
    """A set of windows. A binary search finds the one that covers a span, because there may be thousands."""

    def __init__(self, windows: Iterable[tuple[int, int]] = ()) -> None:
        # Sorted by both start and end, because a window inside another is left out.
        self._starts: list[int] = []
        self._ends: list[int] = []
        for window in windows:
            self.add(*window)

    def add(self, start: int, end: int) -> None:
        if self.covers(start, end):
            return
        first = bisect_left(self._starts, start)
        last = bisect_right(self._ends, end, lo=first)
        self._starts[first:last], self._ends[first:last] = [start], [end]

    def covers(self, start: int, end: int) -> bool:
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and self._ends[index] >= end


def warn_gaps(logger: logging.Logger, jobs: Sequence[Job], watch: JobWatch) -> None:
    """Warn about spans that no job's window covers. The arguments are those of `warn_failed`."""
    for gap in iter_gaps(jobs):
        if watch.is_new("gap", gap):
            start, end = format_instant(gap.start), format_instant(gap.end)
            logger.warning("No job covers %s to %s. %s if no later job covers it.", start, end, _REMEDY)


def warn_unfinished(logger: logging.Logger, jobs: Sequence[Job], watch: JobWatch) -> None:
    """Warn about jobs that stay unfinished for over a day, or are no longer listed although unfinished.

    Args:
        logger: Logs the warnings.
        jobs: All listed jobs.
        watch: Which jobs earlier runs saw unfinished; this run's are added.
    """
    listed = {job.id for job in jobs}
    completed = _Windows(job.span for job in jobs if job.span and job.status == COMPLETED)
    for job_id, (start, end, _) in watch.previous_pending.items():
        if job_id not in listed and not _is_covered((start, end), completed):
            logger.warning(
                "Job %s (%s) was unfinished in an earlier run and is no longer listed. %s.",
                job_id,
                format_window(start, end),
                _REMEDY,
            )
    for job in jobs:
        if job.status not in UNFINISHED:
            continue
        earlier = watch.previous_pending.get(job.id)
        seen = [job.version.updated_at, *([earlier.since] if earlier else [])]
        since = min(seen, key=parse_instant)
        watch.pending[job.id] = PendingJob(*job.bounds, since)
        if parse_instant(since) < time.time_ns() - DAY and watch.is_new("unfinished", job.id):
            logger.warning(
                "Job %s (%s) has been %s since %s. %s if it doesn't complete.",
                job.id,
                job.window,
                job.status,
                since,
                _REMEDY,
            )


def _is_covered(window: tuple[str, str], completed: _Windows) -> bool:
    try:
        start, end = map(parse_instant, window)
    except ValueError:
        return False
    return completed.covers(start, end)


def warn_late_jobs(
    logger: logging.Logger, jobs: Sequence[Job], bookmarks: Mapping[str, Bookmark], watch: JobWatch
) -> None:
    """Warn about jobs that Gladly listed too late to be loaded.

    Args:
        logger: Logs the warnings.
        jobs: The jobs between `start_date` and `end_date`.
        bookmarks: The bookmarks of the file streams, by stream name.
        watch: Which problems earlier runs reported.
    """
    late = {name: set(bookmark.iter_late_jobs()) for name, bookmark in bookmarks.items()}
    for job in jobs:
        names = [name for name, versions in late.items() if job.version in versions]
        if names and watch.is_new("late", job.version, *names):
            logger.warning(
                "Job %s (%s) was listed over 24 hours behind the bookmark and is not loaded (%s). To load it, "
                "set replication_key_value of the bookmark to %s and remove jobs_read.",
                job.id,
                job.window,
                ", ".join(names),
                job.version.updated_at,
            )


def warn_regenerated(
    logger: logging.Logger, plan: Iterable[tuple[Job, Sequence[str]]], newest: Mapping[str, int]
) -> None:
    """Warn about due jobs whose window ends before that of a job loaded earlier.

    Such a job was regenerated, or completed late. A target that upserts keeps the rows that arrive last, so its
    older rows may overwrite newer ones.

    Args:
        logger: Logs the warnings.
        plan: All jobs in the order of loading, each with the names of the streams that load it.
        newest: The newest window end already loaded, by stream name, in nanoseconds since 1970.
    """
    ends = dict(newest)
    for job, streams in plan:
        if job.span is None:
            continue
        end = job.span[1]
        older = [name for name in streams if end < ends.get(name, end)]
        ends.update({name: max(end, ends.get(name, end)) for name in streams})
        if older:
            logger.warning(
                "Job %s (%s) covers an earlier window than a job already loaded (%s). In a target that upserts, "
                "its rows may overwrite newer ones.",
                job.id,
                job.window,
                ", ".join(older),
            )


class Gap(NamedTuple):
    """A span between the windows of jobs that no job covers, in nanoseconds since 1970."""

    start: int
    end: int


def iter_gaps(jobs: Iterable[Job]) -> Iterator[Gap]:
    """Yield the spans between the jobs' windows that no job covers, whatever the jobs' status.

    Some windows end a second before the next begins; that is not a gap. A job much older than the others,
    exported once for some earlier year, doesn't turn the years since into a gap.
    """
    spans = sorted(job.span for job in jobs if job.span)
    newest = max((end for _, end in spans), default=0)
    covered: int | None = None
    for start, end in spans:
        if covered is not None and start - covered > SECOND and covered >= newest - RETENTION - DAY:
            yield Gap(covered, start)
        covered = end if covered is None else max(covered, end)
