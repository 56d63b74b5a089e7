"""Rows of the reports on when agents are at their desks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.event_log import Event, select
from gladly_emulator.timestamps import DAY, NANOSECONDS, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.agent_shifts import Shift, Span
    from gladly_emulator.dataset.report_context import Asked

Cells = dict[str, Any]

TIMESTAMPS_HEADER: Final = (
    "Timestamp",
    "Occurred At",
    "Agent",
    "Agent ID",
    "Type",
    "Available For",
    "Away Reason",
    "Active Reason",
)
DURATIONS_HEADER: Final = (
    "Agent ID",
    "Agent",
    "Start time",
    "End time",
    "Duration (mins)",
    "Type",
    "Context",
)


def iter_agent_events(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each event of an agent in the window, in order of time."""
    for start in range(asked.query.start // DAY * DAY, asked.end, DAY):
        events = (event for shift in _iter_shifts(asked, start, start + DAY) for event in shift.list_events())
        yield from (_tell(asked, event) for event in select(events, asked.query.start, asked.end))


def _tell(asked: Asked, event: Event) -> Cells:
    content = event.content
    available = content.get("availableFor")
    return {
        "Timestamp": asked.stamp(event.at),
        "Occurred At": asked.stamp(parse_instant(content["occurredAt"])),
        "Agent": asked.company.agent_names[content["agentId"]],
        "Agent ID": content["agentId"],
        "Type": event.type,
        "Available For": "" if available is None else f"[{', '.join(available) or ' '}]",
        "Away Reason": content.get("awayReason", {}).get("name", ""),
        "Active Reason": content.get("activeReason", {}).get("name", ""),
    }


def iter_durations(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each time at or away from the desk that began in the window; the last may go on."""
    for shift in _iter_shifts(asked, asked.query.start, asked.end):
        for span in shift.list_spans():
            if asked.query.start <= span.start < asked.end:
                yield _describe(asked, span)


def _iter_shifts(asked: Asked, start: int, end: int) -> Iterator[Shift]:
    """Yield the shifts of the agents asked for."""
    teams = asked.query.filters.get("teams")
    members = asked.company.rooms.list_members(teams) if teams else None
    for shift in asked.company.iter_shifts(start, end):
        if members is None or shift.agent_id in members:
            yield shift


def _describe(asked: Asked, span: Span) -> Cells:
    ended = span.end <= asked.seen
    return {
        "Agent ID": span.agent_id,
        "Agent": asked.company.agent_names[span.agent_id],
        "Start time": asked.stamp(span.start),
        "End time": asked.stamp(span.end) if ended else "",
        "Duration (mins)": f"{(span.end - span.start) / NANOSECONDS / 60:.3f}" if ended else "",
        "Type": span.type,
        "Context": span.context if ended or span.type == "ACTIVE" else "",
    }
