"""The state of contacts at a point in time, derived from the events until then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gladly_emulator.dataset.event_log import Event


@dataclass
class Contact:
    """One contact. Fields for what hasn't happened yet are None or empty."""

    id: str
    channel: str
    started: Event
    inbox_id: str
    offered_at: int | None = None
    accepted_at: int | None = None
    accepted_inbox_id: str = ""
    agent_id: str = ""
    colleagues: list[str] = field(default_factory=list)
    fulfilled_at: int | None = None
    ended_at: int | None = None
    status: str = ""

    @property
    def direction(self) -> str:
        """INBOUND, or OUTBOUND if an agent started the contact."""
        return "OUTBOUND" if self.started.initiator["type"] == "AGENT" else "INBOUND"

    def apply(self, event: Event) -> None:
        """Update the contact from an event."""
        match event.type:
            case "CONTACT/OFFERED":
                self.offered_at = event.at
            case "CONTACT/OFFER_ACCEPTED":
                self.accepted_at = event.at
                self.accepted_inbox_id = self.inbox_id
                self.agent_id = event.content["agentId"]
            case "CONTACT/JOINED":
                self.colleagues.append(event.initiator["id"])
            case "CONTACT/TRANSFERRED":
                self.inbox_id = event.content["assignee"]["inboxId"]
            case "CONTACT/FULFILLED":
                self.fulfilled_at = event.at
            case "CONTACT/ENDED":
                self.ended_at = event.at
                self.status = event.content["status"]


def contacts_from_events(events: Iterable[Event]) -> list[Contact]:
    """Return a conversation's contacts in the order in which they started."""
    contacts: dict[str, Contact] = {}
    for event in events:
        if event.type == "CONTACT/STARTED":
            contact = _contact_from_start(event)
            contacts[contact.id] = contact
        elif event.type.startswith("CONTACT/"):
            contacts[event.content["contactId"]].apply(event)
    return list(contacts.values())


def _contact_from_start(event: Event) -> Contact:
    content = event.content
    contact = Contact(content["contactId"], content["channel"], event, event.assignee["inboxId"])
    if contact.direction == "OUTBOUND":
        contact.accepted_at = event.at
        contact.accepted_inbox_id = contact.inbox_id
        contact.agent_id = event.initiator["id"]
    return contact
