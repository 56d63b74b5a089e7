"""An organization that publishes in two steps, and the records of each step."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from gladly_emulator import GeneratedExports, StaticExports
from gladly_emulator.dataset.interface import EventQuery
from gladly_emulator.server.events import ENTITIES
from gladly_emulator.timestamps import HOUR, NANOSECONDS, format_instant, instant_of, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = dict[str, Any]
Job = dict[str, Any]

FILE_STREAMS = ("customers", "conversation_items", "agents", "topics")
LISTS = {
    "teams": "teams",
    "inboxes": "inboxes",
    "audiences": "audiences",
    "business_hours": "business-hours",
    "agents_list": "agents",
    "topics_list": "topics",
}
# A Wednesday, during business hours.
EARLIER = datetime(2026, 3, 4, 20, 30, tzinfo=timezone.utc)
LATER = EARLIER + timedelta(hours=5)

_START = EARLIER - timedelta(hours=5)
_EVENT_COUNT = 200
_UNUSUAL_CUSTOMERS = """\
{"id":"odd-1","name":"Zo\u00eb \U0001f33f O'Neil, \\"x\\" \\\\ \\t \\u2028 \\ud83c\\udf3f",\
"emailAddresses":[],"externalCustomerIds":{"a.b-C":"1"},"loyaltyTier":"gold","Name":"another","more":{"deep":[{"x":null}]}}
{"id":"ODD-1","name":null,"phoneNumbers":["+15550100001",null]}
{"id":"odd-2","name":"","address":"1 Odd Lane\\nOddtown"}
{"id":"odd-3","name":
"""
_UNUSUAL_ITEMS = """\
{"id":"odd-1","timestamp":"2026-03-04T08:00:00.123456789Z","content":{"type":"KIOSK","score":9.50,\
"large":9223372036854775807,"small":1e-7,"yes":true,"nested":{"a":[1,[2,{}]],"empty":""}}}
{"id":"odd-2","timestamp":"2026-03-04T10:00:00.5+02:00","content":{}}
{"id":"odd-3","timestamp":null,"content":null,"conversationId":""}
{"id":"odd-4","timestamp":"1969-12-31T23:59:59Z"}
"""


class Row(NamedTuple):
    """A record that was served, and its job if it comes from an export file."""

    record: Record
    job: Job | None = None


class Organization:
    """Jobs of a day, a file of unusual rows, lists that change, and events of today.

    Attributes:
        exports: The dataset that the emulator serves.
        steps: The records that each step added, by stream. For a list, all entries after the step.
    """

    def __init__(self) -> None:
        self.exports = StaticExports()
        self.exports.fixed_schedules = []
        self.steps: list[dict[str, list[Row]]] = []
        self._generated = GeneratedExports()
        self.exports.lists["organization"] = self._generated.lists["organization"]
        self._statuses: set[tuple[str, str]] = set()

    def publish_first(self) -> None:
        """Publish the first jobs, the lists and the first events."""
        files = {
            "customers.jsonl": _UNUSUAL_CUSTOMERS.encode(),
            "conversation_items.jsonl": _UNUSUAL_ITEMS.encode(),
        }
        self.exports.add_job("odd-job", "2026-03-04T07:00:00Z", files)
        self.exports.lists.update(copy.deepcopy(self._generated.lists))
        self.exports.fixed_schedules = self._generated.schedules(EARLIER)
        self._publish(EARLIER)

    def publish_more(self) -> None:
        """Publish more jobs and events, rename a team and remove an inbox."""
        teams, inboxes = self.exports.lists["teams"], self.exports.lists["inboxes"]
        assert isinstance(teams, list)
        assert isinstance(inboxes, list)
        teams[0]["name"] = "Renamed"
        inboxes.pop()
        self._publish(LATER)

    def _publish(self, now: datetime) -> None:
        for job in self._generated.jobs(now):
            if parse_instant(job["updatedAt"]) >= instant_of(_START):
                self._add(job, now)
        jobs = [job for job in self.exports.jobs(now) if (job["id"], job["updatedAt"]) not in self._statuses]
        self._statuses.update((job["id"], job["updatedAt"]) for job in jobs)
        self.steps.append(
            {
                "jobs": [Row(job) for job in jobs],
                **{stream: list(self._iter_rows(stream, jobs)) for stream in FILE_STREAMS},
                **{stream: self._list(name) for stream, name in LISTS.items()},
                "schedules": [Row(schedule) for schedule in self.exports.fixed_schedules or ()],
                "organization": self._list("organization"),
                "events": [Row(event) for event in self._add_events(now)],
            }
        )

    def _add(self, job: Job, now: datetime) -> None:
        files = {name: self._generated.open_file(job["id"], name, now=now) or () for name in job["files"]}
        bodies = {name: b"".join(pieces) for name, pieces in files.items()}
        self.exports.add_job(job["id"], job["updatedAt"], bodies, **job_fields(job))

    def _iter_rows(self, stream: str, jobs: list[Job]) -> Iterator[Row]:
        for job in sorted(jobs, key=lambda job: parse_instant(job["updatedAt"])):
            body = self.exports.open_file(job["id"], f"{stream}.jsonl", now=LATER) or b""
            lines = [line for line in body.split(b"\n") if line.endswith(b"}")]
            yield from (Row(json.loads(line), job) for line in lines)

    def _list(self, name: str) -> list[Row]:
        entries = copy.deepcopy(self.exports.lists[name])
        assert not isinstance(entries, bytes)
        return [Row(entry) for entry in (entries if isinstance(entries, list) else [entries])]

    def _add_events(self, now: datetime) -> list[Record]:
        """Add generated events with timestamps of today."""
        end, today = instant_of(now), instant_of(datetime.now(timezone.utc))
        query = EventQuery(end - 5 * HOUR, end, ENTITIES, end)
        lines = list(self._generated.events.iter_lines(query))[:_EVENT_COUNT]
        start = today - (4 - 2 * len(self.steps)) * HOUR
        events = [
            {**json.loads(line), "timestamp": format_instant(start + number * NANOSECONDS, digits=3)}
            for number, line in enumerate(lines)
        ]
        self.exports.events.add(*events)
        return events


def job_fields(job: Job) -> dict[str, Any]:
    """Return the fields of a job except id, `updatedAt` and files."""
    return {name: value for name, value in job.items() if name not in {"id", "updatedAt", "files"}}
