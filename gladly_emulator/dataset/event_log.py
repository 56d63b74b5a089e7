"""Events as Gladly records them, in order of time, each with the assignee it found."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gladly_emulator.dataset.directory import Record, make_id
from gladly_emulator.timestamps import NANOSECONDS, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

MILLISECOND: Final = NANOSECONDS // 1000
SYSTEM: Final = {"id": "SYSTEM", "type": "SYSTEM"}
ASSIGNEE_UPDATED: Final = "CONVERSATION_ASSIGNEE/UPDATED"
NOTE_CREATED: Final = "CONVERSATION/NOTE_CREATED"
FULFILLED_BY: Final = "fulfilledByContactId"

_WITH_ASSIGNEE: Final = ("CONTACT/", "CONVERSATION/", "CONVERSATION_ASSIGNEE/")


class Event(NamedTuple):
    """One event; `assignee` is who was in charge just before it."""

    at: int
    type: str
    initiator: Record
    content: Record
    assignee: Record
    key: str

    def to_json(self) -> Record:
        """Return the event as the API tells it."""
        content = {key: value for key, value in self.content.items() if key not in self._untold}
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
    def _untold(self) -> tuple[str, ...]:
        """What reports know of the event, and the API does not tell."""
        return ("conversationId",) if self.type.startswith("CUSTOMER_PROFILE/") else (FULFILLED_BY,)


by_time = attrgetter("at")


class Chronicle:
    """Takes the events of one conversation, task or shift in any order, and puts them in that of time."""

    def __init__(self, key: str, **content: Any) -> None:  # noqa: ANN401 - content is JSON
        self._key = key
        self._content = content
        self._written: list[tuple[int, str, Record, Record]] = []

    def write(self, at: int, event_type: str, initiator: Record, **content: Any) -> None:  # noqa: ANN401
        """Write an event down; times are kept to the millisecond."""
        at = at // MILLISECOND * MILLISECOND
        self._written.append((at, event_type, initiator, self._content | content))

    def read(self, assignee: Record) -> list[Event]:
        """Return the events in order, starting with this assignee."""
        events = []
        for number, (at, event_type, initiator, content) in enumerate(
            sorted(self._written, key=itemgetter(0))
        ):
            events.append(Event(at, event_type, initiator, content, assignee, f"{self._key} event {number}"))
            if event_type == ASSIGNEE_UPDATED:
                assignee = content["assignee"]
        return events


def format_short(instant: int) -> str:
    """Return the instant in UTC to the millisecond, without trailing zeros, as events show it."""
    return format_instant(instant, 3)[:-1].rstrip("0").rstrip(".") + "Z"


def select(events: Iterable[Event], start: int, end: int) -> list[Event]:
    """Return the events from one instant up to another, which is not included, in order of time."""
    return sorted((event for event in events if start <= event.at < end), key=by_time)
