"""The interface between the server and a dataset: what the server asks for and what it gets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from gladly_emulator.timestamps import DAY, HOUR, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

Record = dict[str, Any]
Job = dict[str, Any]
FileContent = bytes | Iterator[bytes]
Lists = dict[str, list[Record] | Record | bytes]
"""What each reference list endpoint returns, by its name in the path. The server sends bytes unchanged."""

LIST_NAMES: Final = (
    "agents",
    "audiences",
    "business-hours",
    "inboxes",
    "organization",
    "teams",
    "topics",
)
RETENTION: Final = 14 * DAY
ROW_CAP: Final = 100_000
CSV: Final = "text/csv"


class EventQuery(NamedTuple):
    """An events request. `start` and `end` are inclusive; `now` is the time of the request."""

    start: int
    end: int
    entities: Collection[str]
    now: int


@dataclass(frozen=True)
class ReportQuery:
    """A report request.

    Attributes:
        metric_set: The report's name.
        start: Start of the window, in nanoseconds since 1970.
        end: End of the window, exclusive: the end of the day or minute that the request names.
        zone_name: The requested time zone's name; UTC for a window in minutes.
        zone: That time zone.
        aggregation_level: The level of an aggregated report (`daily` by default), else empty.
        filters: The request's filters, unchanged.
        now: The time of the request, in nanoseconds since 1970.
        document: The request's whole JSON object.
    """

    metric_set: str
    start: int
    end: int
    zone_name: str
    zone: tzinfo
    aggregation_level: str
    filters: Mapping[str, Any]
    now: int
    document: Mapping[str, Any]

    @property
    def file_name(self) -> str:
        """The file name under which a browser saves the report."""
        first, last = self.document.get("startAt"), self.document.get("endAt")
        span = f"_{first}_{last}" if first else ""
        return f"{self.metric_set}{span}.csv"


class ReportTable(NamedTuple):
    """A report's header and rows. Without rows, the header is omitted unless `keeps_header` is set."""

    header: Sequence[str]
    rows: Iterable[Sequence[Any]]
    keeps_header: bool = False


class RawReport(NamedTuple):
    """A report as a response body, which the server sends unchanged."""

    body: bytes
    content_type: str = CSV


class Events(Protocol):
    """An organization's events."""

    def iter_lines(self, query: EventQuery) -> Iterator[bytes]:
        """Yield each requested event as a line that ends with a line feed."""


class Reports(Protocol):
    """An organization's reports.

    Attributes:
        row_cap: The maximum number of rows in a report. Further rows are silently cut off.
    """

    row_cap: int

    def make(self, query: ReportQuery) -> ReportTable | RawReport:
        """Return the requested report."""


class Exports(Protocol):
    """An organization's export jobs, lists, reports and events."""

    @property
    def raw_job_list(self) -> bytes | None:
        """A body that the job list endpoint returns instead of the jobs."""

    @property
    def lists(self) -> Lists:
        """The reference lists."""

    @property
    def reports(self) -> Reports:
        """The reports."""

    @property
    def events(self) -> Events:
        """The events."""

    def jobs(self, now: datetime) -> list[Job]:
        """Return every job that the API lists at this time."""

    def schedules(self, now: datetime) -> list[Record]:
        """Return the export schedules."""

    def open_file(self, job_id: str, name: str, *, now: datetime) -> FileContent | None:
        """Return the content of a job's file, whole or in chunks, or None if there is no such file."""

    def remove_job(self, job_id: str) -> None:
        """Delete a job and its files."""


def hourly_schedule(schedule_id: str, next_start: int) -> Record:
    """Return an hourly export schedule whose next job's window starts at this instant."""
    return {
        "id": schedule_id,
        "frequency": "HOURLY",
        "type": "CONVERSATIONS",
        "nextStartAt": format_instant(next_start),
        "updatedAt": format_instant(next_start + HOUR, digits=3),
    }


def is_updated_within(job: Job, start: int | None, end: int | None) -> bool:
    """Return whether `updatedAt` is within these inclusive bounds. An invalid `updatedAt` always is."""
    try:
        updated = parse_instant(str(job.get("updatedAt")))
    except ValueError:
        return True
    return (start is None or updated >= start) and (end is None or updated <= end)


def entity_of(event_type: str) -> str:
    """Return the entity that clients request to get events of this type."""
    entity = event_type.partition("/")[0]
    # Gladly documents no entity CONVERSATION_ASSIGNEE and doesn't say which entity returns these events.
    return "CONVERSATION" if entity == "CONVERSATION_ASSIGNEE" else entity
