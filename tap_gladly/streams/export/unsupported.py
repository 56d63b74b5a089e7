"""Warnings about jobs that hold something this version of the tap doesn't know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_gladly.streams.export.job import COMPLETED, STATUSES

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tap_gladly.streams.export.job import Job

_MAX_NAME = 60


def warn_unsupported(logger: logging.Logger, jobs: Iterable[Job], known_files: Collection[str]) -> None:
    """Warn about unknown files, unknown statuses, and COMPLETED jobs without a list of files.

    Args:
        logger: Logs one warning per file name or status.
        jobs: All listed jobs, oldest first.
        known_files: Names of the files that the tap's streams load.
    """
    found: dict[str, list[Job]] = {}
    for job in jobs:
        for problem in _iter_problems(job, known_files):
            found.setdefault(problem, []).append(job)
    for problem, affected in found.items():
        newest = affected[-1]
        logger.warning(
            "%s: %d of the listed jobs, the newest of them %s (%s). Gladly deletes files after 14 days; check for "
            "a newer version of the tap.",
            problem,
            len(affected),
            newest.id,
            newest.window,
        )


def _iter_problems(job: Job, known_files: Collection[str]) -> Iterator[str]:
    if job.status not in STATUSES:
        yield f"The job status {_quote(job.status)} is unknown, and its files are not loaded"
    if job.status != COMPLETED:
        return
    if not isinstance(job.record.get("files"), list):
        yield "A COMPLETED job has no list of files"
    unknown: Sequence[object] = [
        name for name in job.files if not isinstance(name, str) or name not in known_files
    ]
    for name in unknown:
        yield f"The file {_quote(name)} is unknown and not loaded"


def _quote(value: object) -> str:
    return repr(value[:_MAX_NAME]) if isinstance(value, str) else f"of type {type(value).__name__}"
