"""The bookmark of a report: the end of its last complete window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_gladly.state.bookmarks import parse_bookmark_time
from tap_gladly.timestamps import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

REPLICATION_KEY = "_window_end"


class WindowBookmark:
    """How far a report is loaded."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Restore the bookmark from a state. An empty state means nothing has been loaded.

        Raises:
            ValueError: The state is invalid. The message names the invalid part and what to do.
        """
        value = state.get("replication_key_value")
        self.position = None if value is None else parse_bookmark_time(value)
        """Nanoseconds since 1970."""
        days = state.get("window_days")
        self.window_days = days if isinstance(days, int) and days > 0 else None
        """Days per window, for a stream whose rows are keyed by their window."""

    def advance(self, end: int) -> bool:
        """Advance to the end of a window if it lies ahead; return whether it did."""
        is_ahead = self.position is None or end > self.position
        if is_ahead:
            self.position = end
        return is_ahead

    def to_state(self) -> dict[str, Any]:
        """Return the bookmark as the state keeps it."""
        value = None if self.position is None else format_instant(self.position)
        window_days = {} if self.window_days is None else {"window_days": self.window_days}
        return {"replication_key_value": value, **window_days}
