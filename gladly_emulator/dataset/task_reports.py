"""Rows of the reports on tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.event_log import Event, select
from gladly_emulator.dataset.organization import iter_strides
from gladly_emulator.dataset.report_context import Asked, count_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.directory import Record
    from gladly_emulator.dataset.tasks import Task

Cells = dict[str, Any]

# Gladly publishes no header of either report: these follow those of conversations.
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


def iter_task_events(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each event of a task in the window, in order of time."""
    for start, end in iter_strides(asked.query.start, asked.end):
        events = (event for task in asked.company.iter_tasks(start, end) for event in task.events)
        yield from (_tell(asked, event) for event in select(events, start, end))


def _tell(asked: Asked, event: Event) -> Cells:
    content = event.content
    new = content.get("assignee", {})
    before = content["context"]["assignee"]
    return {
        "Timezone Filter": asked.query.zone_name,
        "Timestamp": asked.stamp(event.at),
        "Event Type": event.type,
        "Task ID": content["taskId"],
        "Customer ID": content["customerId"],
        **asked.name_initiator(event.initiator),
        **asked.name_inbox(before, "Assigned Inbox {}"),
        **asked.name_agent(before, "Assigned Agent {}"),
        **asked.name_inbox(new, "Newly Assigned Inbox {}"),
        **asked.name_agent(new, "Newly Assigned Agent {}"),
    }


def iter_tasks(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each task that was created in the window, as it stood an hour ago."""
    for start, end in iter_strides(asked.query.start, asked.end):
        for task in asked.company.iter_tasks(start, end):
            if start <= task.events[0].at < end:
                events = [event for event in task.events if event.at <= asked.seen]
                assignee = _find_assignee(events)
                if _is_asked_for(asked, assignee):
                    yield _describe(asked, task, events, assignee=assignee)


def _find_assignee(events: list[Event]) -> Record:
    assignee: Record = events[0].content["context"]["assignee"]
    for event in events:
        assignee = event.content.get("assignee", assignee)
    return assignee


def _is_asked_for(asked: Asked, assignee: Record) -> bool:
    inboxes, teams = (asked.query.filters.get(name) for name in ("inboxes", "teams"))
    if inboxes and assignee["inboxId"] not in inboxes:
        return False
    return not teams or assignee["agentId"] in asked.company.rooms.list_members(teams)


def _describe(asked: Asked, task: Task, events: list[Event], *, assignee: Record) -> Cells:
    last = max((event for event in events if event.type in _STATUSES), key=lambda event: event.at)
    closed_at = last.at if last.type == "TASK/CLOSED" else None
    types = [event.type for event in events]
    return {
        **asked.echo_filters(),
        "Created At": asked.stamp(events[0].at),
        "Task ID": task.id,
        "Customer ID": task.customer_id,
        "Task Link": _LINK.format(task.customer_id, task.id),
        "Status": _STATUSES[last.type],
        "Due At": asked.stamp(task.due_at),
        "Closed At": asked.stamp(closed_at),
        **asked.name_inbox(assignee, "Inbox {} - Current"),
        **asked.name_agent(assignee, "Assigned Agent {} - Current"),
        **asked.name_agent({"agentId": events[0].initiator["id"]}, "Initiator Agent {} - Created"),
        "Created-to-Closed Time in seconds": count_seconds(events[0].at, closed_at),
        "Count of Comments": types.count("TASK/COMMENT_ADDED"),
        "Times Reopened": types.count("TASK/REOPENED"),
    }
