"""The bookmark of the event stream: a timestamp, and the events loaded at exactly that timestamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_gladly.state.bookmarks import parse_bookmark_time
from tap_gladly.timestamps import format_full_instant

if TYPE_CHECKING:
    from collections.abc import Mapping


class EventBookmark:
    """How far the events are loaded: an instant, and the ids of the events loaded at that instant."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Restore the bookmark from a state. An empty state means nothing has been loaded.

        Raises:
            ValueError: The state is invalid. The message names the invalid part and what to do.
        """
        value, ids = state.get("replication_key_value"), state.get("ids_read") or []
        self.instant = None if value is None else parse_bookmark_time(value)
        if not isinstance(ids, list) or not all(isinstance(event_id, str) for event_id in ids):
            raise ValueError("ids_read is not a list of ids; remove it to read that timestamp again")
        self._ids = set(ids)

    def has_loaded(self, event_id: str, instant: int) -> bool:
        """Return whether an event at the bookmark's own instant has been loaded."""
        return instant == self.instant and event_id in self._ids

    def mark_loaded(self, event_id: str, instant: int) -> None:
        """Record an event that was sent. An event behind the bookmark doesn't move it."""
        self.advance(instant)
        if instant == self.instant:
            self._ids.add(event_id)

    def advance(self, instant: int) -> None:
        """Advance to an instant if it lies ahead: everything before it has been loaded."""
        if self.instant is None or instant > self.instant:
            self.instant, self._ids = instant, set()

    def to_state(self) -> dict[str, Any]:
        """Return the bookmark as the state keeps it."""
        value = None if self.instant is None else format_full_instant(self.instant)
        return {"replication_key_value": value, "ids_read": sorted(self._ids)}
