"""The conversation items that one conversation adds in one hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.directory import COMPANY_ADDRESS, COMPANY_NUMBER, Directory
from gladly_emulator.dataset.phrases import NOTES, SUBJECTS
from gladly_emulator.dataset.seeding import SeededRandom, make_id
from gladly_emulator.timestamps import HOUR, NANOSECONDS, format_instant

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import Record

# Gladly's timestamps have 0 to 9 fraction digits, most often 3.
_DIGITS: Final = (3, 3, 3, 3, 3, 3, 3, 2, 1, 0, 6, 8, 9)
_FILES: Final = (
    ("image/jpeg", "lamp, left side.jpg"),
    ("image/png", "Bildschirmfoto.png"),
    ("application/pdf", "invoice.pdf"),
)
_LATEST_START: Final = 1500


class ItemWriter:
    """Writes the items that a conversation adds in one hour.

    Attributes:
        items: The items written so far.
        rng: The random number generator of this part, so a part doesn't depend on earlier parts.
    """

    def __init__(self, directory: Directory, *, channel: str, key: str, hour: int, part: int) -> None:
        conversation_rng = SeededRandom(key)
        self.customer = directory.customer(pick_customer(key, directory.customer_count))
        self.agent = {"id": conversation_rng.choice(directory.agent_ids), "type": "AGENT"}
        self.subject = conversation_rng.randrange(len(SUBJECTS))
        self.order = f"BW{conversation_rng.randrange(10_000, 99_999)}"
        self.conversation_id = make_id(key)
        self.items: list[Record] = []
        self.rng = SeededRandom(f"{key} {part}")
        self._directory = directory
        self._channel = channel
        self._key = f"{key} {part}"
        self._end = (hour + 1) * HOUR - 1
        self._now = hour * HOUR + self.rng.randrange(_LATEST_START * NANOSECONDS)

    def wait(self, shortest: float, longest: float) -> None:
        """Advance the clock by a random number of seconds, at most to the end of the hour."""
        self._now = min(self._now + int(self.rng.uniform(shortest, longest) * NANOSECONDS), self._end)

    def stamp(self, later: float = 0) -> str:
        """Return the current time, or the time this many seconds later, as text."""
        return format_instant(self._now + int(later * NANOSECONDS), self.rng.choice(_DIGITS))

    @property
    def customer_actor(self) -> Record:
        """The customer as initiator or responder."""
        return {"id": self.customer.id, "type": "CUSTOMER"}

    @property
    def api_actor(self) -> Record:
        """The organization's own software, which calls Gladly's API."""
        return {"id": self._directory.api_agent_id, "type": "API"}

    def write(
        self,
        content: Record,
        initiator: Record | None,
        *,
        responder: Record | None = None,
        in_conversation: bool = True,
    ) -> str:
        """Write an item and return its id. By default the item has a conversation id."""
        item: Record = {"id": self.next_id()}
        if in_conversation:
            item["conversationId"] = self.conversation_id
        item |= {"content": content, "customerId": self.customer.id}
        if initiator is not None:
            item["initiator"] = initiator
        if responder is not None:
            item["responder"] = responder
        item["timestamp"] = self.stamp()
        self.items.append(item)
        return str(item["id"])

    def next_id(self) -> str:
        """Return the id of the next item."""
        return make_id(f"{self._key} {len(self.items)}")

    def write_customer_message(self, text: str) -> None:
        """Write a message from the customer on the conversation's channel."""
        self.write(self._message(text, from_customer=True), self.customer_actor)

    def write_agent_message(self, text: str) -> None:
        """Write a message from the agent on the conversation's channel."""
        self.write(self._message(text, from_customer=False), self.agent)

    def phrase(self, kind: str) -> str:
        """Return a phrase of this kind in the customer's language."""
        language = self.customer.language
        phrases: tuple[str, ...] = getattr(language, kind)
        phrase = phrases[self.subject] if kind == "problems" else self.rng.choice(phrases)
        return phrase.replace("{order}", self.order)

    def write_note(self) -> None:
        """Write an internal note by the agent."""
        self.write({"type": "CONVERSATION_NOTE", "body": self.rng.choice(NOTES)}, self.agent)

    def write_topic_change(self) -> None:
        """Add the right topic. Sometimes a wrong topic is added first and then removed."""
        right = self._directory.leaf_topic_ids[self.subject]
        if self.rng.chance(0.06):
            wrong = self._directory.leaf_topic_ids[self.subject - 1]
            self.write({"type": "TOPIC_CHANGE", "addedTopicIds": [wrong]}, self.agent)
            self.wait(2, 20)
            change = {"addedTopicIds": [right], "removedTopicIds": [wrong]}
            self.write({"type": "TOPIC_CHANGE", **change}, self.agent)
        else:
            self.write({"type": "TOPIC_CHANGE", "addedTopicIds": [right]}, self.agent)

    def write_status_change(self, status: str) -> None:
        """Write a status change. Some have no initiator."""
        has_initiator = status == "CLOSED" and self.rng.chance(0.9)
        content = {"type": "CONVERSATION_STATUS_CHANGE", "status": status}
        self.write(content, self.agent if has_initiator else None)

    def _message(self, text: str, *, from_customer: bool) -> Record:
        content: Record = {"content": text, "type": self._channel}
        content |= self._envelope(from_customer=from_customer)
        if from_customer and self.rng.chance(0.06):
            content["attachments"] = [self._attachment()]
        return content

    def _envelope(self, *, from_customer: bool) -> Record:
        match self._channel:
            case "CHAT_MESSAGE":
                return {"messageType": "TEXT", "sessionId": self.session_id}
            case "EMAIL":
                return self._mail_envelope(from_customer=from_customer)
            case "SMS":
                numbers = [self.customer.phone, COMPANY_NUMBER]
                sender, receiver = numbers if from_customer else reversed(numbers)
                return {"from": sender, "to": receiver}
            case "FACEBOOK_MESSAGE":
                return {
                    "pageId": "118000555010",
                    "userId": str(7_000_000_000 + number_from(self.customer.id)),
                }
        return {}

    def _mail_envelope(self, *, from_customer: bool) -> Record:
        sender, receiver = COMPANY_ADDRESS, self.customer.email
        if from_customer:
            sender, receiver = receiver, sender
        envelope: Record = {"from": sender, "to": [receiver]}
        if self.rng.chance(0.08):
            envelope["cc"] = ["depot@carrier.example", "ledger@brindlewick.example"]
        if not from_customer and self.rng.chance(0.05):
            envelope["bcc"] = ["archive@brindlewick.example"]
        if self.rng.chance(0.95):
            reply = "" if from_customer and not self.items else "Re: "
            envelope["subject"] = reply + SUBJECTS[self.subject].replace("{order}", self.order)
        return envelope

    def _attachment(self) -> dict[str, Any]:
        content_type, name = self.rng.choice(_FILES)
        return {
            "id": make_id(f"{self.next_id()} attachment"),
            "contentType": content_type,
            "filename": name,
            "fileSize": self.rng.randrange(1_000, 4_000_000),
        }

    @property
    def session_id(self) -> str:
        """The conversation's chat session id."""
        return make_id(f"{self.conversation_id} session")


def pick_customer(key: str, count: int) -> int:
    """Return the number of a conversation's customer. Low numbers return more often."""
    return int(SeededRandom(f"{key} customer").random() ** 1.5 * count)


def number_from(text: str) -> int:
    """Return a number of up to nine digits derived from the text."""
    return SeededRandom(text).randrange(1_000_000_000)
