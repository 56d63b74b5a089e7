"""An export job as Gladly lists it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_gladly.state.bookmarks import JobVersion
from tap_gladly.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPLETED, FAILED = "COMPLETED", "FAILED"
# Tuples, because a status may have any type, and a set can't look up a list or an object.
UNFINISHED = ("PENDING", "IN_PROGRESS")
STATUSES = (COMPLETED, FAILED, *UNFINISHED)
"""All documented states of a job."""

_MAX_WINDOW_TEXT = 80


@dataclass(frozen=True)
class Job:
    """An export job as listed."""

    record: dict[str, Any]
    version: JobVersion

    @property
    def id(self) -> str:
        """Gladly's identifier."""
        return self.version.job_id

    @property
    def status(self) -> object:
        """State of the job. Its files can be downloaded when it is COMPLETED."""
        return self.record.get("status")

    @property
    def files(self) -> Sequence[object]:
        """Names of the files it offers."""
        names = self.record.get("files")
        return names if isinstance(names, list) else ()

    @property
    def window(self) -> str:
        """The span of activity that its files cover, for log lines."""
        return format_window(*self.bounds)

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """The same in nanoseconds since 1970; None if Gladly sends no valid window."""
        try:
            start, end = map(parse_instant, self.bounds)
        except ValueError:
            return None
        return (start, end) if start <= end else None

    @property
    def bounds(self) -> tuple[str, str]:
        """Start and end of the window as Gladly writes them; `?` for a missing one."""
        parameters = self.record.get("parameters")
        bounds = parameters if isinstance(parameters, dict) else {}
        return str(bounds.get("startAt", "?")), str(bounds.get("endAt", "?"))


def format_window(start: str, end: str) -> str:
    """Return a window for log lines. Text that isn't a timestamp may be content, so it is left out."""
    try:
        parse_instant(start)
        parse_instant(end)
    except ValueError:
        return "an unknown window"
    return f"{start} to {end}" if len(start) + len(end) < _MAX_WINDOW_TEXT else "an unknown window"


def parse_job(record: object) -> Job | None:
    """Parse one element of the job list; None if it has no usable `id` or `updatedAt`."""
    if not isinstance(record, dict):
        return None
    job_id, updated_at = record.get("id"), record.get("updatedAt")
    # "." and ".." would change the path of the request, even when quoted.
    if not isinstance(job_id, str) or not job_id.isprintable() or job_id in {"", ".", ".."}:
        return None
    try:
        return Job(record, JobVersion(parse_instant(str(updated_at)), job_id, str(updated_at)))
    except ValueError:
        return None
