"""Rows of the conversation export and conversation timestamps reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.contacts import Contact, contacts_from_events
from gladly_emulator.dataset.event_log import ASSIGNEE_UPDATED, NOTE_CREATED, Event, events_between
from gladly_emulator.dataset.organization import split_window
from gladly_emulator.dataset.report_context import ReportContext, count_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.conversation_history import ConversationHistory

Cells = dict[str, Any]

TIMESTAMPS_HEADER: Final = (
    "Timezone Filter",
    "Timestamp",
    "Event Type",
    "Conversation ID",
    "Customer ID",
    "Initiator Type",
    "Initiator ID",
    "Initiator Agent Name",
    "Assigned Inbox ID",
    "Assigned Inbox Name",
    "Assigned Agent ID",
    "Assigned Agent Name",
    "Topic ID",
    "Topic Name",
    "Newly Assigned Inbox ID",
    "Newly Assigned Inbox Name",
    "Newly Assigned Agent ID",
    "Newly Assigned Agent Name",
    "Assignment Update Reason",
    "Merged Customer ID",
    "Merged Conversation ID",
)
EXPORT_HEADER: Final = (
    "Timezone Filter",
    "Inboxes Filter",
    "Created At",
    "Conversation ID",
    "Customer ID",
    "Conversation Link",
    "Status",
    "Assigned Agent ID - Current",
    "Assigned Agent Name - Current",
    "Inbox ID - Current",
    "Inbox Name - Current",
    "First Closed At",
    "Last Closed At",
    "Initiator Type - Created",
    "Initiator Agent ID - Created",
    "Initiator Agent Name - Created",
    "Inbox ID - Created",
    "Inbox Name - Created",
    "Assigned Agent ID - Created",
    "Assigned Agent Name - Created",
    "Initiator Type - Last Closed",
    "Initiator Agent ID - Last Closed",
    "Initiator Agent Name - Last Closed",
    "Initiator Rule ID - Last Closed",
    "Inbox ID - Last Closed",
    "Inbox Name - Last Closed",
    "Assigned Agent ID - Last Closed",
    "Assigned Agent Name - Last Closed",
    "Topics",
    "Topics with Hierarchy",
    "First Contact ID",
    "First Channel",
    "Second Channel",
    "Third Channel",
    "Last Channel",
    "Created-to-First Closed Time in seconds",
    "Created-to-Last Closed Time in seconds",
    "Conversation Handle Time in seconds",
    "Is FCR Eligible",
    "Is FCR Success",
    "Merged Conversations",
    "Count of Contacts",
    "Count of Channels",
    "Count of Notes",
    "Count of Agents Assigned",
    "Count of Inboxes Assigned",
    "Times Agent Unassigned by Rule",
    "Times Closed",
    "Times Reopened",
    "Times Topic Added",
    "Times Topic Removed",
    "Payment Requests - Completed",
    "Payment Requests - Declined",
    "Payment Amount - Completed USD",
    "Payment Amount - Declined USD",
)
_LINK: Final = "https://brindlewick.us-1.gladly.com/customer/{}/conversation/{}"


def iter_conversation_events(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per conversation event in the window, in chronological order."""
    for start, end in split_window(context.query.start, context.end):
        histories = context.organization.iter_active(start, end)
        events = (event for history in histories for event in history.events)
        conversation_events = (event for event in events if event.type.startswith("CONVERSATION"))
        yield from (_event_row(context, event) for event in events_between(conversation_events, start, end))


def _event_row(context: ReportContext, event: Event) -> Cells:
    content = event.content
    topic_id = content.get("topicId", "")
    new = content.get("assignee", {})
    return {
        "Timezone Filter": context.query.zone_name,
        "Timestamp": context.format_time(event.at),
        "Event Type": "NOTE/CREATED" if event.type == NOTE_CREATED else event.type,
        "Conversation ID": content["conversationId"],
        "Customer ID": content["customerId"],
        **context.initiator_cells(event.initiator),
        **context.inbox_cells(event.assignee, "Assigned Inbox {}"),
        **context.agent_cells(event.assignee, "Assigned Agent {}"),
        "Topic ID": topic_id,
        "Topic Name": context.organization.topic_names.get(topic_id, ""),
        **context.inbox_cells(new, "Newly Assigned Inbox {}"),
        **context.agent_cells(new, "Newly Assigned Agent {}"),
        "Assignment Update Reason": content.get("reason", ""),
    }


def iter_conversations(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per conversation created in the window, as of one hour ago."""
    inboxes = context.query.filters.get("inboxes")
    for history in context.organization.iter_started(context.query.start, context.end):
        cells = _conversation_row(context, history)
        if not inboxes or cells["Inbox ID - Current"] in inboxes:
            yield cells


def _conversation_row(context: ReportContext, history: ConversationHistory) -> Cells:
    events = [event for event in history.events if event.at <= context.known_until]
    contacts = contacts_from_events(events)
    return {
        **context.filter_cells(),
        "Conversation ID": history.conversation_id,
        "Customer ID": history.customer_id,
        "Conversation Link": _LINK.format(history.customer_id, history.conversation_id),
        **_creation_cells(context, events[0]),
        **_assignee_cells(context, events),
        **_closing_cells(context, events),
        **_topic_cells(context, events),
        **_contact_cells(contacts),
        **_payment_cells(events),
        "Count of Notes": len(_of_type(events, NOTE_CREATED)),
        "Is FCR Success": _is_first_contact_resolution(events, contacts),
    }


def _of_type(events: list[Event], event_type: str) -> list[Event]:
    return [event for event in events if event.type == event_type]


def _creation_cells(context: ReportContext, created: Event) -> Cells:
    return {
        "Created At": context.format_time(created.at),
        "Initiator Type - Created": created.initiator["type"],
        **context.inbox_cells(created.assignee, "Inbox {} - Created"),
    }


def _assignee_cells(context: ReportContext, events: list[Event]) -> Cells:
    changes = [event.content["assignee"] for event in _of_type(events, ASSIGNEE_UPDATED)]
    assignees = [events[0].assignee, *changes]
    return {
        **context.inbox_cells(assignees[-1], "Inbox {} - Current"),
        **context.agent_cells(assignees[-1], "Assigned Agent {} - Current"),
        "Count of Agents Assigned": len({each["agentId"] for each in assignees if "agentId" in each}),
        "Count of Inboxes Assigned": len({each["inboxId"] for each in assignees}),
        "Times Agent Unassigned by Rule": 0,
    }


def _closing_cells(context: ReportContext, events: list[Event]) -> Cells:
    closed = _of_type(events, "CONVERSATION/CLOSED")
    reopened = _of_type(events, "CONVERSATION/REOPENED")
    cells: Cells = {
        "Status": "CLOSED" if len(closed) > len(reopened) else "OPEN",
        "Times Closed": len(closed),
        "Times Reopened": len(reopened),
    }
    if not closed:
        return cells
    created, first, last = events[0].at, closed[0].at, closed[-1]
    closed_by = last.initiator
    agent = {"agentId": closed_by["id"]} if closed_by["type"] == "AGENT" else {}
    return cells | {
        "First Closed At": context.format_time(first),
        "Last Closed At": context.format_time(last.at),
        "Initiator Type - Last Closed": closed_by["type"],
        **context.agent_cells(agent, "Initiator Agent {} - Last Closed"),
        **context.inbox_cells(last.assignee, "Inbox {} - Last Closed"),
        **context.agent_cells(last.assignee, "Assigned Agent {} - Last Closed"),
        "Created-to-First Closed Time in seconds": count_seconds(created, first),
        "Created-to-Last Closed Time in seconds": count_seconds(created, last.at),
        "Is FCR Eligible": True,
    }


def _topic_cells(context: ReportContext, events: list[Event]) -> Cells:
    added = [event.content["topicId"] for event in _of_type(events, "CONVERSATION/TOPIC_ADDED")]
    removed = [event.content["topicId"] for event in _of_type(events, "CONVERSATION/TOPIC_REMOVED")]
    names, parents = context.organization.topic_names, context.organization.topic_parents
    topics = [topic for topic in dict.fromkeys(added) if added.count(topic) > removed.count(topic)]
    return {
        "Topics": ", ".join(names[topic] for topic in topics),
        "Topics with Hierarchy": ", ".join(f"{names[parents[topic]]} > {names[topic]}" for topic in topics),
        "Times Topic Added": len(added),
        "Times Topic Removed": len(removed),
    }


def _contact_cells(contacts: list[Contact]) -> Cells:
    channels = [contact.channel for contact in contacts]
    first, second, third = (*channels, "", "", "")[:3]
    handled = [contact for contact in contacts if contact.accepted_at and contact.ended_at]
    handle_time = sum((contact.ended_at or 0) - (contact.accepted_at or 0) for contact in handled)
    return {
        "First Contact ID": contacts[0].id if contacts else "",
        "First Channel": first,
        "Second Channel": second,
        "Third Channel": third,
        "Last Channel": channels[-1] if channels else "",
        "Conversation Handle Time in seconds": count_seconds(0, handle_time) if handled else "",
        "Count of Contacts": len(contacts),
        "Count of Channels": len(set(channels)),
    }


def _payment_cells(events: list[Event]) -> Cells:
    cells: Cells = {}
    changes = [event.content for event in _of_type(events, "PAYMENT_REQUEST/STATUS_CHANGED")]
    for status in ("Completed", "Declined"):
        amounts = [each["context"]["monetaryUnit"] for each in changes if each["newStatus"] == status.upper()]
        cells[f"Payment Requests - {status}"] = len(amounts)
        cells[f"Payment Amount - {status} USD"] = f"{sum(amounts):.2f}" if amounts else 0
    return cells


def _is_first_contact_resolution(events: list[Event], contacts: list[Contact]) -> bool | None:
    if not _of_type(events, "CONVERSATION/CLOSED"):
        return None
    return len(contacts) == 1 and not _of_type(events, "CONVERSATION/REOPENED")
