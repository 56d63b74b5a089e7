"""The invented organization's export jobs, generated from a seed and the hour, in chunks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.business_hours import is_open
from gladly_emulator.dataset.conversation_items import ItemWriter, pick_customer
from gladly_emulator.dataset.events import GeneratedEvents
from gladly_emulator.dataset.interface import RETENTION, Job, Record, hourly_schedule
from gladly_emulator.dataset.organization import Organization
from gladly_emulator.dataset.reports import GeneratedReports
from gladly_emulator.dataset.seeding import SeededRandom, make_id
from gladly_emulator.timestamps import HOUR, NANOSECONDS, format_instant, instant_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

FILES: Final = ("agents.jsonl", "conversation_items.jsonl", "customers.jsonl", "topics.jsonl")
CLOSED_HOUR_FILES: Final = ("conversation_items.jsonl", "customers.jsonl")

_MINUTE: Final = 60 * NANOSECONDS
_RETENTION_HOURS: Final = RETENTION // HOUR
_CHUNK_SIZE: Final = 64 * 1024

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class GeneratedExports:
    """The exports, lists, reports and events of an invented lamp shop. The same seed returns the same data.

    Jobs of open hours (weekdays) list four files. Of the closed hours, one in seven gets email and
    lists two files; the others list none. The job of an hour is PENDING one hour after that hour
    ends, and COMPLETED two hours and several minutes after it ends. Lists, reports and events
    describe the same conversations as the files.

    Args:
        seed: Selects the invented organization.
        conversations_per_hour: The average number of conversations that start in an open hour.
        failed_every: Every this many hours, the job is FAILED and has no files. By default no job fails.

    Attributes:
        lists: The reference lists, by their names in the path.
        reports: The reports, which lag one hour behind.
        events: The events, published up to 15 seconds late.
    """

    raw_job_list: bytes | None = None

    def __init__(
        self,
        seed: int = 0,
        *,
        conversations_per_hour: float = 33.0,
        failed_every: int | None = None,
    ) -> None:
        self._seed = seed
        self._failed_every = failed_every
        self._removed: set[str] = set()
        self._organization = Organization(seed, conversations_per_hour)
        self.lists = self._organization.reference_data.make_lists()
        self.reports = GeneratedReports(self._organization)
        self.events = GeneratedEvents(self._organization)

    def jobs(self, now: datetime) -> list[Job]:
        """Return the jobs of the last 14 days, in no chronological order."""
        instant = instant_of(now)
        this_hour = instant // HOUR
        hours = range(this_hour - _RETENTION_HOURS - 4, this_hour - 1)
        jobs = [job for hour in hours if (job := self._make_job(hour, instant)) is not None]
        return sorted(jobs, key=lambda job: str(job["id"]))

    def schedules(self, now: datetime) -> list[dict[str, Any]]:
        """Return the only schedule, which is hourly."""
        return [hourly_schedule(self._schedule_id, (instant_of(now) // HOUR - 1) * HOUR)]

    def open_file(self, job_id: str, name: str, *, now: datetime) -> Iterator[bytes] | None:
        """Return a file in chunks, which are generated on demand."""
        instant = instant_of(now)
        this_hour = instant // HOUR
        for hour in range(this_hour - _RETENTION_HOURS - 4, this_hour - 1):
            if self._job_id(hour) == job_id:
                job = self._make_job(hour, instant)
                found = job is not None and name in job["files"]
                return _encode_lines(self._make_records(name, hour)) if found else None
        return None

    def remove_job(self, job_id: str) -> None:
        """Delete a job and its files."""
        self._removed.add(job_id)

    @property
    def _schedule_id(self) -> str:
        return make_id(f"{self._seed} schedule")

    def _job_id(self, hour: int) -> str:
        return make_id(f"{self._seed} job {hour}")

    def _make_job(self, hour: int, now: int) -> Job | None:
        """Return the current state of the job whose window starts at this hour."""
        job_id = self._job_id(hour)
        rng = SeededRandom(f"{self._seed} job {hour}")
        status, updated = "", 0
        for state, earliest, latest in (
            ("PENDING", 120, 121),
            ("IN_PROGRESS", 140, 160),
            (self._last_status(hour), 182, 195),
        ):
            instant = hour * HOUR + rng.randrange(earliest * _MINUTE, latest * _MINUTE)
            status, updated = (state, instant) if instant <= now else (status, updated)
        if not status or updated < now - RETENTION or job_id in self._removed:
            return None
        window = {"startAt": format_instant(hour * HOUR), "endAt": format_instant((hour + 1) * HOUR)}
        return {
            "id": job_id,
            "scheduleId": self._schedule_id,
            "status": status,
            "updatedAt": format_instant(updated, digits=rng.randrange(10)),
            "parameters": {"type": "CONVERSATIONS", **window},
            "files": list(self._list_files(hour)) if status == "COMPLETED" else [],
        }

    def _last_status(self, hour: int) -> str:
        return "FAILED" if self._failed_every and hour % self._failed_every == 0 else "COMPLETED"

    def _list_files(self, hour: int) -> tuple[str, ...]:
        if is_open(hour):
            return FILES
        return CLOSED_HOUR_FILES if self._organization.schedule.gets_email(hour) else ()

    def _make_records(self, name: str, hour: int) -> Iterable[Record]:
        match name:
            case "agents.jsonl":
                return self._organization.directory.agents
            case "topics.jsonl":
                return self._organization.directory.topics
            case "customers.jsonl":
                return self._make_customers(hour)
        return self._make_items(hour)

    def _make_items(self, hour: int) -> Iterator[Record]:
        directory = self._organization.directory
        for conversation, step in self._organization.schedule.iter_steps(hour):
            writer = ItemWriter(
                directory, channel=conversation.channel, key=conversation.key, hour=hour, part=step.number
            )
            step.run(writer)
            yield from writer.items

    def _make_customers(self, hour: int) -> Iterator[Record]:
        """Yield each customer of the hour once. One byte per customer marks those already yielded."""
        count = self._organization.directory.customer_count
        seen = bytearray(count)
        for conversation, _ in self._organization.schedule.iter_steps(hour):
            number = pick_customer(conversation.key, count)
            if not seen[number]:
                seen[number] = 1
                yield self._organization.directory.customer(number).profile


def _encode_lines(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield the records as JSON lines, in chunks."""
    chunk = bytearray()
    for record in records:
        chunk += _encode(record).encode() + b"\n"
        if len(chunk) >= _CHUNK_SIZE:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)
