"""What the server asks of a dataset, and the form in which a dataset answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator.timestamps import DAY, HOUR, format_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import tzinfo

Record = dict[str, Any]
Job = dict[str, Any]
Lists = dict[str, list[Record] | Record | bytes]
"""What each reference list endpoint returns, by its name in the path. The server sends bytes unchanged."""

RETENTION: Final = 14 * DAY
ROW_CAP: Final = 100_000


def hourly_schedule(schedule_id: str, next_start: int) -> Record:
    """Return an hourly export schedule whose next job's window starts at this instant."""
    return {
        "id": schedule_id,
        "frequency": "HOURLY",
        "type": "CONVERSATIONS",
        "nextStartAt": format_instant(next_start),
        "updatedAt": format_instant(next_start + HOUR, digits=3),
    }


class EventQuery(NamedTuple):
    """An events request. `start` and `end` are inclusive; `now` is the time of the request."""

    start: int
    end: int
    entities: Collection[str]
    now: int


def entity_of(event_type: str) -> str:
    """Return the entity that clients request to get events of this type."""
    entity = event_type.partition("/")[0]
    # Gladly documents no entity CONVERSATION_ASSIGNEE, and not which entity returns these events.
    return "CONVERSATION" if entity == "CONVERSATION_ASSIGNEE" else entity


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


class Sheet(NamedTuple):
    """A report's header and rows. Without rows, the header is omitted unless `keeps_header` is set."""

    header: Sequence[str]
    rows: Iterable[Sequence[Any]]
    keeps_header: bool = False
