"""Rows of the task export and task timestamps reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.event_log import Event, events_between
from gladly_emulator.dataset.organization import split_window
from gladly_emulator.dataset.report_context import ReportContext, count_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.interface import Record
    from gladly_emulator.dataset.tasks import Task

Cells = dict[str, Any]

# Gladly publishes the header of neither report. These follow the conversation reports.
TIMESTAMPS_HEADER: Final = (
    "Timezone Filter",
    "Timestamp",
    "Event Type",
    "Task ID",
    "Customer ID",
    "Initiator Type",
    "Initiator ID",
    "Initiator Agent Name",
    "Assigned Inbox ID",
    "Assigned Inbox Name",
    "Assigned Agent ID",
    "Assigned Agent Name",
    "Newly Assigned Inbox ID",
    "Newly Assigned Inbox Name",
    "Newly Assigned Agent ID",
    "Newly Assigned Agent Name",
)
EXPORT_HEADER: Final = (
    "Timezone Filter",
    "Inboxes Filter",
    "Created At",
    "Task ID",
    "Customer ID",
    "Task Link",
    "Status",
    "Due At",
    "Closed At",
    "Inbox ID - Current",
    "Inbox Name - Current",
    "Assigned Agent ID - Current",
    "Assigned Agent Name - Current",
    "Initiator Agent ID - Created",
    "Initiator Agent Name - Created",
    "Created-to-Closed Time in seconds",
    "Count of Comments",
    "Times Reopened",
)
_STATUSES: Final = {"TASK/CREATED": "OPEN", "TASK/REOPENED": "OPEN", "TASK/CLOSED": "CLOSED"}
_LINK: Final = "https://brindlewick.us-1.gladly.com/customer/{}/task/{}"


def iter_task_events(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per task event in the window, in chronological order."""
    for start, end in split_window(context.query.start, context.end):
        events = (event for task in context.organization.iter_tasks(start, end) for event in task.events)
        yield from (_event_row(context, event) for event in events_between(events, start, end))


def _event_row(context: ReportContext, event: Event) -> Cells:
    content = event.content
    new = content.get("assignee", {})
    before = content["context"]["assignee"]
    return {
        "Timezone Filter": context.query.zone_name,
        "Timestamp": context.format_time(event.at),
        "Event Type": event.type,
        "Task ID": content["taskId"],
        "Customer ID": content["customerId"],
        **context.initiator_cells(event.initiator),
        **context.inbox_cells(before, "Assigned Inbox {}"),
        **context.agent_cells(before, "Assigned Agent {}"),
        **context.inbox_cells(new, "Newly Assigned Inbox {}"),
        **context.agent_cells(new, "Newly Assigned Agent {}"),
    }


def iter_tasks(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per task created in the window, as of one hour ago."""
    for start, end in split_window(context.query.start, context.end):
        for task in context.organization.iter_tasks(start, end):
            if start <= task.events[0].at < end:
                events = [event for event in task.events if event.at <= context.known_until]
                assignee = _find_assignee(events)
                if _matches_filters(context, assignee):
                    yield _task_row(context, task, events, assignee=assignee)


def _find_assignee(events: list[Event]) -> Record:
    assignee: Record = events[0].content["context"]["assignee"]
    for event in events:
        assignee = event.content.get("assignee", assignee)
    return assignee


def _matches_filters(context: ReportContext, assignee: Record) -> bool:
    inboxes, teams = (context.query.filters.get(name) for name in ("inboxes", "teams"))
    if inboxes and assignee["inboxId"] not in inboxes:
        return False
    return not teams or assignee["agentId"] in context.organization.reference_data.list_members(teams)


def _task_row(context: ReportContext, task: Task, events: list[Event], *, assignee: Record) -> Cells:
    last = max((event for event in events if event.type in _STATUSES), key=lambda event: event.at)
    closed_at = last.at if last.type == "TASK/CLOSED" else None
    types = [event.type for event in events]
    return {
        **context.filter_cells(),
        "Created At": context.format_time(events[0].at),
        "Task ID": task.id,
        "Customer ID": task.customer_id,
        "Task Link": _LINK.format(task.customer_id, task.id),
        "Status": _STATUSES[last.type],
        "Due At": context.format_time(task.due_at),
        "Closed At": context.format_time(closed_at),
        **context.inbox_cells(assignee, "Inbox {} - Current"),
        **context.agent_cells(assignee, "Assigned Agent {} - Current"),
        **context.agent_cells({"agentId": events[0].initiator["id"]}, "Initiator Agent {} - Created"),
        "Created-to-Closed Time in seconds": count_seconds(events[0].at, closed_at),
        "Count of Comments": types.count("TASK/COMMENT_ADDED"),
        "Times Reopened": types.count("TASK/REOPENED"),
    }
