"""Warnings about data that may be missing: expired jobs, failed jobs, gaps between windows, and late jobs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from tap_gladly.timestamps import DAY, SECOND, format_instant

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator, Sequence

    from tap_gladly.state.bookmarks import Bookmark
    from tap_gladly.streams.export.job import Job

RETENTION = 14 * DAY
"""How long Gladly keeps a job and its files (documented), in nanoseconds."""

_REMEDY = "Ask Gladly support to regenerate the exports of that span"


def warn_expired(logger: logging.Logger, jobs: Sequence[Job], bookmarks: dict[str, Bookmark]) -> None:
    """Warn of bookmarks so old that jobs after them have been deleted, and of some that lie ahead.

    Args:
        logger: Says it.
        jobs: All that is listed, oldest first.
        bookmarks: Those of the file streams, by stream.
    """
    edge = time.time_ns() - RETENTION
    oldest = jobs[0].version.instant if jobs else edge
    places = {name: mark.position for name, mark in bookmarks.items() if mark.position is not None}
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


def warn_gaps(logger: logging.Logger, jobs: Sequence[Job], new: Iterable[Job]) -> None:
    """Warn of failed jobs, and of spans that no job's window covers.

    Args:
        logger: Says it.
        jobs: All that is listed.
        new: Those that no run has told of yet.
    """
    new_versions = {job.version for job in new}
    for job in jobs:
        is_new_failure = job.status == "FAILED" and job.version in new_versions
        if is_new_failure and not any(later.supersedes(job) for later in jobs):
            logger.warning("Job %s, %s, has FAILED and has no files. %s.", job.id, job.window, _REMEDY)
    for hole in iter_gaps(jobs):
        if hole.next_job.version in new_versions:
            start, end = format_instant(hole.start), format_instant(hole.end)
            logger.warning("No job covers %s to %s. %s, if none follows.", start, end, _REMEDY)


def warn_late_jobs(logger: logging.Logger, jobs: Sequence[Job], bookmarks: dict[str, Bookmark]) -> None:
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


class Gap(NamedTuple):
    """A span between the windows of jobs that no job covers."""

    start: int
    end: int
    next_job: Job
    """The job whose window begins where the hole ends."""


def iter_gaps(jobs: Iterable[Job]) -> Iterator[Gap]:
    """Yield the spans that lie between the jobs' windows, whatever the jobs' states.

    Overlaps are none, nor is the second that some windows leave before the next. A job far older than the
    others, generated once for some years ago, does not make a hole of the time since.
    """
    spans = sorted(((job.span, job) for job in jobs if job.span), key=lambda pair: pair[0])
    newest = max((span[1] for span, _ in spans), default=0)
    covered: int | None = None
    for (start, end), job in spans:
        if covered is not None and start - covered > SECOND and covered >= newest - RETENTION - DAY:
            yield Gap(covered, start, job)
        covered = end if covered is None else max(covered, end)
