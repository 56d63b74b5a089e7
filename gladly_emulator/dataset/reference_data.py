"""The invented organization's reference lists: inboxes, teams, audiences, business hours and others."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.seeding import make_id

if TYPE_CHECKING:
    from gladly_emulator.dataset.directory import Directory
    from gladly_emulator.dataset.interface import Lists, Record

RETURNS: Final = "Returns"
_INBOXES: Final = {
    "Chat Desk": ("CHAT_MESSAGE",),
    "Messages": ("SMS", "WHATSAPP", "FACEBOOK_MESSAGE", "INSTAGRAM_DIRECT"),
    "Mail Room": ("EMAIL",),
    "Phones": ("PHONE_CALL", "VOICEMAIL"),
    RETURNS: (),
    "Spring Raffle 2024": (),
}
_DISABLED: Final = ("Spring Raffle 2024",)
# Each team's name and description, and the start and end of its slice of the agents.
_TEAMS: Final = (
    ("Counter", "Chats and messages", 0, 6),
    ("Workshop", "Returns, mail and the phone", 6, 10),
    ("Night Watch", "", 0, 0),
)
_AUDIENCES: Final = ("Brindlewick Home", "Brindlewick Trade")
_WORKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")


class ReferenceData:
    """The reference lists. The same seed returns the same ones."""

    def __init__(self, seed: int, directory: Directory) -> None:
        self._seed = seed
        self._directory = directory
        self.inbox_names = {_make_hex(f"{seed} inbox {name}"): name for name in _INBOXES}
        ids = {name: inbox_id for inbox_id, name in self.inbox_names.items()}
        self.returns_id = ids[RETURNS]
        self._by_channel = {channel: ids[name] for name, channels in _INBOXES.items() for channel in channels}
        self.teams = [self._make_team(*team) for team in _TEAMS]

    def inbox_for(self, channel: str) -> str:
        """Return the id of the inbox that receives conversations of a channel."""
        return self._by_channel[channel]

    def list_members(self, team_ids: list[str]) -> set[str]:
        """Return the ids of the agents in these teams."""
        return {agent for team in self.teams if team["id"] in team_ids for agent in team["agentIds"]}

    def make_lists(self) -> Lists:
        """Return the reference lists as the API sends them."""
        return {
            "agents": self._directory.agents,
            "audiences": [
                {"id": make_id(f"{self._seed} audience {name}"), "name": name} for name in _AUDIENCES
            ],
            "business-hours": [self._make_hours()],
            "inboxes": [
                {"id": inbox_id, "name": name, "disabled": name in _DISABLED}
                for inbox_id, name in self.inbox_names.items()
            ],
            "organization": {
                "id": make_id(f"{self._seed} organization"),
                "loginDomain": "brindlewick.example",
                "name": "Brindlewick Lamps",
                "timezone": "America/New_York",
                "gladlyUrl": "https://brindlewick.us-1.gladly.com",
            },
            "teams": self.teams,
            "topics": self._directory.topics,
        }

    def _make_team(self, name: str, description: str, start: int, end: int) -> Record:
        team = {"id": _make_hex(f"{self._seed} team {name}"), "name": name}
        if description:
            team["description"] = description
        return team | {"agentIds": self._directory.agent_ids[start:end]}

    def _make_hours(self) -> Record:
        hours: Record = {"timezone": "Etc/UTC"}
        hours |= {day: [{"start": "13:00", "stop": "22:00"}] for day in _WORKDAYS}
        day = {"start": "2026-12-31T00:00:00Z", "stop": "2027-01-01T00:00:00Z"}
        blocks = [{"start": "13:00", "stop": "22:00"}]
        hours["exceptions"] = [{"name": "Stocktaking", **day, "scheduleBlocks": blocks}]
        return {
            "id": f"bh_{make_id(f'{self._seed} hours')}",
            "version": 3,
            "createdAt": "2023-02-06T08:30:00Z",
            "updatedAt": "2025-08-19T16:02:41.5Z",
            "name": "Shop hours",
            "primary": True,
            "officeHours": hours,
        }


def _make_hex(key: str) -> str:
    """Return 32 hexadecimal digits derived from the key."""
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
