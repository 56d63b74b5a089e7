"""What Gladly records about a conversation, read from the items that it consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator.dataset.conversation_items import Talk
from gladly_emulator.dataset.directory import (
    COMPANY_ADDRESS,
    COMPANY_NUMBER,
    Dice,
    Organization,
    Record,
    make_id,
)
from gladly_emulator.dataset.event_log import (
    ASSIGNEE_UPDATED,
    FULFILLED_BY,
    NOTE_CREATED,
    SYSTEM,
    Chronicle,
    Event,
)
from gladly_emulator.timestamps import NANOSECONDS, parse_instant

if TYPE_CHECKING:
    from gladly_emulator.dataset.conversation_schedule import Opening
    from gladly_emulator.dataset.reference_data import Rooms

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
    """What the shop's bot did in a conversation."""

    id: str
    at: int
    channel: str


class History(NamedTuple):
    """A conversation's events in order of time, past and to come."""

    conversation_id: str
    customer_id: str
    events: list[Event]
    session: Session | None


@dataclass
class _Contact:
    """The contact that is going on."""

    id: str
    channel: str
    started: int
    accepted: bool = False
    fulfilled: bool = False


def read_history(opening: Opening, organization: Organization, rooms: Rooms) -> History | None:
    """Return a conversation's history; None for what happens outside conversations."""
    if opening.channel == "CUSTOMER_ACTIVITY":
        return None
    return _Reader(opening, organization, rooms).read()


class _Reader:
    """Reads a conversation item by item, and writes down what Gladly would record."""

    def __init__(self, opening: Opening, organization: Organization, rooms: Rooms) -> None:
        self._opening = opening
        self._organization = organization
        self._rooms = rooms
        self._talks = [
            Talk(organization, channel=opening.channel, key=opening.key, hour=act.hour, part=act.number)
            for act in opening.acts
        ]
        talk = self._talks[0]
        self._conversation_id = talk.conversation_id
        self._agent: Record = talk.agent
        self._customer: Record = talk.customer_actor
        self._subject = talk.subject
        self._dice = Dice(f"{opening.key} history")
        self._chronicle = Chronicle(
            opening.key, customerId=talk.customer.id, conversationId=talk.conversation_id
        )
        self._inbox_id = rooms.inbox_for(opening.channel)
        self._assigned = False
        self._contact: _Contact | None = None
        self._contacts = 0
        self._session: Session | None = None

    def read(self) -> History:
        """Play the conversation and read it."""
        first_inbox = {"inboxId": self._inbox_id}
        items = []
        for act, talk in zip(self._opening.acts, self._talks, strict=True):
            act.scene(talk)
            items += talk.items
        self._chronicle.write(parse_instant(items[0]["timestamp"]), "CONVERSATION/CREATED", self._customer)
        for item in items:
            self._read_item(item, item["content"], parse_instant(item["timestamp"]))
        events = self._chronicle.read(first_inbox)
        return History(self._conversation_id, self._customer["id"], events, self._session)

    def _read_item(self, item: Record, content: Record, at: int) -> None:
        initiator = item.get("initiator", SYSTEM)
        match content["type"]:
            case "TOPIC_CHANGE":
                self._change_topics(at, content, initiator)
            case "CONVERSATION_NOTE":
                self._chronicle.write(at, NOTE_CREATED, initiator, noteId=item["id"])
            case "CONVERSATION_STATUS_CHANGE":
                self._change_status(at, content["status"], initiator)
            case "PHONE_CALL" if initiator["type"] == "AGENT":
                self._call_back(at, content)
            case "PHONE_CALL":
                self._take_call(at, content)
            case _:
                self._read_message(item, at, initiator)

    def _read_message(self, item: Record, at: int, initiator: Record) -> None:
        kind = item["content"]["type"]
        channel = _CHANNELS.get(kind, kind)
        contact = self._contact or self._start(at, channel, initiator)
        if initiator["type"] == "AGENT":
            self._reply(contact, at)
            self._tell(contact, at, "MESSAGE_SENT", initiator, messageId=item["id"])
            self._fulfill(contact, at)
            if channel == "EMAIL":
                self._end(contact, at, initiator, reason="AGENT_ENDED", status="ANSWERED")
        elif initiator["type"] == "SYSTEM":
            self._session = Session(item["content"]["sessionId"], at, channel)
            self._tell(contact, at, "MESSAGE_SENT", initiator, messageId=item["id"])
        else:
            self._tell(contact, at, "MESSAGE_RECEIVED", initiator, messageId=item["id"])

    def _start(self, at: int, channel: str, initiator: Record) -> _Contact:
        self._contacts += 1
        contact = _Contact(make_id(f"{self._opening.key} contact {self._contacts}"), channel, at)
        self._contact = contact
        self._tell(contact, at, "STARTED", initiator, **_ENTRY_POINTS.get(channel, {}))
        return contact

    def _tell(self, contact: _Contact, at: int, what: str, initiator: Record, **content: Any) -> None:  # noqa: ANN401
        """Write an event of a contact down."""
        content |= {"channel": contact.channel, "contactId": contact.id}
        self._chronicle.write(at, f"CONTACT/{what}", initiator, **content)

    def _reply(self, contact: _Contact, at: int) -> None:
        """Let the agent have taken the contact somewhat before the reply at this time."""
        if not contact.accepted:
            longest = int(self._dice.uniform(20, 90) * NANOSECONDS)
            self._accept(contact, at - min(longest, (at - contact.started) // 2))

    def _accept(self, contact: _Contact, at: int) -> None:
        agent_id = self._agent["id"]
        offered = at - min(10 * NANOSECONDS, (at - contact.started) // 2)
        self._tell(contact, offered, "OFFERED", SYSTEM, agentId=agent_id)
        self._tell(contact, at, "OFFER_ACCEPTED", self._agent, agentId=agent_id)
        contact.accepted = True
        if not self._assigned:
            self._assign(at, SYSTEM, "CONTACT_OFFERED")

    def _assign(self, at: int, initiator: Record, reason: str) -> None:
        self._assigned = True
        assignee = {"inboxId": self._inbox_id, "agentId": self._agent["id"]}
        self._chronicle.write(at, ASSIGNEE_UPDATED, initiator, reason=reason, assignee=assignee)

    def _fulfill(self, contact: _Contact, at: int, by: _Contact | None = None) -> None:
        if not contact.fulfilled:
            contact.fulfilled = True
            self._tell(contact, at, "FULFILLED", self._agent, fulfilledType="RESPONDED", **_name(by))

    def _end(self, contact: _Contact, at: int, initiator: Record, **why: str) -> None:
        self._tell(contact, at, "ENDED", initiator, **why)
        self._contact = None

    def _take_call(self, at: int, call: Record) -> None:
        contact = self._start(at, "PHONE_CALL", self._customer)
        if "answeredAt" not in call:
            ended = at + 25 * NANOSECONDS
            self._end(contact, ended, self._customer, reason="CUSTOMER_ABANDONED", status="ABANDONED")
            return
        answered = parse_instant(call["answeredAt"])
        self._accept(contact, answered)
        self._fulfill(contact, answered)
        ended = parse_instant(call["completedAt"])
        self._end(contact, ended, self._agent, reason="AGENT_ENDED", status="ANSWERED")

    def _call_back(self, at: int, call: Record) -> None:
        """Call the customer, which settles the message that waits."""
        waiting, contact = self._contact, self._start(at, "PHONE_CALL", self._agent)
        if not self._assigned:
            self._assign(at, self._agent, "MESSAGE_OUTBOUND")
        if waiting is not None:
            self._fulfill(waiting, at, by=contact)
            self._end(waiting, at, self._agent, reason="AGENT_ENDED", status="ANSWERED")
        ended = at + 40 * NANOSECONDS
        if "answeredAt" in call:
            self._fulfill(contact, parse_instant(call["answeredAt"]))
            ended = parse_instant(call["completedAt"])
        status = "ANSWERED" if contact.fulfilled else "UNANSWERED"
        self._end(contact, ended, self._agent, reason="AGENT_ENDED", status=status)

    def _change_topics(self, at: int, change: Record, initiator: Record) -> None:
        for topic_id in change.get("removedTopicIds", ()):
            self._chronicle.write(at, "CONVERSATION/TOPIC_REMOVED", initiator, topicId=topic_id)
        for topic_id in change["addedTopicIds"]:
            self._chronicle.write(at, "CONVERSATION/TOPIC_ADDED", initiator, topicId=topic_id)
        if self._organization.leaf_ids[_RETURN_SUBJECT] in change["addedTopicIds"]:
            self._move_to_returns(at)
        if self._contact is not None:
            self._act_on(self._contact, at)

    def _move_to_returns(self, at: int) -> None:
        """Let a rule move the conversation, and what goes on in it."""
        self._inbox_id = self._rooms.returns_id
        assignee = {"inboxId": self._inbox_id, "agentId": self._agent["id"]}
        if self._contact is not None:
            why = {"transferType": "COLD", "reason": "AUTOMATION", "assignee": assignee}
            self._tell(self._contact, at, "TRANSFERRED", _RULE, **why)
        self._assign(at, _RULE, "AUTOMATED_ASSIGNMENT")

    def _act_on(self, contact: _Contact, at: int) -> None:
        """Let a colleague join some, ask some for money, and correct some profiles."""
        if self._subject == _DAMAGE_SUBJECT and self._dice.chance(0.3):
            colleague = self._dice.choice(self._organization.hero_ids)
            if colleague != self._agent["id"]:
                self._tell(contact, at, "JOINED", {"id": colleague, "type": "AGENT"})
        if self._subject == _INVOICE_SUBJECT and self._dice.chance(0.3):
            self._ask_for_payment(contact, at)
        if self._dice.chance(0.05):
            self._chronicle.write(at, "CUSTOMER_PROFILE/UPDATED", self._agent)

    def _ask_for_payment(self, contact: _Contact, at: int) -> None:
        amount = self._dice.randrange(500, 9_000) / 100
        what = {
            "contactId": contact.id,
            "paymentRequestId": make_id(f"{contact.id} payment"),
            "context": {"currency": "USD", "monetaryUnit": amount},
        }
        answer = self._dice.choice(("COMPLETED", "COMPLETED", "COMPLETED", "DECLINED"))
        kind, seconds = "PAYMENT_REQUEST", NANOSECONDS
        self._chronicle.write(at + 2 * seconds, f"{kind}/CREATED", self._agent, **what)
        self._chronicle.write(at + 30 * seconds, f"{kind}/VIEWED", self._customer, **what)
        what |= {"oldStatus": "REQUESTING", "newStatus": answer}
        self._chronicle.write(at + 75 * seconds, f"{kind}/STATUS_CHANGED", self._customer, **what)

    def _change_status(self, at: int, status: str, initiator: Record) -> None:
        if status == "OPEN":
            self._chronicle.write(at, "CONVERSATION/REOPENED", initiator)
            return
        if self._contact is not None:
            outcome = "ANSWERED" if self._contact.fulfilled else "UNANSWERED"
            self._end(self._contact, at, initiator, reason="CONVERSATION_CLOSED", status=outcome)
        self._chronicle.write(at, "CONVERSATION/CLOSED", initiator)


def _name(contact: _Contact | None) -> dict[str, str]:
    return {} if contact is None else {FULFILLED_BY: contact.id}
