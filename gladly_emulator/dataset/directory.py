"""The invented lamp shop: its agents, its topics, its customers."""

from __future__ import annotations

import base64
import hashlib
import random
from functools import lru_cache
from typing import Any, Final, NamedTuple

from gladly_emulator.dataset.phrases import STREETS, TOWNS, VOICES, Voice

Record = dict[str, Any]

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
_IN_ADDRESSES: Final = str.maketrans({" ": ".", "'": "", "ø": "o", "Æ": "Ae", "Ł": "L", "ł": "l"})
_SHOP_SYSTEM: Final = "Shop System"
_TOPICS: Final = {
    "Delivery": ("Late parcel", "Damaged in transit"),
    "Returns": ("Return requested",),
    "Billing": ("Invoice copy",),
    "Products": ("Product question", "Fax catalogue"),
    "Orders": ("Address change", "Spring raffle"),
}
_DISABLED: Final = ("Fax catalogue", "Spring raffle")
_LEAVES: Final = (
    "Late parcel",
    "Damaged in transit",
    "Return requested",
    "Invoice copy",
    "Product question",
    "Address change",
)
_MAIL_NAMES: Final = ("lamp", "moth", "dusk", "glow", "Wick.Fan")
_MAIL_HOSTS: Final = ("mail.example", "post.example")
_PHONES: Final = 9_999


def make_id(key: str) -> str:
    """Return 22 characters of URL-safe base64, always the same for a key."""
    digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(digest)[:22].decode()


class Dice(random.Random):
    """Decides what is left open, always alike for a key."""

    def __init__(self, key: str) -> None:
        super().__init__(int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big"))

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.random() < probability


class Customer(NamedTuple):
    """A customer: the profile as exported, and how to reach and understand the person."""

    profile: Record
    voice: Voice
    email: str
    phone: str

    @property
    def id(self) -> str:
        """The profile's id."""
        identifier: str = self.profile["id"]
        return identifier


class Organization:
    """Everyone and everything conversations refer to, always the same for a seed."""

    def __init__(self, seed: int, customers: int) -> None:
        self.customer_count = customers
        self._seed = seed
        self.agents = [self._make_agent(name) for name in (*_AGENTS, _SHOP_SYSTEM)]
        self.topics = list(self._make_topics())
        self.shop_system_id: str = self.agents[-1]["id"]
        self.hero_ids: list[str] = [agent["id"] for agent in self.agents[:-1]]
        ids = {topic["name"]: topic["id"] for topic in self.topics}
        self.leaf_ids: list[str] = [ids[name] for name in _LEAVES]
        self.customer = lru_cache(maxsize=4096)(self._make_customer)

    def _make_agent(self, name: str) -> Record:
        address = name.translate(_IN_ADDRESSES).lower()
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
        dice = Dice(f"{self._seed} customer {number}")
        voice = dice.choice(VOICES)
        name = f"{dice.choice(voice.first_names)} {dice.choice(voice.last_names)}"
        email = f"{dice.choice(_MAIL_NAMES)}.{number}@{dice.choice(_MAIL_HOSTS)}"
        phone = f"+1555010{number % _PHONES + 1:04}"
        profile = {"id": make_id(f"{self._seed} customer {number}")}
        if dice.chance(0.93):
            profile["name"] = name
        return Customer(profile | _make_details(dice, number, (email, phone)), voice, email, phone)


def _make_details(dice: Dice, number: int, reach: tuple[str, str]) -> Record:
    email, phone = reach
    details: Record = {}
    if dice.chance(0.4):
        street = f"{dice.randint(1, 180)} {dice.choice(STREETS)}"
        details["address"] = dice.choice((", ", "\n")).join((street, dice.choice(TOWNS)))
    if dice.chance(0.9):
        details["emailAddresses"] = [email, f"office.{number}@work.example"][: dice.choice((1, 1, 1, 2))]
    if dice.chance(0.7):
        details["phoneNumbers"] = [phone, f"+447700900{number % 1000:03}"][: dice.choice((1, 1, 1, 2))]
    if dice.chance(0.15):
        details["externalCustomerId"] = f"BW-{number:06}"
    if dice.chance(0.3):
        details["externalCustomerIds"] = {"SHOPDESK": str(40_000 + number), "LOYALTY": f"gold-{number % 97}"}
    return details
