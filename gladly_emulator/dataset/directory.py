"""The invented organization's agents, topics and customers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from gladly_emulator.dataset.phrases import LANGUAGES, STREETS, TOWNS, Language
from gladly_emulator.dataset.seeding import SeededRandom, make_id

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import Record

COMPANY_ADDRESS: Final = "help@brindlewick.example"
COMPANY_NUMBER: Final = "+15550100000"

_AGENTS: Final = (
    "Philippa Wren",
    "Omari Castellane",
    "Saoirse Kettleby",
    "Bjørn Æbleskov",
    "Yuki Harrowgate",
    "Dominika Płonka",
    "Ezekiel O'Malley-Voss",
    "Priyanka Lampwala",
    "Tomasz Glimmer",
    "Noor van der Schemer",
)
_ADDRESS_LETTERS: Final = str.maketrans({" ": ".", "'": "", "ø": "o", "Æ": "Ae", "Ł": "L", "ł": "l"})
_API_AGENT: Final = "Shop System"
_TOPICS: Final = {
    "Delivery": ("Late parcel", "Damaged in transit"),
    "Returns": ("Return requested",),
    "Billing": ("Invoice copy",),
    "Products": ("Product question", "Fax catalogue"),
    "Orders": ("Address change", "Spring raffle"),
}
_DISABLED: Final = ("Fax catalogue", "Spring raffle")
_LEAF_TOPICS: Final = (
    "Late parcel",
    "Damaged in transit",
    "Return requested",
    "Invoice copy",
    "Product question",
    "Address change",
)
_EMAIL_NAMES: Final = ("lamp", "moth", "dusk", "glow", "Wick.Fan")
_EMAIL_HOSTS: Final = ("mail.example", "post.example")
_PHONE_COUNT: Final = 9_999


class Customer(NamedTuple):
    """A customer: the exported profile, language and contact details."""

    profile: Record
    language: Language
    email: str
    phone: str

    @property
    def id(self) -> str:
        """The profile's id."""
        identifier: str = self.profile["id"]
        return identifier


class Directory:
    """The agents, topics and customers that conversations refer to. The same seed returns the same ones."""

    def __init__(self, seed: int, customers: int) -> None:
        self.customer_count = customers
        self._seed = seed
        self.agents = [self._make_agent(name) for name in (*_AGENTS, _API_AGENT)]
        self.topics = list(self._make_topics())
        self.api_agent_id: str = self.agents[-1]["id"]
        self.agent_ids: list[str] = [agent["id"] for agent in self.agents[:-1]]
        ids = {topic["name"]: topic["id"] for topic in self.topics}
        self.leaf_topic_ids: list[str] = [ids[name] for name in _LEAF_TOPICS]
        self.customer = lru_cache(maxsize=4096)(self._make_customer)

    def _make_agent(self, name: str) -> Record:
        address = name.translate(_ADDRESS_LETTERS).lower()
        return {
            "id": make_id(f"{self._seed} agent {name}"),
            "name": name,
            "emailAddress": f"{address}@brindlewick.example",
        }

    def _make_topics(self) -> list[Record]:
        topics = []
        for parent, children in _TOPICS.items():
            parent_id = make_id(f"{self._seed} topic {parent}")
            topics.append({"id": parent_id, "name": parent, "disabled": False})
            topics += [
                {
                    "id": make_id(f"{self._seed} topic {child}"),
                    "name": child,
                    "disabled": child in _DISABLED,
                    "parentId": parent_id,
                }
                for child in children
            ]
        return topics

    def _make_customer(self, number: int) -> Customer:
        rng = SeededRandom(f"{self._seed} customer {number}")
        language = rng.choice(LANGUAGES)
        name = f"{rng.choice(language.first_names)} {rng.choice(language.last_names)}"
        email = f"{rng.choice(_EMAIL_NAMES)}.{number}@{rng.choice(_EMAIL_HOSTS)}"
        phone = f"+1555010{number % _PHONE_COUNT + 1:04}"
        profile = {"id": make_id(f"{self._seed} customer {number}")}
        if rng.chance(0.93):
            profile["name"] = name
        return Customer(profile | _make_details(rng, number, (email, phone)), language, email, phone)


def _make_details(rng: SeededRandom, number: int, contact: tuple[str, str]) -> Record:
    email, phone = contact
    details: Record = {}
    if rng.chance(0.4):
        street = f"{rng.randint(1, 180)} {rng.choice(STREETS)}"
        details["address"] = rng.choice((", ", "\n")).join((street, rng.choice(TOWNS)))
    if rng.chance(0.9):
        details["emailAddresses"] = [email, f"office.{number}@work.example"][: rng.choice((1, 1, 1, 2))]
    if rng.chance(0.7):
        details["phoneNumbers"] = [phone, f"+447700900{number % 1000:03}"][: rng.choice((1, 1, 1, 2))]
    if rng.chance(0.15):
        details["externalCustomerId"] = f"BW-{number:06}"
    if rng.chance(0.3):
        details["externalCustomerIds"] = {"SHOPDESK": str(40_000 + number), "LOYALTY": f"gold-{number % 97}"}
    return details
