"""Export jobs of an invented organization, made from a seed and the hour, a piece at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.business_hours import is_open
from gladly_emulator.dataset.conversation_items import Talk, pick_customer
from gladly_emulator.dataset.directory import Dice, Record, make_id
from gladly_emulator.dataset.events import GeneratedEvents
from gladly_emulator.dataset.interface import RETENTION, Job, hourly_schedule
from gladly_emulator.dataset.organization import Company
from gladly_emulator.dataset.reports import GeneratedReports
from gladly_emulator.timestamps import HOUR, NANOSECONDS, format_instant, instant_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

FILES: Final = ("agents.jsonl", "conversation_items.jsonl", "customers.jsonl", "topics.jsonl")
QUIET_FILES: Final = ("conversation_items.jsonl", "customers.jsonl")

_MINUTE: Final = 60 * NANOSECONDS
_RETENTION_HOURS: Final = RETENTION // HOUR
_PIECE_SIZE: Final = 64 * 1024

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class GeneratedExports:
    """An invented lamp shop: export jobs, always the same for a seed and an hour, and all that fits them.

    The desk works on weekdays; its jobs list four files. Other hours have no files, but for one in
    seven, when mail came. The job of an hour is listed as PENDING an hour after that hour ended, and
    is COMPLETED another hour and some minutes later. Lists, reports and events are of the same
    conversations.

    Args:
        seed: Which of the invented organizations.
        conversations_per_hour: How many start in a working hour, on average.
        failed_every: Every so many hours the job FAILED, without files; by default none does.

    Attributes:
        lists: The reference lists, by their names in the path.
        reports: The reports, about an hour behind.
        events: The events, some of them some seconds late.
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
        self._company = Company(seed, conversations_per_hour)
        self.lists = self._company.rooms.make_lists()
        self.reports = GeneratedReports(self._company)
        self.events = GeneratedEvents(self._company)

    def jobs(self, now: datetime) -> list[Job]:
        """Return the jobs of the last 14 days, in no order of time."""
        instant = instant_of(now)
        this_hour = instant // HOUR
        hours = range(this_hour - _RETENTION_HOURS - 4, this_hour - 1)
        jobs = [job for hour in hours if (job := self._make_job(hour, instant)) is not None]
        return sorted(jobs, key=lambda job: str(job["id"]))

    def schedules(self, now: datetime) -> list[dict[str, Any]]:
        """Return the one schedule, which makes a job every hour."""
        return [hourly_schedule(self._schedule_id, (instant_of(now) // HOUR - 1) * HOUR)]

    def open_file(self, job_id: str, name: str, *, now: datetime) -> Iterator[bytes] | None:
        """Return a file in pieces, made as they are asked for."""
        instant = instant_of(now)
        this_hour = instant // HOUR
        for hour in range(this_hour - _RETENTION_HOURS - 4, this_hour - 1):
            if self._job_id(hour) == job_id:
                job = self._make_job(hour, instant)
                found = job is not None and name in job["files"]
                return _join(self._make_records(name, hour)) if found else None
        return None

    def remove_job(self, job_id: str) -> None:
        """Forget a job and its files."""
        self._removed.add(job_id)

    @property
    def _schedule_id(self) -> str:
        return make_id(f"{self._seed} schedule")

    def _job_id(self, hour: int) -> str:
        return make_id(f"{self._seed} job {hour}")

    def _make_job(self, hour: int, now: int) -> Job | None:
        """Return the job for the window that starts with this hour, as it is now."""
        job_id = self._job_id(hour)
        dice = Dice(f"{self._seed} job {hour}")
        status, updated = "", 0
        for state, earliest, latest in (
            ("PENDING", 120, 121),
            ("IN_PROGRESS", 140, 160),
            (self._last_status(hour), 182, 195),
        ):
            instant = hour * HOUR + dice.randrange(earliest * _MINUTE, latest * _MINUTE)
            status, updated = (state, instant) if instant <= now else (status, updated)
        if not status or updated < now - RETENTION or job_id in self._removed:
            return None
        window = {"startAt": format_instant(hour * HOUR), "endAt": format_instant((hour + 1) * HOUR)}
        return {
            "id": job_id,
            "scheduleId": self._schedule_id,
            "status": status,
            "updatedAt": format_instant(updated, digits=dice.randrange(10)),
            "parameters": {"type": "CONVERSATIONS", **window},
            "files": list(self._list_files(hour)) if status == "COMPLETED" else [],
        }

    def _last_status(self, hour: int) -> str:
        return "FAILED" if self._failed_every and hour % self._failed_every == 0 else "COMPLETED"

    def _list_files(self, hour: int) -> tuple[str, ...]:
        if is_open(hour):
            return FILES
        return QUIET_FILES if self._company.diary.has_mail(hour) else ()

    def _make_records(self, name: str, hour: int) -> Iterable[Record]:
        match name:
            case "agents.jsonl":
                return self._company.organization.agents
            case "topics.jsonl":
                return self._company.organization.topics
            case "customers.jsonl":
                return self._make_customers(hour)
        return self._make_items(hour)

    def _make_items(self, hour: int) -> Iterator[Record]:
        organization = self._company.organization
        for opening, act in self._company.diary.iter_acts(hour):
            talk = Talk(organization, channel=opening.channel, key=opening.key, hour=hour, part=act.number)
            act.scene(talk)
            yield from talk.items

    def _make_customers(self, hour: int) -> Iterator[Record]:
        """Yield every customer of the hour once; a byte for each tells which have been."""
        count = self._company.organization.customer_count
        seen = bytearray(count)
        for opening, _ in self._company.diary.iter_acts(hour):
            number = pick_customer(opening.key, count)
            if not seen[number]:
                seen[number] = 1
                yield self._company.organization.customer(number).profile


def _join(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield the records as JSON lines, in pieces of some size."""
    piece = bytearray()
    for record in records:
        piece += _encode(record).encode() + b"\n"
        if len(piece) >= _PIECE_SIZE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
