"""Export jobs as Gladly lists them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_gladly.state.bookmarks import JobVersion
from tap_gladly.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        """State of the job: its files are there to be read when it is COMPLETED."""
        return self.record.get("status")

    @property
    def files(self) -> Sequence[object]:
        """Names of the files that it offers."""
        names = self.record.get("files")
        return names if isinstance(names, list) else ()

    @property
    def window(self) -> str:
        """The span of activity that its files cover, for people to read."""
        start, end = (str(bound) for bound in self._window)
        is_readable = len(start) + len(end) < _MAX_WINDOW_TEXT and (start + end).isprintable()
        return f"{start} to {end}" if is_readable else "an unknown window"

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """The same as instants; None if Gladly gives none."""
        try:
            start, end = (parse_instant(str(text)) for text in self._window)
        except ValueError:
            return None
        return (start, end) if start <= end else None

    @property
    def _window(self) -> tuple[object, object]:
        parameters = self.record.get("parameters")
        bounds = parameters if isinstance(parameters, dict) else {}
        return bounds.get("startAt", "?"), bounds.get("endAt", "?")

    def supersedes(self, failed: Job) -> bool:
        """Say whether this job came later and has the files that a failed one does not have."""
        if self.status != "COMPLETED" or self.span is None or failed.span is None:
            return False
        covers = self.span[0] <= failed.span[0] and failed.span[1] <= self.span[1]
        return covers and self.version.instant > failed.version.instant


def parse_job(record: object) -> Job | None:
    """Read one element of the job list; None if it cannot be placed or addressed."""
    if not isinstance(record, dict):
        return None
    job_id, updated_at = record.get("id"), record.get("updatedAt")
    # A path ends at "." and "..", however they are quoted.
    if not isinstance(job_id, str) or not job_id.isprintable() or job_id in {"", ".", ".."}:
        return None
    try:
        return Job(record, JobVersion(parse_instant(str(updated_at)), job_id, str(updated_at)))
    except ValueError:
        return None
