"""Rows of the reports on conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.contacts import Contact, read_contacts
from gladly_emulator.dataset.event_log import ASSIGNEE_UPDATED, NOTE_CREATED, Event, select
from gladly_emulator.dataset.organization import iter_strides
from gladly_emulator.dataset.report_context import Asked, count_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.conversation_history import History

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


def iter_conversation_events(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each event of a conversation in the window, in order of time."""
    for start, end in iter_strides(asked.query.start, asked.end):
        histories = asked.company.iter_active(start, end)
        events = (event for history in histories for event in history.events)
        told = (event for event in events if event.type.startswith("CONVERSATION"))
        yield from (_tell(asked, event) for event in select(told, start, end))


def _tell(asked: Asked, event: Event) -> Cells:
    content = event.content
    topic_id = content.get("topicId", "")
    new = content.get("assignee", {})
    return {
        "Timezone Filter": asked.query.zone_name,
        "Timestamp": asked.stamp(event.at),
        "Event Type": "NOTE/CREATED" if event.type == NOTE_CREATED else event.type,
        "Conversation ID": content["conversationId"],
        "Customer ID": content["customerId"],
        **asked.name_initiator(event.initiator),
        **asked.name_inbox(event.assignee, "Assigned Inbox {}"),
        **asked.name_agent(event.assignee, "Assigned Agent {}"),
        "Topic ID": topic_id,
        "Topic Name": asked.company.topic_names.get(topic_id, ""),
        **asked.name_inbox(new, "Newly Assigned Inbox {}"),
        **asked.name_agent(new, "Newly Assigned Agent {}"),
        "Assignment Update Reason": content.get("reason", ""),
    }


def iter_conversations(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each conversation that was created in the window, as it stood an hour ago."""
    inboxes = asked.query.filters.get("inboxes")
    for history in asked.company.iter_started(asked.query.start, asked.end):
        cells = _describe(asked, history)
        if not inboxes or cells["Inbox ID - Current"] in inboxes:
            yield cells


def _describe(asked: Asked, history: History) -> Cells:
    events = [event for event in history.events if event.at <= asked.seen]
    contacts = read_contacts(events)
    return {
        **asked.echo_filters(),
        "Conversation ID": history.conversation_id,
        "Customer ID": history.customer_id,
        "Conversation Link": _LINK.format(history.customer_id, history.conversation_id),
        **_describe_creation(asked, events[0]),
        **_describe_assignees(asked, events),
        **_describe_closing(asked, events),
        **_describe_topics(asked, events),
        **_describe_contacts(contacts),
        **_describe_payments(events),
        "Count of Notes": len(_of_type(events, NOTE_CREATED)),
        "Is FCR Success": _is_settled_at_once(events, contacts),
    }


def _of_type(events: list[Event], event_type: str) -> list[Event]:
    return [event for event in events if event.type == event_type]


def _describe_creation(asked: Asked, created: Event) -> Cells:
    return {
        "Created At": asked.stamp(created.at),
        "Initiator Type - Created": created.initiator["type"],
        **asked.name_inbox(created.assignee, "Inbox {} - Created"),
    }


def _describe_assignees(asked: Asked, events: list[Event]) -> Cells:
    changes = [event.content["assignee"] for event in _of_type(events, ASSIGNEE_UPDATED)]
    assignees = [events[0].assignee, *changes]
    return {
        **asked.name_inbox(assignees[-1], "Inbox {} - Current"),
        **asked.name_agent(assignees[-1], "Assigned Agent {} - Current"),
        "Count of Agents Assigned": len({each["agentId"] for each in assignees if "agentId" in each}),
        "Count of Inboxes Assigned": len({each["inboxId"] for each in assignees}),
        "Times Agent Unassigned by Rule": 0,
    }


def _describe_closing(asked: Asked, events: list[Event]) -> Cells:
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
    by = last.initiator
    agent = {"agentId": by["id"]} if by["type"] == "AGENT" else {}
    return cells | {
        "First Closed At": asked.stamp(first),
        "Last Closed At": asked.stamp(last.at),
        "Initiator Type - Last Closed": by["type"],
        **asked.name_agent(agent, "Initiator Agent {} - Last Closed"),
        **asked.name_inbox(last.assignee, "Inbox {} - Last Closed"),
        **asked.name_agent(last.assignee, "Assigned Agent {} - Last Closed"),
        "Created-to-First Closed Time in seconds": count_seconds(created, first),
        "Created-to-Last Closed Time in seconds": count_seconds(created, last.at),
        "Is FCR Eligible": True,
    }


def _describe_topics(asked: Asked, events: list[Event]) -> Cells:
    added = [event.content["topicId"] for event in _of_type(events, "CONVERSATION/TOPIC_ADDED")]
    removed = [event.content["topicId"] for event in _of_type(events, "CONVERSATION/TOPIC_REMOVED")]
    names, parents = asked.company.topic_names, asked.company.topic_parents
    topics = [topic for topic in dict.fromkeys(added) if added.count(topic) > removed.count(topic)]
    return {
        "Topics": ", ".join(names[topic] for topic in topics),
        "Topics with Hierarchy": ", ".join(f"{names[parents[topic]]} > {names[topic]}" for topic in topics),
        "Times Topic Added": len(added),
        "Times Topic Removed": len(removed),
    }


def _describe_contacts(contacts: list[Contact]) -> Cells:
    channels = [contact.channel for contact in contacts]
    first, second, third = (*channels, "", "", "")[:3]
    handled = [contact for contact in contacts if contact.accepted_at and contact.ended_at]
    time = sum((contact.ended_at or 0) - (contact.accepted_at or 0) for contact in handled)
    return {
        "First Contact ID": contacts[0].id if contacts else "",
        "First Channel": first,
        "Second Channel": second,
        "Third Channel": third,
        "Last Channel": channels[-1] if channels else "",
        "Conversation Handle Time in seconds": count_seconds(0, time) if handled else "",
        "Count of Contacts": len(contacts),
        "Count of Channels": len(set(channels)),
    }


def _describe_payments(events: list[Event]) -> Cells:
    cells: Cells = {}
    changes = [event.content for event in _of_type(events, "PAYMENT_REQUEST/STATUS_CHANGED")]
    for status in ("Completed", "Declined"):
        amounts = [each["context"]["monetaryUnit"] for each in changes if each["newStatus"] == status.upper()]
        cells[f"Payment Requests - {status}"] = len(amounts)
        cells[f"Payment Amount - {status} USD"] = f"{sum(amounts):.2f}" if amounts else 0
    return cells


def _is_settled_at_once(events: list[Event], contacts: list[Contact]) -> bool | None:
    if not _of_type(events, "CONVERSATION/CLOSED"):
        return None
    return len(contacts) == 1 and not _of_type(events, "CONVERSATION/REOPENED")
