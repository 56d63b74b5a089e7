"""What an organization serves: what the server needs of it, and one whose contents are given by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from gladly_emulator.dataset.interface import RETENTION, Job, hourly_schedule
from gladly_emulator.server.events import StaticEvents
from gladly_emulator.server.lists import make_empty_lists
from gladly_emulator.server.reports import StaticReports
from gladly_emulator.timestamps import HOUR, format_instant, instant_of, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gladly_emulator.dataset.interface import Lists
    from gladly_emulator.server.events import Events
    from gladly_emulator.server.http_messages import Body
    from gladly_emulator.server.reports import Reports

ABSENT: Final = object()
"""As the value of a field: the job has no such key."""


class Exports(Protocol):
    """The export jobs of an organization, seen at a moment."""

    @property
    def raw_job_list(self) -> bytes | None:
        """A body to answer the job list with instead of the jobs."""

    @property
    def lists(self) -> Lists:
        """The reference lists of the same organization."""

    @property
    def reports(self) -> Reports:
        """Its reports."""

    @property
    def events(self) -> Events:
        """Its events."""

    def jobs(self, now: datetime) -> list[Job]:
        """Return every job that the API lists at this moment."""

    def schedules(self, now: datetime) -> list[dict[str, Any]]:
        """Return the schedules that make the jobs."""

    def open_file(self, job_id: str, name: str, *, now: datetime) -> Body | None:
        """Return the content of a job's file, whole or in pieces; None if there is no such file."""

    def remove_job(self, job_id: str) -> None:
        """Forget a job and its files."""


class StaticExports:
    """Jobs and files given by hand, listed in the order in which they were added.

    With `enforce_retention`, jobs older than 14 days are gone, as they are at Gladly.

    Attributes:
        lists: The reference lists, by their names in the path; to be filled.
        reports: The reports, to be filled.
        events: The events, to be filled.
        fixed_schedules: The schedules to list instead of one hourly one.
    """

    def __init__(self, *, enforce_retention: bool = False) -> None:
        self.raw_job_list: bytes | None = None
        self.lists = make_empty_lists()
        self.reports = StaticReports()
        self.events = StaticEvents()
        self.fixed_schedules: list[dict[str, Any]] | None = None
        self._enforce_retention = enforce_retention
        self._jobs: dict[str, Job] = {}
        self._files: dict[str, dict[str, bytes]] = {}

    def add_job(
        self,
        job_id: str,
        updated_at: str,
        files: Mapping[str, bytes] | None = None,
        *,
        status: str = "COMPLETED",
        start_at: str | None = None,
        end_at: str | None = None,
        **fields: object,
    ) -> None:
        """Add a job, or replace the one with this id in its place.

        Args:
            job_id: The job's id.
            updated_at: Its `updatedAt`.
            files: File names and bodies.
            status: Its `status`.
            start_at: Start of its window; the hour that ended two hours before `updated_at` if left out.
            end_at: End of its window; likewise.
            fields: Further fields, which override the job's own; `ABSENT` takes one away.
        """
        bodies = dict(files or {})
        start_at = start_at or _whole_hour(updated_at, hours_before=3)
        end_at = end_at or _whole_hour(updated_at, hours_before=2)
        job = {
            "id": job_id,
            "scheduleId": "hourly-schedule",
            "status": status,
            "updatedAt": updated_at,
            "parameters": {"type": "CONVERSATIONS", "startAt": start_at, "endAt": end_at},
            "files": list(bodies),
        }
        self._files[job_id] = bodies
        self._jobs[job_id] = _override(job, fields)

    def change_job(self, job_id: str, /, **fields: object) -> None:
        """Set fields of a job, whatever their values; `ABSENT` takes one away. The files stay."""
        self._jobs[job_id] = _override(self._jobs[job_id], fields)

    def remove_job(self, job_id: str) -> None:
        """Forget a job and its files."""
        del self._jobs[job_id]
        del self._files[job_id]

    def remove_file(self, job_id: str, name: str) -> None:
        """Take a file away; the job goes on listing it."""
        del self._files[job_id][name]

    def list_as(self, body: bytes | None) -> None:
        """Answer the job list with this body, or with the jobs again."""
        self.raw_job_list = body

    def jobs(self, now: datetime) -> list[Job]:
        """Return the jobs; those past their retention only if it is not enforced."""
        jobs = list(self._jobs.values())
        if not self._enforce_retention:
            return jobs
        oldest = instant_of(now) - RETENTION
        return [job for job in jobs if is_updated_within(job, oldest, None)]

    def schedules(self, now: datetime) -> list[dict[str, Any]]:
        """Return the fixed schedules, or one hourly schedule."""
        if self.fixed_schedules is not None:
            return self.fixed_schedules
        next_start = instant_of(now) // HOUR * HOUR - HOUR
        return [hourly_schedule("hourly-schedule", next_start)]

    def open_file(self, job_id: str, name: str, *, now: datetime) -> bytes | None:
        """Return a file's body while its job is there."""
        listed = any(job.get("id") == job_id for job in self.jobs(now))
        return self._files.get(job_id, {}).get(name) if listed else None


def is_updated_within(job: Job, start: int | None, end: int | None) -> bool:
    """Tell whether `updatedAt` lies within these bounds, themselves included; an unreadable one does."""
    try:
        updated = parse_instant(str(job.get("updatedAt")))
    except ValueError:
        return True
    return (start is None or updated >= start) and (end is None or updated <= end)


def _override(job: Job, fields: Mapping[str, object]) -> Job:
    return {key: value for key, value in {**job, **fields}.items() if value is not ABSENT}


def _whole_hour(updated_at: str, *, hours_before: int) -> str:
    return format_instant((parse_instant(updated_at) // HOUR - hours_before) * HOUR)
