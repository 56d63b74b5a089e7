"""A conversation's event history, derived from its items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator.dataset.conversation_items import ItemWriter
from gladly_emulator.dataset.directory import COMPANY_ADDRESS, COMPANY_NUMBER, Directory
from gladly_emulator.dataset.event_log import (
    ASSIGNEE_UPDATED,
    FULFILLED_BY,
    NOTE_CREATED,
    SYSTEM,
    Event,
    EventLog,
)
from gladly_emulator.dataset.seeding import SeededRandom, make_id
from gladly_emulator.timestamps import NANOSECONDS, parse_instant

if TYPE_CHECKING:
    from gladly_emulator.dataset.conversation_schedule import PlannedConversation
    from gladly_emulator.dataset.interface import Record
    from gladly_emulator.dataset.reference_data import ReferenceData

_CHANNELS: Final = {"CHAT_MESSAGE": "CHAT", "FACEBOOK_MESSAGE": "FB_MESSENGER"}
_ENTRY_POINTS: Final = {
    "CHAT": {"entryPoint": "brindlewick.example"},
    "EMAIL": {"entryPoint": COMPANY_ADDRESS},
    "SMS": {"entryPoint": COMPANY_NUMBER},
    "PHONE_CALL": {"entryPoint": COMPANY_NUMBER, "finalIVRSelection": "__orders"},
}
_RULE: Final = {"id": "returns-rule", "type": "AUTOMATION"}
_RETURN_SUBJECT, _DAMAGE_SUBJECT, _INVOICE_SUBJECT = 2, 1, 3


class Session(NamedTuple):
    """A bot session in a conversation."""

    id: str
    at: int
    channel: str


class ConversationHistory(NamedTuple):
    """A conversation's events in chronological order, including future ones."""

    conversation_id: str
    customer_id: str
    events: list[Event]
    session: Session | None


@dataclass
class _Contact:
    """The contact that is currently open."""

    id: str
    channel: str
    started: int
    accepted: bool = False
    fulfilled: bool = False


def build_history(
    conversation: PlannedConversation, directory: Directory, reference_data: ReferenceData
) -> ConversationHistory | None:
    """Return a conversation's history, or None for activity outside conversations."""
    if conversation.channel == "CUSTOMER_ACTIVITY":
        return None
    return _HistoryBuilder(conversation, directory, reference_data).build()


class _HistoryBuilder:
    """Reads a conversation's items in order and logs the events that Gladly would record."""

    def __init__(
        self, conversation: PlannedConversation, directory: Directory, reference_data: ReferenceData
    ) -> None:
        self._conversation = conversation
        self._directory = directory
        self._reference_data = reference_data
        self._writers = [
            ItemWriter(
                directory,
                channel=conversation.channel,
                key=conversation.key,
                hour=step.hour,
                part=step.number,
            )
            for step in conversation.steps
        ]
        writer = self._writers[0]
        self._conversation_id = writer.conversation_id
        self._agent: Record = writer.agent
        self._customer: Record = writer.customer_actor
        self._subject = writer.subject
        self._rng = SeededRandom(f"{conversation.key} history")
        self._log = EventLog(
            conversation.key, customerId=writer.customer.id, conversationId=writer.conversation_id
        )
        self._inbox_id = reference_data.inbox_for(conversation.channel)
        self._assigned = False
        self._contact: _Contact | None = None
        self._contacts = 0
        self._session: Session | None = None

    def build(self) -> ConversationHistory:
        """Write the conversation's items and return the history they lead to."""
        first_inbox = {"inboxId": self._inbox_id}
        items = []
        for step, writer in zip(self._conversation.steps, self._writers, strict=True):
            step.run(writer)
            items += writer.items
        self._log.add(parse_instant(items[0]["timestamp"]), "CONVERSATION/CREATED", self._customer)
        for item in items:
            self._process_item(item, item["content"], parse_instant(item["timestamp"]))
        events = self._log.list_events(first_inbox)
        return ConversationHistory(self._conversation_id, self._customer["id"], events, self._session)

    def _process_item(self, item: Record, content: Record, at: int) -> None:
        initiator = item.get("initiator", SYSTEM)
        match content["type"]:
            case "TOPIC_CHANGE":
                self._change_topics(at, content, initiator)
            case "CONVERSATION_NOTE":
                self._log.add(at, NOTE_CREATED, initiator, noteId=item["id"])
            case "CONVERSATION_STATUS_CHANGE":
                self._change_status(at, content["status"], initiator)
            case "PHONE_CALL" if initiator["type"] == "AGENT":
                self._process_callback(at, content)
            case "PHONE_CALL":
                self._process_call(at, content)
            case _:
                self._process_message(item, at, initiator)

    def _process_message(self, item: Record, at: int, initiator: Record) -> None:
        kind = item["content"]["type"]
        channel = _CHANNELS.get(kind, kind)
        contact = self._contact or self._start_contact(at, channel, initiator)
        if initiator["type"] == "AGENT":
            self._accept_before_reply(contact, at)
            self._add_contact_event(contact, at, "MESSAGE_SENT", initiator, messageId=item["id"])
            self._fulfill_contact(contact, at)
            if channel == "EMAIL":
                self._end_contact(contact, at, initiator, reason="AGENT_ENDED", status="ANSWERED")
        elif initiator["type"] == "SYSTEM":
            self._session = Session(item["content"]["sessionId"], at, channel)
            self._add_contact_event(contact, at, "MESSAGE_SENT", initiator, messageId=item["id"])
        else:
            self._add_contact_event(contact, at, "MESSAGE_RECEIVED", initiator, messageId=item["id"])

    def _start_contact(self, at: int, channel: str, initiator: Record) -> _Contact:
        self._contacts += 1
        contact = _Contact(make_id(f"{self._conversation.key} contact {self._contacts}"), channel, at)
        self._contact = contact
        self._add_contact_event(contact, at, "STARTED", initiator, **_ENTRY_POINTS.get(channel, {}))
        return contact

    def _add_contact_event(
        self,
        contact: _Contact,
        at: int,
        what: str,
        initiator: Record,
        **content: Any,  # noqa: ANN401
    ) -> None:
        """Add a contact event."""
        content |= {"channel": contact.channel, "contactId": contact.id}
        self._log.add(at, f"CONTACT/{what}", initiator, **content)

    def _accept_before_reply(self, contact: _Contact, at: int) -> None:
        """Log that the agent accepted the contact shortly before this reply."""
        if not contact.accepted:
            longest = int(self._rng.uniform(20, 90) * NANOSECONDS)
            self._accept_contact(contact, at - min(longest, (at - contact.started) // 2))

    def _accept_contact(self, contact: _Contact, at: int) -> None:
        agent_id = self._agent["id"]
        offered = at - min(10 * NANOSECONDS, (at - contact.started) // 2)
        self._add_contact_event(contact, offered, "OFFERED", SYSTEM, agentId=agent_id)
        self._add_contact_event(contact, at, "OFFER_ACCEPTED", self._agent, agentId=agent_id)
        contact.accepted = True
        if not self._assigned:
            self._assign(at, SYSTEM, "CONTACT_OFFERED")

    def _assign(self, at: int, initiator: Record, reason: str) -> None:
        self._assigned = True
        assignee = {"inboxId": self._inbox_id, "agentId": self._agent["id"]}
        self._log.add(at, ASSIGNEE_UPDATED, initiator, reason=reason, assignee=assignee)

    def _fulfill_contact(self, contact: _Contact, at: int, by: _Contact | None = None) -> None:
        if not contact.fulfilled:
            contact.fulfilled = True
            self._add_contact_event(
                contact, at, "FULFILLED", self._agent, fulfilledType="RESPONDED", **_fulfilled_by(by)
            )

    def _end_contact(self, contact: _Contact, at: int, initiator: Record, **why: str) -> None:
        self._add_contact_event(contact, at, "ENDED", initiator, **why)
        self._contact = None

    def _process_call(self, at: int, call: Record) -> None:
        contact = self._start_contact(at, "PHONE_CALL", self._customer)
        if "answeredAt" not in call:
            ended = at + 25 * NANOSECONDS
            self._end_contact(contact, ended, self._customer, reason="CUSTOMER_ABANDONED", status="ABANDONED")
            return
        answered = parse_instant(call["answeredAt"])
        self._accept_contact(contact, answered)
        self._fulfill_contact(contact, answered)
        ended = parse_instant(call["completedAt"])
        self._end_contact(contact, ended, self._agent, reason="AGENT_ENDED", status="ANSWERED")

    def _process_callback(self, at: int, call: Record) -> None:
        """Log a call to the customer, which fulfills the contact that is waiting."""
        waiting, contact = self._contact, self._start_contact(at, "PHONE_CALL", self._agent)
        if not self._assigned:
            self._assign(at, self._agent, "MESSAGE_OUTBOUND")
        if waiting is not None:
            self._fulfill_contact(waiting, at, by=contact)
            self._end_contact(waiting, at, self._agent, reason="AGENT_ENDED", status="ANSWERED")
        ended = at + 40 * NANOSECONDS
        if "answeredAt" in call:
            self._fulfill_contact(contact, parse_instant(call["answeredAt"]))
            ended = parse_instant(call["completedAt"])
        status = "ANSWERED" if contact.fulfilled else "UNANSWERED"
        self._end_contact(contact, ended, self._agent, reason="AGENT_ENDED", status=status)

    def _change_topics(self, at: int, change: Record, initiator: Record) -> None:
        for topic_id in change.get("removedTopicIds", ()):
            self._log.add(at, "CONVERSATION/TOPIC_REMOVED", initiator, topicId=topic_id)
        for topic_id in change["addedTopicIds"]:
            self._log.add(at, "CONVERSATION/TOPIC_ADDED", initiator, topicId=topic_id)
        if self._directory.leaf_topic_ids[_RETURN_SUBJECT] in change["addedTopicIds"]:
            self._move_to_returns(at)
        if self._contact is not None:
            self._add_extra_events(self._contact, at)

    def _move_to_returns(self, at: int) -> None:
        """Log that a rule moves the conversation and its open contact to the returns inbox."""
        self._inbox_id = self._reference_data.returns_id
        assignee = {"inboxId": self._inbox_id, "agentId": self._agent["id"]}
        if self._contact is not None:
            why = {"transferType": "COLD", "reason": "AUTOMATION", "assignee": assignee}
            self._add_contact_event(self._contact, at, "TRANSFERRED", _RULE, **why)
        self._assign(at, _RULE, "AUTOMATED_ASSIGNMENT")

    def _add_extra_events(self, contact: _Contact, at: int) -> None:
        """Log joins, payment requests and profile updates for some contacts."""
        if self._subject == _DAMAGE_SUBJECT and self._rng.chance(0.3):
            colleague = self._rng.choice(self._directory.agent_ids)
            if colleague != self._agent["id"]:
                self._add_contact_event(contact, at, "JOINED", {"id": colleague, "type": "AGENT"})
        if self._subject == _INVOICE_SUBJECT and self._rng.chance(0.3):
            self._request_payment(contact, at)
        if self._rng.chance(0.05):
            self._log.add(at, "CUSTOMER_PROFILE/UPDATED", self._agent)

    def _request_payment(self, contact: _Contact, at: int) -> None:
        amount = self._rng.randrange(500, 9_000) / 100
        what = {
            "contactId": contact.id,
            "paymentRequestId": make_id(f"{contact.id} payment"),
            "context": {"currency": "USD", "monetaryUnit": amount},
        }
        answer = self._rng.choice(("COMPLETED", "COMPLETED", "COMPLETED", "DECLINED"))
        kind, seconds = "PAYMENT_REQUEST", NANOSECONDS
        self._log.add(at + 2 * seconds, f"{kind}/CREATED", self._agent, **what)
        self._log.add(at + 30 * seconds, f"{kind}/VIEWED", self._customer, **what)
        what |= {"oldStatus": "REQUESTING", "newStatus": answer}
        self._log.add(at + 75 * seconds, f"{kind}/STATUS_CHANGED", self._customer, **what)

    def _change_status(self, at: int, status: str, initiator: Record) -> None:
        if status == "OPEN":
            self._log.add(at, "CONVERSATION/REOPENED", initiator)
            return
        if self._contact is not None:
            outcome = "ANSWERED" if self._contact.fulfilled else "UNANSWERED"
            self._end_contact(self._contact, at, initiator, reason="CONVERSATION_CLOSED", status=outcome)
        self._log.add(at, "CONVERSATION/CLOSED", initiator)


def _fulfilled_by(contact: _Contact | None) -> dict[str, str]:
    return {} if contact is None else {FULFILLED_BY: contact.id}
