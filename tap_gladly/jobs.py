"""Export jobs as Gladly lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_gladly.bookmarks import JobVersion, parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    def is_completed(self) -> bool:
        """Whether its files are there to be read."""
        return bool(self.record.get("status") == "COMPLETED")

    @property
    def files(self) -> Sequence[object]:
        """Names of the files that it offers."""
        names = self.record.get("files")
        return names if isinstance(names, list) else ()

    @property
    def window(self) -> str:
        """The span of activity that its files cover, for people to read."""
        parameters = self.record.get("parameters")
        span = parameters if isinstance(parameters, dict) else {}
        return f"{span.get('startAt', '?')} to {span.get('endAt', '?')}"


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
