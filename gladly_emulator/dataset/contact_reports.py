"""Rows of the contact, work session and AI session reports."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.contacts import Contact, contacts_from_events
from gladly_emulator.dataset.event_log import FULFILLED_BY, Event, events_between
from gladly_emulator.dataset.organization import split_window
from gladly_emulator.dataset.report_context import ReportContext, count_seconds
from gladly_emulator.dataset.seeding import make_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gladly_emulator.dataset.conversation_history import ConversationHistory

Cells = dict[str, Any]

TIMESTAMPS_HEADER: Final = (
    "Timezone Filter",
    "Timestamp",
    "Event Type",
    "Contact ID",
    "Conversation ID",
    "Customer ID",
    "Channel",
    "Initiator Type",
    "Initiator ID",
    "Initiator Agent Name",
    "Assigned Inbox ID",
    "Assigned Inbox Name",
    "Assigned Agent ID",
    "Assigned Agent Name",
    "Transferred To Inbox Name",
    "Final IVR Selection",
    "Fulfilled by Contact ID",
)
# The first ten columns are known. Gladly doesn't publish the others, so the rest are guesses.
EXPORT_HEADER: Final = (
    "Queued At",
    "Customer ID",
    "Conversation ID",
    "Contact ID",
    "Link",
    "Channel",
    "Direction",
    "Contact Initiator",
    "Entry Point",
    "Final IVR Selection",
    "Inbox ID",
    "Inbox Name",
    "Agent ID",
    "Agent Name",
    "Fulfilled At",
    "Ended At",
    "Status",
)
WORK_HEADER: Final = (
    "id",
    "contact_session_id",
    "contact_session_created_at",
    "customer_id",
    "conversation_id",
    "inbox_id",
    "channel",
    "direction",
    "agent_accepted_at",
    "contact_session_routed_at",
    "agent_id",
    "sla_fulfilled_at",
    "contact_session_ended_at",
    "status",
    "within_sla",
    "work_session_handle_time_sec",
    "work_session_after_contact_time_sec",
    "work_session_unknown_time_sec",
    "accepted_inbox_id",
)
# The first and last column names are known. Gladly doesn't publish the others, so the rest are guesses.
SESSIONS_HEADER: Final = (
    "Session ID",
    "Session Created At",
    "Customer ID",
    "Conversation ID",
    "Channel",
    "Gladly Agent",
)
_CHANNEL_FILTERS: Final = {
    "chat": ("CHAT",),
    "email": ("EMAIL",),
    "fbMessenger": ("FB_MESSENGER",),
    "sms": ("SMS",),
    "twitter": (),
    "voice": ("PHONE_CALL", "VOICEMAIL"),
    "whatsapp": ("WHATSAPP",),
    "instagramDirect": ("INSTAGRAM_DIRECT",),
}
_SLA_SECONDS: Final = {"CHAT": 120, "PHONE_CALL": 60, "EMAIL": 14_400}
_OTHER_SLA_SECONDS: Final = 900


def iter_contact_events(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per contact event in the window, in chronological order."""
    for start, end in split_window(context.query.start, context.end):
        histories = context.organization.iter_active(start, end)
        events = (event for history in histories for event in history.events)
        contact_events = (
            event for event in events if event.type.startswith(("CONTACT/", "PAYMENT_REQUEST/"))
        )
        yield from (_event_row(context, event) for event in events_between(contact_events, start, end))


def _event_row(context: ReportContext, event: Event) -> Cells:
    content = event.content
    transferred = content.get("assignee", {})
    return {
        "Timezone Filter": context.query.zone_name,
        "Timestamp": context.format_time(event.at),
        "Event Type": event.type.replace("STATUS_CHANGED", "CHANGED"),
        "Contact ID": content["contactId"],
        "Conversation ID": content["conversationId"],
        "Customer ID": content["customerId"],
        "Channel": content.get("channel", ""),
        **context.initiator_cells(event.initiator),
        **context.inbox_cells(event.assignee, "Assigned Inbox {}"),
        **context.agent_cells(event.assignee, "Assigned Agent {}"),
        **context.inbox_cells(transferred, "Transferred To Inbox {}"),
        "Final IVR Selection": content.get("finalIVRSelection", ""),
        "Fulfilled by Contact ID": content.get(FULFILLED_BY, ""),
    }


def iter_contacts(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per contact queued in the window, as of one hour ago."""
    channels = _CHANNEL_FILTERS.get(context.query.filters.get("channel", ""))
    inboxes = context.query.filters.get("inboxes")
    for history, contact in _iter_contacts(context, _queued_at):
        if channels is not None and contact.channel not in channels:
            continue
        if not inboxes or contact.inbox_id in inboxes:
            yield _contact_row(context, history, contact)


def _iter_contacts(
    context: ReportContext, anchor: Callable[[Contact], int]
) -> Iterator[tuple[ConversationHistory, Contact]]:
    """Yield every contact whose anchor time is in the window."""
    for start, end in split_window(context.query.start, context.end):
        for history in context.organization.iter_active(start, end):
            for contact in contacts_from_events(
                event for event in history.events if event.at <= context.known_until
            ):
                if start <= anchor(contact) < end:
                    yield history, contact


def _queued_at(contact: Contact) -> int:
    return contact.started.at


def _ended_or_queued_at(contact: Contact) -> int:
    return contact.started.at if contact.ended_at is None else contact.ended_at


def _contact_row(context: ReportContext, history: ConversationHistory, contact: Contact) -> Cells:
    started = contact.started.content
    abandoned = contact.status == "ABANDONED"
    return {
        "Queued At": context.format_time(contact.started.at),
        "Customer ID": history.customer_id,
        "Conversation ID": history.conversation_id,
        "Contact ID": contact.id,
        "Link": "https://brindlewick.us-1.gladly.com/",
        "Channel": "ABANDONED_CALL" if abandoned else contact.channel,
        "Direction": contact.direction,
        "Contact Initiator": contact.started.initiator["type"],
        "Entry Point": started.get("entryPoint", ""),
        "Final IVR Selection": started.get("finalIVRSelection", ""),
        **context.inbox_cells({"inboxId": contact.inbox_id}, "Inbox {}"),
        **context.agent_cells({"agentId": contact.agent_id}, "Agent {}"),
        "Fulfilled At": context.format_time(contact.fulfilled_at),
        "Ended At": context.format_time(contact.ended_at),
        "Status": contact.status,
    }


def iter_work_sessions(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per contact and agent. An open contact has one row, at its start time, with no agent."""
    for history, contact in _iter_contacts(context, _ended_or_queued_at):
        agents = list(dict.fromkeys((contact.agent_id, *contact.colleagues)))
        for agent_id in agents if contact.ended_at is not None else [""]:
            yield _work_session_row(context, history, contact, agent_id=agent_id)


def _work_session_row(
    context: ReportContext, history: ConversationHistory, contact: Contact, *, agent_id: str
) -> Cells:
    cells: Cells = {
        "contact_session_id": contact.id,
        "contact_session_created_at": context.format_time(contact.started.at),
        "customer_id": history.customer_id,
        "conversation_id": history.conversation_id,
        "inbox_id": contact.inbox_id,
        "channel": contact.channel,
        "direction": contact.direction,
    }
    if contact.ended_at is None:
        return cells
    cells |= {
        "id": make_id(f"{contact.id} work {agent_id}"),
        "agent_id": agent_id,
        "contact_session_ended_at": context.format_time(contact.ended_at),
        "status": contact.status,
    }
    return cells | _handling_cells(context, contact) if agent_id == contact.agent_id else cells


def _handling_cells(context: ReportContext, contact: Contact) -> Cells:
    """Return the cells that only the agent who accepted the contact has."""
    limit = _SLA_SECONDS.get(contact.channel, _OTHER_SLA_SECONDS)
    waited = count_seconds(contact.started.at, contact.fulfilled_at)
    return {
        "agent_accepted_at": context.format_time(contact.accepted_at),
        "contact_session_routed_at": context.format_time(contact.offered_at),
        "sla_fulfilled_at": context.format_time(contact.fulfilled_at),
        "within_sla": float(waited) <= limit if waited else None,
        "work_session_handle_time_sec": count_seconds(contact.accepted_at, contact.ended_at),
        "work_session_after_contact_time_sec": zlib.crc32(contact.id.encode()) % 40,
        "work_session_unknown_time_sec": 0,
        "accepted_inbox_id": contact.accepted_inbox_id,
    }


def iter_sessions(context: ReportContext) -> Iterator[Cells]:
    """Yield one row per bot session that starts in the window."""
    for history in context.organization.iter_started(context.query.start, context.end):
        session = history.session
        if session is not None and session.at < context.end:
            yield {
                "Session ID": session.id,
                "Session Created At": context.format_time(session.at),
                "Customer ID": history.customer_id,
                "Conversation ID": history.conversation_id,
                "Channel": session.channel,
                "Gladly Agent": "Wick",
            }
