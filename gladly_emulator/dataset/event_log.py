"""Events as Gladly records them: in chronological order, each with the assignee before it."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator.dataset.seeding import make_id
from gladly_emulator.timestamps import NANOSECONDS, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gladly_emulator.dataset.interface import Record

MILLISECOND: Final = NANOSECONDS // 1000
SYSTEM: Final = {"id": "SYSTEM", "type": "SYSTEM"}
ASSIGNEE_UPDATED: Final = "CONVERSATION_ASSIGNEE/UPDATED"
NOTE_CREATED: Final = "CONVERSATION/NOTE_CREATED"
FULFILLED_BY: Final = "fulfilledByContactId"

_WITH_ASSIGNEE: Final = ("CONTACT/", "CONVERSATION/", "CONVERSATION_ASSIGNEE/")


class Event(NamedTuple):
    """One event. `assignee` is the assignee just before it."""

    at: int
    type: str
    initiator: Record
    content: Record
    assignee: Record
    key: str

    def to_json(self) -> Record:
        """Return the event as the events endpoint sends it."""
        content = {key: value for key, value in self.content.items() if key not in self._report_only_keys}
        if self.type.startswith(_WITH_ASSIGNEE) and self.type != NOTE_CREATED:
            content["context"] = {"assignee": self.assignee}
        return {
            "id": make_id(self.key),
            "type": self.type,
            "timestamp": format_short(self.at),
            "initiator": self.initiator,
            "content": content,
        }

    @property
    def _report_only_keys(self) -> tuple[str, ...]:
        """The content keys that reports use and the events endpoint omits."""
        return ("conversationId",) if self.type.startswith("CUSTOMER_PROFILE/") else (FULFILLED_BY,)


class EventLog:
    """Collects the events of one conversation, task or shift in any order and sorts them by time."""

    def __init__(self, key: str, **content: Any) -> None:  # noqa: ANN401 - content is JSON
        self._key = key
        self._content = content
        self._added: list[tuple[int, str, Record, Record]] = []

    def add(self, at: int, event_type: str, initiator: Record, **content: Any) -> None:  # noqa: ANN401
        """Add an event. Its time is truncated to milliseconds."""
        at = at // MILLISECOND * MILLISECOND
        self._added.append((at, event_type, initiator, self._content | content))

    def list_events(self, assignee: Record) -> list[Event]:
        """Return the events in chronological order, given the assignee before the first one."""
        events = []
        for number, (at, event_type, initiator, content) in enumerate(sorted(self._added, key=itemgetter(0))):
            events.append(Event(at, event_type, initiator, content, assignee, f"{self._key} event {number}"))
            if event_type == ASSIGNEE_UPDATED:
                assignee = content["assignee"]
        return events


def format_short(instant: int) -> str:
    """Return the instant as events show it: in UTC, to the millisecond, without trailing zeros."""
    return format_instant(instant, 3)[:-1].rstrip("0").rstrip(".") + "Z"


def events_between(events: Iterable[Event], start: int, end: int) -> list[Event]:
    """Return the events with `start <= at < end` in chronological order."""
    return sorted((event for event in events if start <= event.at < end), key=attrgetter("at"))
