"""Rows of the reports on contacts, on the agents' work in them, and on the bot's sessions."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.contacts import Contact, read_contacts
from gladly_emulator.dataset.directory import make_id
from gladly_emulator.dataset.event_log import FULFILLED_BY, Event, select
from gladly_emulator.dataset.organization import iter_strides
from gladly_emulator.dataset.report_context import Asked, count_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gladly_emulator.dataset.conversation_history import History

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
# The first ten are known; Gladly does not publish the others.
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
# The first and the last are known names of columns; Gladly does not publish the others.
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


def iter_contact_events(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each event of a contact in the window, in order of time."""
    for start, end in iter_strides(asked.query.start, asked.end):
        histories = asked.company.iter_active(start, end)
        events = (event for history in histories for event in history.events)
        told = (event for event in events if event.type.startswith(("CONTACT/", "PAYMENT_REQUEST/")))
        yield from (_tell(asked, event) for event in select(told, start, end))


def _tell(asked: Asked, event: Event) -> Cells:
    content = event.content
    transferred = content.get("assignee", {})
    return {
        "Timezone Filter": asked.query.zone_name,
        "Timestamp": asked.stamp(event.at),
        "Event Type": event.type.replace("STATUS_CHANGED", "CHANGED"),
        "Contact ID": content["contactId"],
        "Conversation ID": content["conversationId"],
        "Customer ID": content["customerId"],
        "Channel": content.get("channel", ""),
        **asked.name_initiator(event.initiator),
        **asked.name_inbox(event.assignee, "Assigned Inbox {}"),
        **asked.name_agent(event.assignee, "Assigned Agent {}"),
        **asked.name_inbox(transferred, "Transferred To Inbox {}"),
        "Final IVR Selection": content.get("finalIVRSelection", ""),
        "Fulfilled by Contact ID": content.get(FULFILLED_BY, ""),
    }


def iter_contacts(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each contact that was queued in the window, as it stood an hour ago."""
    channels = _CHANNEL_FILTERS.get(asked.query.filters.get("channel", ""))
    inboxes = asked.query.filters.get("inboxes")
    for history, contact in _iter_contacts(asked, _queued_at):
        if channels is not None and contact.channel not in channels:
            continue
        if not inboxes or contact.inbox_id in inboxes:
            yield _describe(asked, history, contact)


def _iter_contacts(asked: Asked, anchor: Callable[[Contact], int]) -> Iterator[tuple[History, Contact]]:
    """Yield every contact whose anchor is in the window."""
    for start, end in iter_strides(asked.query.start, asked.end):
        for history in asked.company.iter_active(start, end):
            for contact in read_contacts(event for event in history.events if event.at <= asked.seen):
                if start <= anchor(contact) < end:
                    yield history, contact


def _queued_at(contact: Contact) -> int:
    return contact.started.at


def _ended_or_queued_at(contact: Contact) -> int:
    return contact.started.at if contact.ended_at is None else contact.ended_at


def _describe(asked: Asked, history: History, contact: Contact) -> Cells:
    started = contact.started.content
    abandoned = contact.status == "ABANDONED"
    return {
        "Queued At": asked.stamp(contact.started.at),
        "Customer ID": history.customer_id,
        "Conversation ID": history.conversation_id,
        "Contact ID": contact.id,
        "Link": "https://brindlewick.us-1.gladly.com/",
        "Channel": "ABANDONED_CALL" if abandoned else contact.channel,
        "Direction": contact.direction,
        "Contact Initiator": contact.started.initiator["type"],
        "Entry Point": started.get("entryPoint", ""),
        "Final IVR Selection": started.get("finalIVRSelection", ""),
        **asked.name_inbox({"inboxId": contact.inbox_id}, "Inbox {}"),
        **asked.name_agent({"agentId": contact.agent_id}, "Agent {}"),
        "Fulfilled At": asked.stamp(contact.fulfilled_at),
        "Ended At": asked.stamp(contact.ended_at),
        "Status": contact.status,
    }


def iter_work_sessions(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each contact and agent; an open contact has one, at its start and without an agent."""
    for history, contact in _iter_contacts(asked, _ended_or_queued_at):
        agents = list(dict.fromkeys((contact.agent_id, *contact.colleagues)))
        for agent_id in agents if contact.ended_at is not None else [""]:
            yield _describe_work(asked, history, contact, agent_id=agent_id)


def _describe_work(asked: Asked, history: History, contact: Contact, *, agent_id: str) -> Cells:
    cells: Cells = {
        "contact_session_id": contact.id,
        "contact_session_created_at": asked.stamp(contact.started.at),
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
        "contact_session_ended_at": asked.stamp(contact.ended_at),
        "status": contact.status,
    }
    return cells | _describe_handling(asked, contact) if agent_id == contact.agent_id else cells


def _describe_handling(asked: Asked, contact: Contact) -> Cells:
    """Return the cells of the agent who took the contact."""
    limit = _SLA_SECONDS.get(contact.channel, _OTHER_SLA_SECONDS)
    waited = count_seconds(contact.started.at, contact.fulfilled_at)
    return {
        "agent_accepted_at": asked.stamp(contact.accepted_at),
        "contact_session_routed_at": asked.stamp(contact.offered_at),
        "sla_fulfilled_at": asked.stamp(contact.fulfilled_at),
        "within_sla": float(waited) <= limit if waited else None,
        "work_session_handle_time_sec": count_seconds(contact.accepted_at, contact.ended_at),
        "work_session_after_contact_time_sec": zlib.crc32(contact.id.encode()) % 40,
        "work_session_unknown_time_sec": 0,
        "accepted_inbox_id": contact.accepted_inbox_id,
    }


def iter_sessions(asked: Asked) -> Iterator[Cells]:
    """Yield a row for each session of the shop's bot that began in the window."""
    for history in asked.company.iter_started(asked.query.start, asked.end):
        session = history.session
        if session is not None and session.at < asked.end:
            yield {
                "Session ID": session.id,
                "Session Created At": asked.stamp(session.at),
                "Customer ID": history.customer_id,
                "Conversation ID": history.conversation_id,
                "Channel": session.channel,
                "Gladly Agent": "Wick",
            }
