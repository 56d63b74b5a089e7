"""The stream of events of the last 24 hours."""

from __future__ import annotations

import time
from http import HTTPStatus
from itertools import pairwise
from typing import IO, TYPE_CHECKING, NamedTuple

from typing_extensions import override

from tap_gladly.exceptions import RequestRejectedError
from tap_gladly.parsing.jsonl import MalformedLine, iter_jsonl
from tap_gladly.state.event_bookmark import EventBookmark
from tap_gladly.streams.incremental import IncrementalStream, warn_of_future_bookmarks
from tap_gladly.streams.json_responses import fetch_jsonl
from tap_gladly.streams.malformed_lines import get_malformed_lines_stream
from tap_gladly.timestamps import DAY, MINUTE, format_full_instant, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Context, Record

ENTITIES = (
    "AGENT_AVAILABILITY",
    "AGENT_STATUS",
    "CONTACT",
    "CONVERSATION",
    "CUSTOMER",
    "CUSTOMER_PROFILE",
    "PAYMENT_REQUEST",
    "TASK",
)

# Gladly rejects a start more than 24 hours before the request arrives (documented). A retry or a slow clock may
# delay a request by minutes, so the first window starts a quarter of an hour later than that.
LOOKBACK = DAY - 15 * MINUTE
# Gladly may publish an event up to 15 seconds late (documented). The window ends one minute before now, so a late
# event still falls after the bookmark instead of behind it.
EVENT_LAG = MINUTE
_CLOCK_TOLERANCE = 5 * MINUTE
CHECKPOINT_EVERY = 10_000
"""Number of events between two STATE messages."""


class Window(NamedTuple):
    """The requested span in nanoseconds since 1970, both ends included."""

    start: int
    end: int


class EventsStream(IncrementalStream):
    """Events, from `GET /events`.

    One row per event; key `id`; incremental by `timestamp`. Gladly keeps events for 24 hours (documented).
    """

    name = "events"
    replication_key = "timestamp"
    is_fail_fast = False
    selected_by_default = False

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        if not self.is_active:
            return
        self._bookmark = self.read_bookmark(EventBookmark)
        window = self._find_window()
        if window.start > window.end:
            return  # everything is loaded up to a minute ago, or end_date lies before the window
        file, window = self._download(window)
        now = self._client.clock.now()
        # If the clocks differ by more than a day, either may be wrong.
        is_clock_trusted = abs(now - time.time_ns()) <= DAY
        if is_clock_trusted:  # the response's Date counts, in case this machine's clock is fast
            window = window._replace(end=min(window.end, now - EVENT_LAG))
        self._client.clock.log_difference(self.logger)
        with file:
            yield from self._iter_new(file, window, is_clock_trusted=is_clock_trusted)
            self._summary.bytes[self.name] = file.tell()
        self.activate_version()

    def _find_window(self) -> Window:
        now = self._client.clock.now() // 1000 * 1000
        first, last = self.bounds
        edge, end = now - LOOKBACK, now - EVENT_LAG
        warn_of_future_bookmarks(self.logger, {self.name: self._bookmark.instant}, now=now)
        wanted = max(filter(None, (self._bookmark.instant, first)), default=edge)
        window = Window(max(wanted, edge), end if last is None else min(end, last))
        if self._bookmark.instant is not None and wanted < min(window):
            self.logger.warning(
                "Events from %s to %s have expired: Gladly keeps events for 24 hours, and the bookmark is older. "
                "conversation_timestamps_report, contact_timestamps_report, task_timestamps_report and "
                "agent_timestamps_report contain the same facts.",
                format_instant(wanted),
                format_instant(min(window)),
            )
        return window

    def _download(self, window: Window) -> tuple[IO[bytes], Window]:
        """Download the events of a window, and return them with the window.

        Gladly rejects a start that lies more than 24 hours back by its own clock. If this machine's clock is slow,
        the rejection carries Gladly's time, and the tap requests a window based on that time. If the clock is fast, the
        window would start too late, and the tap requests an earlier one.
        """
        before = self._client.clock.now()
        try:
            file = self._request(window)
        except RequestRejectedError as error:
            if error.status != HTTPStatus.BAD_REQUEST or self._client.clock.now() - before < _CLOCK_TOLERANCE:
                raise
        else:
            is_ahead = _CLOCK_TOLERANCE <= before - self._client.clock.now() <= DAY
            if not is_ahead or window.start > before - LOOKBACK:  # a bookmark or start_date sets the start
                return file, window
            file.close()
        self._client.clock.log_difference(self.logger)
        window = self._find_window()
        return self._request(window), window

    def _request(self, window: Window) -> IO[bytes]:
        entities = self.config.get("event_entities") or ENTITIES
        bounds = [("startAt", format_full_instant(window.start)), ("endAt", format_full_instant(window.end))]
        query = [*bounds, *(("entities", entity) for entity in entities)]
        return fetch_jsonl(self, ("events",), name="The response with events", params=query)

    def _iter_new(self, file: IO[bytes], window: Window, *, is_clock_trusted: bool) -> Iterator[Record]:
        """Yield the events of a window that aren't loaded yet, and advance the bookmark past them.

        Args:
            file: The response.
            window: Events outside of it are skipped.
            is_clock_trusted: Whether the end of the window has passed. Without events, the bookmark advances there.
        """
        is_in_order, count = _is_in_order(file), 0
        for event in iter_jsonl(file):
            if isinstance(event, MalformedLine):
                self.is_complete = False
                get_malformed_lines_stream(self._tap).send_event_line(
                    event, format_full_instant(window.start)
                )
                count += 1
                continue
            event_id, instant = event["id"], _find_instant(event)
            if instant is not None and not self._is_new(event_id, instant, window=window):
                continue
            yield self.finalize(event)
            count += 1
            if instant is not None:
                self._bookmark.mark_loaded(event_id, instant)
            if is_in_order and count % CHECKPOINT_EVERY == 0:
                self._commit()
        if is_clock_trusted and not count:
            # With events, the bookmark stays at the newest one, so an incomplete response is requested again.
            self._bookmark.advance(window.end)
        self._commit()

    def _is_new(self, event_id: str, instant: int, *, window: Window) -> bool:
        is_within = window.start <= instant <= window.end
        return is_within and not self._bookmark.has_loaded(event_id, instant)

    def _commit(self) -> None:
        """Emit the bookmark as STATE. A dry run sends too few events for that."""
        if not self.is_full_table and not self.is_dry_run:
            self.save_bookmark(self._bookmark.to_state())
            self.emit_state()


def _find_instant(event: Record) -> int | None:
    timestamp = event.get("timestamp")
    try:
        return parse_instant(timestamp) if isinstance(timestamp, str) else None
    except ValueError:
        return None


def _is_in_order(file: IO[bytes]) -> bool:
    # Gladly doesn't promise an order. Out of order, a checkpoint could skip events that are still to come.
    found = (_find_instant(event) for event in iter_jsonl(file) if isinstance(event, dict))
    instants = (instant for instant in found if instant is not None)
    is_in_order = all(earlier <= later for earlier, later in pairwise(instants))
    file.seek(0)
    return is_in_order
