"""The bookmark of the event stream: a timestamp and the events loaded at exactly that timestamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_gladly.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping


class EventBookmark:
    """How far the events have been read: an instant, and which of its events have been."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Take up the place that a state gives; an empty one: nothing has been read.

        Raises:
            ValueError: The state gives none; the message says which part of it, and what to do.
        """
        text, ids = state.get("replication_key_value"), state.get("ids_read") or []
        try:
            self.instant = None if text is None else parse_instant(str(text))
        except ValueError as error:
            raise ValueError(
                "replication_key_value is not a time; set it to one such as 2026-11-20T00:00:00Z, "
                "or take the bookmark out to start anew"
            ) from error
        if not isinstance(ids, list) or not all(isinstance(event_id, str) for event_id in ids):
            raise ValueError("ids_read is not a list of ids; take it out, and the instant is read again")
        self._ids = set(ids)

    def has_loaded(self, event_id: str, instant: int) -> bool:
        """Say whether an event at the bookmark's own instant has been read."""
        return instant == self.instant and event_id in self._ids

    def mark_loaded(self, event_id: str, instant: int) -> None:
        """Note an event that has been sent. One out of order, behind the bookmark, does not move it."""
        self.move_to(instant)
        if instant == self.instant:
            self._ids.add(event_id)

    def move_to(self, instant: int) -> None:
        """Move on to an instant, if it lies ahead: everything before it has been read."""
        if self.instant is None or instant > self.instant:
            self.instant, self._ids = instant, set()

    def to_state(self) -> dict[str, Any]:
        """Write it as a state keeps it."""
        value = None if self.instant is None else write_instant(self.instant)
        return {"replication_key_value": value, "ids_read": sorted(self._ids)}


def write_instant(instant: int) -> str:
    """Write an instant in UTC at full precision: six fraction digits, or nine where they are needed."""
    beyond = instant % 1000
    return f"{format_instant(instant)[:-1]}{beyond:03}Z" if beyond else format_instant(instant)
