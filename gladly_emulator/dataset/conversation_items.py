"""One conversation's part within an hour: who writes what, when, as conversation items."""

from __future__ import annotations

from typing import Any, Final

from gladly_emulator.dataset.directory import (
    COMPANY_ADDRESS,
    COMPANY_NUMBER,
    Dice,
    Organization,
    Record,
    make_id,
)
from gladly_emulator.dataset.phrases import NOTES, SUBJECTS
from gladly_emulator.timestamps import HOUR, NANOSECONDS, format_instant

# Gladly's times carry between 0 and 9 fraction digits, most often 3.
_DIGITS: Final = (3, 3, 3, 3, 3, 3, 3, 2, 1, 0, 6, 8, 9)
_FILES: Final = (
    ("image/jpeg", "lamp, left side.jpg"),
    ("image/png", "Bildschirmfoto.png"),
    ("application/pdf", "invoice.pdf"),
)
_LATEST_START: Final = 1500


class Talk:
    """Writes the items of a conversation that fall into one hour.

    Attributes:
        items: The items written so far.
        dice: Decides what is left open; its own for each part, so that no part needs the ones before.
    """

    def __init__(self, organization: Organization, *, channel: str, key: str, hour: int, part: int) -> None:
        facts = Dice(key)
        self.customer = organization.customer(pick_customer(key, organization.customer_count))
        self.agent = {"id": facts.choice(organization.hero_ids), "type": "AGENT"}
        self.subject = facts.randrange(len(SUBJECTS))
        self.order = f"BW{facts.randrange(10_000, 99_999)}"
        self.conversation_id = make_id(key)
        self.items: list[Record] = []
        self.dice = Dice(f"{key} {part}")
        self._organization = organization
        self._channel = channel
        self._key = f"{key} {part}"
        self._end = (hour + 1) * HOUR - 1
        self._now = hour * HOUR + self.dice.randrange(_LATEST_START * NANOSECONDS)

    def wait(self, shortest: float, longest: float) -> None:
        """Let a number of seconds pass, but not the hour."""
        self._now = min(self._now + int(self.dice.uniform(shortest, longest) * NANOSECONDS), self._end)

    def stamp(self, later: float = 0) -> str:
        """Return the time, or that so many seconds later."""
        return format_instant(self._now + int(later * NANOSECONDS), self.dice.choice(_DIGITS))

    @property
    def customer_actor(self) -> Record:
        """The customer as initiator or responder."""
        return {"id": self.customer.id, "type": "CUSTOMER"}

    @property
    def shop_system(self) -> Record:
        """The shop's own software, which calls Gladly's API."""
        return {"id": self._organization.shop_system_id, "type": "API"}

    def write(
        self,
        content: Record,
        initiator: Record | None,
        *,
        responder: Record | None = None,
        within: bool = True,
    ) -> str:
        """Write an item, as a rule within the conversation, and return its id."""
        item: Record = {"id": self.next_id()}
        if within:
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
        """Return the id that the next item gets."""
        return make_id(f"{self._key} {len(self.items)}")

    def customer_says(self, text: str) -> None:
        """Write a message of the customer's on the conversation's channel."""
        self.write(self._message(text, from_customer=True), self.customer_actor)

    def agent_says(self, text: str) -> None:
        """Write a message of the agent's on the conversation's channel."""
        self.write(self._message(text, from_customer=False), self.agent)

    def phrase(self, kind: str) -> str:
        """Return one of the customer's language's phrases of this kind."""
        voice = self.customer.voice
        phrases: tuple[str, ...] = getattr(voice, kind)
        phrase = phrases[self.subject] if kind == "problems" else self.dice.choice(phrases)
        return phrase.replace("{order}", self.order)

    def note(self) -> None:
        """Write an internal note of the agent's."""
        self.write({"type": "CONVERSATION_NOTE", "body": self.dice.choice(NOTES)}, self.agent)

    def add_topic(self) -> None:
        """Put the right topic on; now and then a wrong one is put on before and taken off again."""
        right = self._organization.leaf_ids[self.subject]
        if self.dice.chance(0.06):
            wrong = self._organization.leaf_ids[self.subject - 1]
            self.write({"type": "TOPIC_CHANGE", "addedTopicIds": [wrong]}, self.agent)
            self.wait(2, 20)
            change = {"addedTopicIds": [right], "removedTopicIds": [wrong]}
            self.write({"type": "TOPIC_CHANGE", **change}, self.agent)
        else:
            self.write({"type": "TOPIC_CHANGE", "addedTopicIds": [right]}, self.agent)

    def set_status(self, status: str) -> None:
        """Write a status change; some have no initiator."""
        known = status == "CLOSED" and self.dice.chance(0.9)
        content = {"type": "CONVERSATION_STATUS_CHANGE", "status": status}
        self.write(content, self.agent if known else None)

    def _message(self, text: str, *, from_customer: bool) -> Record:
        content: Record = {"content": text, "type": self._channel}
        content |= self._envelope(from_customer=from_customer)
        if from_customer and self.dice.chance(0.06):
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
                return {"pageId": "118000555010", "userId": str(7_000_000_000 + hash_of(self.customer.id))}
        return {}

    def _mail_envelope(self, *, from_customer: bool) -> Record:
        sender, receiver = COMPANY_ADDRESS, self.customer.email
        if from_customer:
            sender, receiver = receiver, sender
        envelope: Record = {"from": sender, "to": [receiver]}
        if self.dice.chance(0.08):
            envelope["cc"] = ["depot@carrier.example", "ledger@brindlewick.example"]
        if not from_customer and self.dice.chance(0.05):
            envelope["bcc"] = ["archive@brindlewick.example"]
        if self.dice.chance(0.95):
            reply = "" if from_customer and not self.items else "Re: "
            envelope["subject"] = reply + SUBJECTS[self.subject].replace("{order}", self.order)
        return envelope

    def _attachment(self) -> dict[str, Any]:
        content_type, name = self.dice.choice(_FILES)
        return {
            "id": make_id(f"{self.next_id()} attachment"),
            "contentType": content_type,
            "filename": name,
            "fileSize": self.dice.randrange(1_000, 4_000_000),
        }

    @property
    def session_id(self) -> str:
        """The chat session of the conversation."""
        return make_id(f"{self.conversation_id} session")


def pick_customer(key: str, count: int) -> int:
    """Return the number of the customer of a conversation; low numbers come back more often."""
    return int(Dice(f"{key} customer").random() ** 1.5 * count)


def hash_of(text: str) -> int:
    """Return a number of up to nine digits, always the same for a text."""
    return Dice(text).randrange(1_000_000_000)
