"""Export jobs of an invented organization, made from a seed and the hour, a piece at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator.desk import HOURS_A_DAY, OPENS, count_open, count_quiet, is_open, open_hour
from gladly_emulator.events import StaticEvents
from gladly_emulator.exports import RETENTION, Job, hourly_schedule
from gladly_emulator.instants import HOUR, NANOSECONDS, format_instant, instant_of
from gladly_emulator.lists import make_empty_lists
from gladly_emulator.people import Dice, Organization, Record, make_id
from gladly_emulator.playbooks import DELAYS, PLANS, Scene, answer_mail, ask_by_mail
from gladly_emulator.reports import StaticReports
from gladly_emulator.talk import Talk, pick_customer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from gladly_emulator.events import Events
    from gladly_emulator.reports import Reports

FILES: Final = ("agents.jsonl", "conversation_items.jsonl", "customers.jsonl", "topics.jsonl")
QUIET_FILES: Final = ("conversation_items.jsonl", "customers.jsonl")

_MINUTE: Final = 60 * NANOSECONDS
_RETENTION_HOURS: Final = RETENTION // HOUR
# One quiet hour in this many has mail.
_QUIET_BLOCK: Final = 7
_BUSYNESS: Final = (0.6, 0.9, 1.1, 1.2, 1.2, 1.1, 1.1, 1.0, 0.8)
_PIECE_SIZE: Final = 64 * 1024

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _Part(NamedTuple):
    """What an hour has of one conversation."""

    key: str
    channel: str
    number: int
    scene: Scene


class GeneratedExports:
    """An invented lamp shop's hourly export jobs, always the same for a seed and an hour.

    The desk works on weekdays; its jobs list four files. Other hours have no files, but for one in
    seven, when mail came. The job of an hour is listed as PENDING an hour after that hour ended, and
    is COMPLETED another hour and some minutes later.

    Args:
        seed: Which of the invented organizations.
        conversations_per_hour: How many start in a working hour, on average.
        failed_every: Every so many hours the job FAILED, without files; by default none does.
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
        self._per_hour = conversations_per_hour
        self._failed_every = failed_every
        self._removed: set[str] = set()
        customers = min(max(int(conversations_per_hour * 60), 200), 1_000_000)
        self._organization = Organization(seed, customers)
        self.lists = make_empty_lists()
        self.reports: Reports = StaticReports()
        self.events: Events = StaticEvents()

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
        return QUIET_FILES if self._has_mail(hour) else ()

    def _has_mail(self, hour: int) -> bool:
        """Tell whether a quiet hour is the one of its seven in which mail comes."""
        block, place = divmod(count_quiet(hour), _QUIET_BLOCK)
        return place == Dice(f"{self._seed} quiet {block}").randrange(_QUIET_BLOCK)

    def _make_records(self, name: str, hour: int) -> Iterable[Record]:
        match name:
            case "agents.jsonl":
                return self._organization.agents
            case "topics.jsonl":
                return self._organization.topics
            case "customers.jsonl":
                return self._make_customers(hour)
        return self._make_items(hour)

    def _make_items(self, hour: int) -> Iterator[Record]:
        for key, channel, number, scene in self._iter_parts(hour):
            talk = Talk(self._organization, channel=channel, key=key, hour=hour, part=number)
            scene(talk)
            yield from talk.items

    def _make_customers(self, hour: int) -> Iterator[Record]:
        """Yield every customer of the hour once; a byte for each tells which have been."""
        count = self._organization.customer_count
        seen = bytearray(count)
        for part in self._iter_parts(hour):
            number = pick_customer(part.key, count)
            if not seen[number]:
                seen[number] = 1
                yield self._organization.customer(number).profile

    def _iter_parts(self, hour: int) -> Iterator[_Part]:
        """Yield the parts of conversations that fall into this hour, whenever they started."""
        if not is_open(hour):
            yield from self._iter_mail(hour, 0, ask_by_mail)
            return
        worked = count_open(hour)
        for delay in DELAYS:
            yield from self._iter_delayed(open_hour(worked - delay), delay)
        if worked % HOURS_A_DAY == 0:
            for quiet in range(open_hour(worked - 1) + 1, hour):
                yield from self._iter_mail(quiet, 1, answer_mail)

    def _iter_delayed(self, start: int, delay: int) -> Iterator[_Part]:
        """Yield the parts, so many working hours later, of the conversations that started in an hour."""
        dice = Dice(f"{self._seed} hour {start}")
        first = dice.randrange(len(PLANS))
        busyness = _BUSYNESS[start % 24 - OPENS]
        for number in range(int(self._per_hour * busyness + dice.random())):
            plan = PLANS[(first + number) % len(PLANS)]
            if delay in plan.scenes:
                yield _Part(f"{self._seed} {start} {number}", plan.channel, delay, plan.scenes[delay])

    def _iter_mail(self, start: int, part: int, scene: Scene) -> Iterator[_Part]:
        """Yield the parts of the conversations that started by mail in a quiet hour."""
        if not self._has_mail(start):
            return
        for number in range(1 + int(self._per_hour / 20)):
            yield _Part(f"{self._seed} {start} {number}", "EMAIL", part, scene)


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
