"""A dataset that a test fills: jobs, files, lists, reports and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.interface import (
    LIST_NAMES,
    RETENTION,
    Job,
    Lists,
    Record,
    hourly_schedule,
    is_updated_within,
)
from gladly_emulator.dataset.static_events import StaticEvents
from gladly_emulator.dataset.static_reports import StaticReports
from gladly_emulator.timestamps import HOUR, format_instant, instant_of, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ABSENT: Final = object()
"""The value of a field that removes it from the job."""


class StaticExports:
    """A dataset that a test fills. Jobs are listed in the order in which they were added.

    Args:
        enforce_retention: Remove jobs older than 14 days, as Gladly does.

    Attributes:
        lists: The reference lists, by their names in the path.
        reports: The reports.
        events: The events.
        fixed_schedules: The export schedules. By default, one hourly schedule is listed.
    """

    def __init__(self, *, enforce_retention: bool = False) -> None:
        self.raw_job_list: bytes | None = None
        self.lists = _make_empty_lists()
        self.reports = StaticReports()
        self.events = StaticEvents()
        self.fixed_schedules: list[Record] | None = None
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
        """Add a job, or replace the job with this id at its position.

        Args:
            job_id: The job's id.
            updated_at: Its `updatedAt`.
            files: The files' contents, by name.
            status: Its `status`.
            start_at: Start of its window. The default window is the hour that ended two hours before
                `updated_at`.
            end_at: End of its window.
            fields: Additional or replaced fields. `ABSENT` removes a field.
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
        """Set fields of a job to any values. `ABSENT` removes a field. The files don't change."""
        self._jobs[job_id] = _override(self._jobs[job_id], fields)

    def remove_job(self, job_id: str) -> None:
        """Delete a job and its files."""
        del self._jobs[job_id]
        del self._files[job_id]

    def remove_file(self, job_id: str, name: str) -> None:
        """Delete a file. The job still lists it."""
        del self._files[job_id][name]

    def list_as(self, body: bytes | None) -> None:
        """Return this body from the job list endpoint, or the jobs if it is None."""
        self.raw_job_list = body

    def jobs(self, now: datetime) -> list[Job]:
        """Return the jobs. If retention is enforced, expired jobs are omitted."""
        jobs = list(self._jobs.values())
        if not self._enforce_retention:
            return jobs
        oldest = instant_of(now) - RETENTION
        return [job for job in jobs if is_updated_within(job, oldest, None)]

    def schedules(self, now: datetime) -> list[Record]:
        """Return the fixed schedules, or one hourly schedule."""
        if self.fixed_schedules is not None:
            return self.fixed_schedules
        next_start = instant_of(now) // HOUR * HOUR - HOUR
        return [hourly_schedule("hourly-schedule", next_start)]

    def open_file(self, job_id: str, name: str, *, now: datetime) -> bytes | None:
        """Return a file's content if its job is listed."""
        listed = any(job.get("id") == job_id for job in self.jobs(now))
        return self._files.get(job_id, {}).get(name) if listed else None


def _override(job: Job, fields: Mapping[str, object]) -> Job:
    return {key: value for key, value in {**job, **fields}.items() if value is not ABSENT}


def _whole_hour(updated_at: str, *, hours_before: int) -> str:
    return format_instant((parse_instant(updated_at) // HOUR - hours_before) * HOUR)


def _make_empty_lists() -> Lists:
    """Return empty lists of an organization whose time zone is UTC."""
    lists: Lists = {name: [] for name in LIST_NAMES}
    lists["organization"] = {
        "id": "brindlewick-organization",
        "loginDomain": "brindlewick.example",
        "name": "Brindlewick Lamps",
        "timezone": "UTC",
        "gladlyUrl": "https://brindlewick.us-1.gladly.com",
    }
    return lists
