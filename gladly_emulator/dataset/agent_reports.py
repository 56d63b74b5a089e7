"""Rows of the agent timestamps and agent durations reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.event_log import Event, events_between
from gladly_emulator.timestamps import DAY, NANOSECONDS, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.agent_shifts import Shift, Span
    from gladly_emulator.dataset.report_context import ReportContext

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


def iter_agent_events(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per agent event in the window, in chronological order."""
    for start in range(context.query.start // DAY * DAY, context.end, DAY):
        events = (
            event for shift in _iter_shifts(context, start, start + DAY) for event in shift.list_events()
        )
        yield from (
            _event_row(context, event) for event in events_between(events, context.query.start, context.end)
        )


def _event_row(context: ReportContext, event: Event) -> Cells:
    content = event.content
    available = content.get("availableFor")
    return {
        "Timestamp": context.format_time(event.at),
        "Occurred At": context.format_time(parse_instant(content["occurredAt"])),
        "Agent": context.organization.agent_names[content["agentId"]],
        "Agent ID": content["agentId"],
        "Type": event.type,
        "Available For": "" if available is None else f"[{', '.join(available) or ' '}]",
        "Away Reason": content.get("awayReason", {}).get("name", ""),
        "Active Reason": content.get("activeReason", {}).get("name", ""),
    }


def iter_durations(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per active or away period that starts in the window. The last one may not have ended."""
    for shift in _iter_shifts(context, context.query.start, context.end):
        for span in shift.list_spans():
            if context.query.start <= span.start < context.end:
                yield _duration_row(context, span)


def _iter_shifts(context: ReportContext, start: int, end: int) -> Iterator[Shift]:
    """Yield the shifts of the agents that match the teams filter."""
    teams = context.query.filters.get("teams")
    members = context.organization.reference_data.list_members(teams) if teams else None
    for shift in context.organization.iter_shifts(start, end):
        if members is None or shift.agent_id in members:
            yield shift


def _duration_row(context: ReportContext, span: Span) -> Cells:
    ended = span.end <= context.known_until
    return {
        "Agent ID": span.agent_id,
        "Agent": context.organization.agent_names[span.agent_id],
        "Start time": context.format_time(span.start),
        "End time": context.format_time(span.end) if ended else "",
        "Duration (mins)": f"{(span.end - span.start) / NANOSECONDS / 60:.3f}" if ended else "",
        "Type": span.type,
        "Context": span.context if ended or span.type == "ACTIVE" else "",
    }
