"""Figures computed from the emulator's event reports. The marts under test use items, export rows and spans."""

from __future__ import annotations

import csv
import io
import json
import urllib.request
from base64 import b64encode
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from gladly_emulator import Emulator

ZONE = ZoneInfo("America/New_York")
START = datetime(2026, 3, 2, tzinfo=timezone.utc)
END = datetime(2026, 3, 14, tzinfo=timezone.utc)
"""Start and end of the loaded reports."""

# On the first day, conversations that began before the loaded data starts are still in progress.
_FIRST_DAY, _LAST_DAY = date(2026, 3, 3), date(2026, 3, 13)
_REPORTED_FROM = "2026-02-20"
_STATUSES = {
    "CONVERSATION/CREATED": "OPEN",
    "CONVERSATION/REOPENED": "OPEN",
    "CONVERSATION/CLOSED": "CLOSED",
}

Row = dict[str, str]


@dataclass
class Contact:
    """A contact, put together from its events."""

    id: str
    conversation_id: str
    customer_id: str
    channel: str
    started_at: datetime
    accepted_at: datetime | None = None
    agent_id: str = ""
    fulfilled_at: datetime | None = None
    ended_at: datetime | None = None

    def follow(self, row: Row) -> None:
        """Apply an event."""
        time = read_time(row["Timestamp"])
        match row["Event Type"]:
            case "CONTACT/STARTED" | "CONTACT/OFFER_ACCEPTED" if row["Initiator Type"] == "AGENT":
                self.accepted_at, self.agent_id = time, row["Initiator ID"]
            case "CONTACT/FULFILLED":
                self.fulfilled_at = time
            case "CONTACT/ENDED":
                self.ended_at = time

    @property
    def is_loaded(self) -> bool:
        """Whether it was queued or ended in the loaded days."""
        return any(time is not None and START <= time < END for time in (self.started_at, self.ended_at))


class Figures:
    """Figures from the events of conversations, contacts and agents.

    Args:
        emulator: The emulator that serves the reports.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._changes = self._report("ConversationTimestampsReport")
        self._contact_events = self._report("ContactTimestampsReport")
        windows = [
            job["parameters"]
            for job in self._get("/export/jobs")
            if job["status"] == "COMPLETED" and START <= read_time(job["updatedAt"]) < END
        ]
        self.files_start = min(read_time(window["startAt"]) for window in windows)
        self.files_end = max(read_time(window["endAt"]) for window in windows)
        self.agent_names = {agent["id"]: agent["name"] for agent in self._get("/agents")}

    @property
    def days(self) -> list[date]:
        """The days for which the loaded data is complete."""
        return [_FIRST_DAY + timedelta(days=number) for number in range((_LAST_DAY - _FIRST_DAY).days + 1)]

    def statuses(self) -> dict[str, str]:
        """Return the status of each conversation created in the loaded days."""
        created = self._created()
        return {key: changes[-1][1] for key, changes in self._histories().items() if key in created}

    def first_responses(self) -> dict[str, float]:
        """Return the seconds to the first response, by conversation created in the loaded days."""
        asked: dict[str, datetime] = {}
        seconds: dict[str, float] = {}
        created = self._created()
        started = {contact.id: contact.started_at for contact in self.contacts()}
        for row in sorted(self._contact_events, key=lambda row: row["Timestamp"]):
            key, time = row["Conversation ID"], read_time(row["Timestamp"])
            if key not in created:
                continue
            # The item of a call has the time when the call began.
            exported = started[row["Contact ID"]] if row["Channel"] == "PHONE_CALL" else time
            if exported >= self.files_end:
                continue
            if _is_question(row):
                asked.setdefault(key, time)
            elif _is_answer(row) and key in asked and time > asked[key]:
                seconds.setdefault(key, (time - asked[key]).total_seconds())
        return seconds

    def backlog(self) -> dict[date, tuple[int, float | None]]:
        """Return the count of open conversations at the end of each day, and the age of the oldest in seconds."""
        created = self._created()
        opened = [changes for key, changes in self._histories().items() if key in created]
        newest = max(changes[-1][0] for changes in opened)
        backlog = {}
        for day in self.days:
            end = min(datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE), newest)
            ages = [
                (end - before[-1][0]).total_seconds()
                for changes in opened
                if (before := [change for change in changes if change[0] <= end]) and before[-1][1] == "OPEN"
            ]
            backlog[day] = (len(ages), max(ages, default=None))
        return backlog

    def changes_by_day(self) -> dict[date, tuple[int, int, int]]:
        """Return how many times conversations were created, reopened and closed on each day."""
        created = self._created()
        counts = Counter(
            (local_day(read_time(row["Timestamp"])), row["Event Type"])
            for row in self._changes
            if row["Conversation ID"] in created
        )
        kinds = ("CONVERSATION/CREATED", "CONVERSATION/REOPENED", "CONVERSATION/CLOSED")
        return {day: tuple(counts[day, kind] for kind in kinds) for day in self.days}  # type: ignore[misc]

    def topics(self) -> dict[tuple[date, str], int]:
        """Return the count of conversations that got and kept a topic, by day and topic."""
        newest: dict[tuple[str, str], Row] = {}
        for row in sorted(self._changes, key=lambda row: row["Timestamp"]):
            if row["Event Type"] in {"CONVERSATION/TOPIC_ADDED", "CONVERSATION/TOPIC_REMOVED"}:
                newest[row["Conversation ID"], row["Topic ID"]] = row
        return Counter(
            (local_day(read_time(row["Timestamp"])), topic)
            for (_, topic), row in newest.items()
            if row["Event Type"] == "CONVERSATION/TOPIC_ADDED"
        )

    def contacts(self) -> list[Contact]:
        """Return all contacts, including those outside the loaded days."""
        contacts: dict[str, Contact] = {}
        for row in sorted(self._contact_events, key=lambda row: row["Timestamp"]):
            if row["Event Type"] == "CONTACT/STARTED":
                contacts[row["Contact ID"]] = Contact(
                    row["Contact ID"],
                    row["Conversation ID"],
                    row["Customer ID"],
                    row["Channel"],
                    started_at=read_time(row["Timestamp"]),
                )
            # Some contacts started before the report does.
            if (contact := contacts.get(row["Contact ID"])) is not None:
                contact.follow(row)
        return list(contacts.values())

    def handled(self) -> dict[tuple[str, date], tuple[int, float]]:
        """Return the count of handled contacts and their handle time in seconds, by agent and day."""
        seconds: dict[tuple[str, date], list[float]] = defaultdict(list)
        for contact in self.contacts():
            if contact.ended_at and contact.accepted_at and START <= contact.ended_at < END:
                time = (contact.ended_at - contact.accepted_at).total_seconds()
                seconds[contact.agent_id, local_day(contact.ended_at)].append(time)
        return {key: (len(times), sum(times)) for key, times in seconds.items() if key[1] in self.days}

    def active_seconds(self) -> dict[tuple[str, date], float]:
        """Return the active seconds by agent and day, from logins, logouts and breaks."""
        seconds: dict[tuple[str, date], float] = defaultdict(float)
        signs = {"LOGGED_IN": -1, "WENT_AWAY": 1, "RETURNED_FROM_AWAY": -1, "LOGGED_OUT": 1}
        for row in self._report("AgentTimestampsReport"):
            kind, _, action = row["Type"].partition("/")
            if kind == "AGENT_STATUS":
                time = read_time(row["Occurred At"])
                seconds[row["Agent ID"], local_day(time)] += signs[action] * time.timestamp()
        return seconds

    def message_counts(self) -> dict[tuple[str, str], int]:
        """Return the count of messages in the export files, by channel and author type."""
        kinds = {"CONTACT/MESSAGE_SENT", "CONTACT/MESSAGE_RECEIVED"}
        return Counter(
            (row["Channel"], row["Initiator Type"])
            for row in self._contact_events
            if row["Event Type"] in kinds and self.files_start <= read_time(row["Timestamp"]) < self.files_end
        )

    def _histories(self) -> dict[str, list[tuple[datetime, str]]]:
        """Return the statuses of each conversation in order, with the time when each began."""
        histories: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for row in sorted(self._changes, key=lambda row: row["Timestamp"]):
            if status := _STATUSES.get(row["Event Type"]):
                histories[row["Conversation ID"]].append((read_time(row["Timestamp"]), status))
        return histories

    def _created(self) -> set[str]:
        return {
            row["Conversation ID"]
            for row in self._changes
            if row["Event Type"] == "CONVERSATION/CREATED" and START <= read_time(row["Timestamp"]) < END
        }

    def _report(self, metric_set: str) -> list[Row]:
        days = {"startAt": _REPORTED_FROM, "endAt": f"{END:%Y-%m-%d}", "timezone": "UTC"}
        body = self._request("/reports", json.dumps({"metricSet": metric_set, **days}).encode())
        return list(csv.DictReader(io.StringIO(body.decode(), newline="")))

    def _get(self, path: str) -> Any:
        return json.loads(self._request(path))

    def _request(self, path: str, body: bytes | None = None) -> bytes:
        settings = self._emulator.settings
        token = b64encode(f"{settings['agent_email']}:{settings['api_token']}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{settings['api_url']}/api/v1{path}", body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as response:
            content: bytes = response.read()
        return content


def read_time(text: str) -> datetime:
    """Parse a timestamp, truncated to microseconds."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    time = datetime.fromisoformat(seconds).replace(tzinfo=timezone.utc)
    return time + timedelta(microseconds=int(f"{fraction:0<6}"[:6]))


def local_day(time: datetime) -> date:
    """Return the day in the organization's time zone."""
    return time.astimezone(ZONE).date()


def _is_question(row: Row) -> bool:
    """Return whether the event is a customer's message or call."""
    is_call = row["Event Type"] == "CONTACT/STARTED" and row["Channel"] == "PHONE_CALL"
    return row["Initiator Type"] == "CUSTOMER" and (
        is_call or row["Event Type"] == "CONTACT/MESSAGE_RECEIVED"
    )


def _is_answer(row: Row) -> bool:
    """Return whether the event is an agent's message or an answered call."""
    if row["Channel"] == "PHONE_CALL":
        return row["Event Type"] == "CONTACT/FULFILLED"
    return row["Initiator Type"] == "AGENT" and row["Event Type"] == "CONTACT/MESSAGE_SENT"
