"""The stream of events of the last 24 hours."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import IO, TYPE_CHECKING, NamedTuple

from singer_sdk.exceptions import RetriableAPIError
from typing_extensions import override

from tap_gladly.exceptions import InvalidBookmarkError
from tap_gladly.parsing.jsonl import MalformedLine, is_not_jsonl, iter_jsonl
from tap_gladly.state.event_bookmark import EventBookmark
from tap_gladly.streams.base import RecordStream
from tap_gladly.streams.malformed_lines import find_malformed_lines
from tap_gladly.streams.second_download import download_better
from tap_gladly.timestamps import DAY, MINUTE, SECOND, format_full_instant, format_instant, parse_instant
from tap_gladly.transport.rate_limit import read_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
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
CHECKPOINT_EVERY = 10_000
"""Number of events between two STATE messages."""


class Window(NamedTuple):
    """The requested span in nanoseconds since 1970, both ends included."""

    start: int
    end: int


class EventsStream(RecordStream):
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
        self._bookmark = self._restore_bookmark()
        window = self._find_window(time.time_ns() // 1000 * 1000)
        if window.start > window.end:
            return  # everything is loaded up to a minute ago, or end_date lies before the window
        file, now = self._download(window)
        is_sure = self._is_plausible(now)
        if is_sure:  # Gladly's clock counts, in case this machine's is fast
            window = window._replace(end=min(window.end, now - EVENT_LAG))
        with file:
            yield from self._iter_new(file, window, is_sure=is_sure)
            self._summary.bytes[self.name] = file.tell()
        self.activate_version()

    def _restore_bookmark(self) -> EventBookmark:
        state = self.tap_state.get("bookmarks", {}).get(self.name, {})
        try:
            return EventBookmark({} if self.is_full_table else state)
        except ValueError as error:
            raise InvalidBookmarkError(
                f"The bookmark of {self.name} in the state is invalid: {error}."
            ) from error

    def _find_window(self, now: int) -> Window:
        first, last = self._bounds
        edge, end = now - LOOKBACK, now - EVENT_LAG
        if self._bookmark.instant is not None and self._bookmark.instant > now + DAY:
            self.logger.warning(
                "The bookmark lies in the future (%s). Nothing before it will be loaded.", self.name
            )
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

    def _download(self, window: Window) -> tuple[IO[bytes], int]:
        """Download the events of a window; return them with the time of the response."""
        entities = self.config.get("event_entities") or ENTITIES
        bounds = [("startAt", format_full_instant(window.start)), ("endAt", format_full_instant(window.end))]
        query = [*bounds, *(("entities", entity) for entity in entities)]
        return download_better(
            lambda: self.fetch(("events",), _read_answer, params=query),
            lambda answer: answer[0],
            name="The response with events",
            logger=self.logger,
        )

    def _is_plausible(self, now: int) -> bool:
        """Return whether Gladly's clock and this machine's are less than a day apart, and warn if they aren't."""
        apart = abs(now - time.time_ns())
        if apart > DAY:
            self.logger.warning(
                "Gladly's clock and this machine's clock are %.1f days apart. The tap uses this machine's, and "
                "doesn't advance the bookmark if there are no events. Check this machine's clock.",
                apart / DAY,
            )
        return apart <= DAY

    def _iter_new(self, file: IO[bytes], window: Window, *, is_sure: bool) -> Iterator[Record]:
        """Yield the events of a window that aren't loaded yet, and advance the bookmark past them.

        Args:
            file: The response.
            window: Events outside of it are skipped.
            is_sure: Whether the end of the window has passed. Without events, the bookmark advances there.
        """
        is_in_order, count = _is_in_order(file), 0
        for event in iter_jsonl(file):
            if isinstance(event, MalformedLine):
                find_malformed_lines(self._tap).send_event_line(event, format_full_instant(window.start))
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
        if is_sure and not count:
            # With events, the bookmark stays at the newest one, so an incomplete response is requested again.
            self._bookmark.advance(window.end)
        self._commit()

    def _is_new(self, event_id: str, instant: int, *, window: Window) -> bool:
        is_within = window.start <= instant <= window.end
        return is_within and not self._bookmark.has_loaded(event_id, instant)

    def _commit(self) -> None:
        """Emit the bookmark as STATE. A dry run sends too few events for that."""
        if self.is_full_table or self.is_dry_run:
            return
        bookmarks = self.tap_state.setdefault("bookmarks", {})
        bookmarks[self.name] = {"replication_key": self.replication_key, **self._bookmark.to_state()}
        self._tap.state_writer.write_state(self.tap_state)


def _read_answer(response: requests.Response, file: IO[bytes]) -> tuple[IO[bytes], int]:
    if is_not_jsonl(file, response.headers.get("Content-Type", "")):
        raise RetriableAPIError("Gladly answered with something other than events", response)
    return file, _read_clock(response)


def _read_clock(response: requests.Response) -> int:
    """Return the time in the response's `Date` header, else this machine's, in nanoseconds since 1970."""
    moment = read_date(response, "Date")
    return time.time_ns() if moment is None else int(moment.timestamp()) * SECOND


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
