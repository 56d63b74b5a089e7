"""Base class of the streams that keep a bookmark in the state."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_gladly.exceptions import InvalidBookmarkError
from tap_gladly.streams.records import RecordStream
from tap_gladly.timestamps import DAY, parse_instant, parse_last_instant

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from singer_sdk.singerlib import Catalog

_Bookmark = TypeVar("_Bookmark")


class IncrementalStream(RecordStream):
    """A stream with a replication key: its bookmark in the state, and the settings that limit what it loads."""

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        own_key = self.replication_key
        super().apply_catalog(catalog)
        # Without a replication key in the catalog, the SDK would treat the stream as FULL_TABLE. Only the
        # replication method decides that here.
        self.replication_key = self.replication_key or own_key

    @property
    def is_full_table(self) -> bool:
        """Whether the catalog sets the replication method to FULL_TABLE."""
        return self.forced_replication_method == REPLICATION_FULL_TABLE

    @cached_property
    def bounds(self) -> tuple[int | None, int | None]:
        """The settings `start_date` and `end_date`, both inclusive, in nanoseconds since 1970; None if unset."""
        start, end = self.config.get("start_date"), self.config.get("end_date")
        return parse_instant(start) if start else None, parse_last_instant(end) if end else None

    def read_bookmark(self, parse: Callable[[Mapping[str, Any]], _Bookmark]) -> _Bookmark:
        """Return the bookmark in the state. With FULL_TABLE, it is empty.

        Args:
            parse: Makes a bookmark of its part of the state, or raises ValueError.

        Raises:
            InvalidBookmarkError: The state holds a bookmark that the tap can't read.
        """
        state = {} if self.is_full_table else self.tap_state.get("bookmarks", {}).get(self.name, {})
        try:
            return parse(state)
        except ValueError as error:
            raise InvalidBookmarkError(
                f"The bookmark of {self.name} in the state is invalid: {error}."
            ) from error

    def save_bookmark(self, bookmark: Mapping[str, Any]) -> None:
        """Write a bookmark into the tap's state, without emitting it. FULL_TABLE keeps no bookmark."""
        if not self.is_full_table:
            bookmarks = self.tap_state.setdefault("bookmarks", {})
            bookmarks[self.name] = {"replication_key": self.replication_key, **bookmark}

    def emit_state(self) -> None:
        """Emit STATE with all bookmarks of the tap."""
        self._tap.state_writer.write_state(self.tap_state)


def warn_of_future_bookmarks(
    logger: logging.Logger, positions: Mapping[str, int | None], *, now: int
) -> None:
    """Warn about bookmarks more than a day ahead.

    Args:
        logger: Logs the warning.
        positions: The bookmarks by stream name; None if nothing is loaded.
        now: The current time. Like the bookmarks, in nanoseconds since 1970.
    """
    ahead = [name for name, position in positions.items() if position is not None and position > now + DAY]
    if ahead:
        logger.warning(
            "The bookmark lies in the future (%s). Nothing before it will be loaded.", ", ".join(ahead)
        )
