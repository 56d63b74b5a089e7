"""The stream of events: what happened in the last 24 hours, and how far of it has been read."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import IO, TYPE_CHECKING, NamedTuple

from singer_sdk.exceptions import RetriableAPIError
from typing_extensions import override

from tap_gladly.exceptions import InvalidBookmarkError
from tap_gladly.parsing.jsonl import MalformedLine, find_truncation, is_not_jsonl, iter_jsonl, parse_line
from tap_gladly.state.event_bookmark import EventBookmark
from tap_gladly.streams.base import RecordStream
from tap_gladly.streams.malformed_lines import find_malformed_lines
from tap_gladly.timestamps import DAY, SECOND, format_full_instant, format_instant, parse_instant
from tap_gladly.transport.download import download
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

MINUTE = 60 * SECOND
LOOKBACK = DAY - 15 * MINUTE
"""How far back is asked for. Gladly refuses what is more than 24 hours ago when a request arrives, and it
may arrive minutes late: tried again, or by a clock that is slow."""
EVENT_LAG = MINUTE
"""How far from now it ends. Gladly publishes events up to 15 seconds late; a bookmark closer to now would
step over those for good."""
CHECKPOINT_EVERY = 10_000
"""How many events are sent between two STATEs."""


class Window(NamedTuple):
    """What is asked for: from one instant to another, themselves included."""

    start: int
    end: int


class EventsStream(RecordStream):
    """Events of all entities, from `GET /events`.

    One row per event; key `id`; moves forward by `timestamp`, at most 24 hours back.
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
            return  # it has been read up to a minute ago, or `end_date` lies before
        file, now = self._download(window)
        is_sure = self._is_plausible(now)
        if is_sure:  # by Gladly's own clock, in case that of this machine is fast
            window = window._replace(end=min(window.end, now - EVENT_LAG))
        with file:
            yield from self._iter_new(file, window, is_sure=is_sure)
            self._summary.bytes[self.name] = file.tell()

    def _restore_bookmark(self) -> EventBookmark:
        state = self.tap_state.get("bookmarks", {}).get(self.name, {})
        try:
            return EventBookmark({} if self.is_full_table else state)
        except ValueError as error:
            raise InvalidBookmarkError(
                f"The state's bookmark of {self.name} is unusable: {error}."
            ) from error

    def _find_window(self, now: int) -> Window:
        first, last = self._bounds
        edge, end = now - LOOKBACK, now - EVENT_LAG
        if self._bookmark.instant is not None and self._bookmark.instant > now + DAY:
            self.logger.warning("The bookmark lies in the future: nothing is due before that")
        wanted = max(filter(None, (self._bookmark.instant, first)), default=edge)
        window = Window(max(wanted, edge), end if last is None else min(end, last))
        if self._bookmark.instant is not None and wanted < min(window):
            self.logger.warning(
                "Events of %s to %s are gone: Gladly keeps them 24 hours, and the bookmark is older. "
                "conversation_timestamps_report, contact_timestamps_report, task_timestamps_report and "
                "agent_timestamps_report hold the same facts.",
                format_instant(wanted),
                format_instant(min(window)),
            )
        return window

    def _download(self, window: Window) -> tuple[IO[bytes], int]:
        """Download the answer whole, and say when Gladly gave it."""
        entities = self.config.get("event_entities") or ENTITIES
        bounds = [("startAt", format_full_instant(window.start)), ("endAt", format_full_instant(window.end))]
        query = [*bounds, *(("entities", entity) for entity in entities)]
        file, now = self.fetch(("events",), _read_answer, params=query)
        if doubt := find_truncation(file):
            file.close()
            self.logger.warning("The list of events %s; it is asked for again", doubt)
            file, now = self.fetch(("events",), _read_answer, params=query)
        return file, now

    def _is_plausible(self, now: int) -> bool:
        """Say whether it may be as late as Gladly's answer says, and warn if not."""
        apart = abs(now - time.time_ns())
        if apart > DAY:
            self.logger.warning(
                "Gladly's clock and this machine's are %.1f days apart. Events are read by this machine's, "
                "and if there are none, the bookmark stays. Check this machine's clock.",
                apart / DAY,
            )
        return apart <= DAY

    def _iter_new(self, file: IO[bytes], window: Window, *, is_sure: bool) -> Iterator[Record]:
        """Yield the events of a window that have not been read, and move the bookmark past them.

        Args:
            file: The answer.
            window: What counts of it.
            is_sure: Whether the window's end has passed: if nothing came, the bookmark moves there.
        """
        is_in_order, count = _is_in_order(file), 0
        for event in _iter_events(file):
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
            # Else it stays at the newest event: an answer that ends early is then asked for again.
            self._bookmark.advance(window.end)
        self._commit()

    def _is_new(self, event_id: str, instant: int, *, window: Window) -> bool:
        is_within = window.start <= instant <= window.end
        return is_within and not self._bookmark.has_loaded(event_id, instant)

    def _commit(self) -> None:
        """Say in a STATE how far it has come; a dry run has sent too little to say so."""
        if self.is_full_table or self.is_dry_run:
            return
        bookmarks = self.tap_state.setdefault("bookmarks", {})
        bookmarks[self.name] = {"replication_key": self.replication_key, **self._bookmark.to_state()}
        self._tap.state_writer.write_state(self.tap_state)


def _read_answer(response: requests.Response) -> tuple[IO[bytes], int]:
    file = download(response)
    if is_not_jsonl(file, response.headers.get("Content-Type", "")):
        file.close()
        raise RetriableAPIError("Gladly answered with something that is not a list of events", response)
    return file, _read_clock(response)


def _read_clock(response: requests.Response) -> int:
    """Give the time by the clock of whoever answered, to the second; by this machine's if there is none."""
    moment = read_date(response, "Date")
    return time.time_ns() if moment is None else int(moment.timestamp()) * SECOND


def _iter_events(file: IO[bytes]) -> Iterator[Record | MalformedLine]:
    for number, line in enumerate(file, start=1):
        event = parse_line(number, line)
        if event is None:
            continue
        if isinstance(event, dict) and event.get("timestamp") is not None and _find_instant(event) is None:
            # A row with it would break its own schema, and come again in every run.
            yield MalformedLine(number, "the timestamp is no time", line.rstrip(b"\r\n"))
        else:
            yield event


def _find_instant(event: Record) -> int | None:
    timestamp = event.get("timestamp")
    try:
        return parse_instant(timestamp) if isinstance(timestamp, str) else None
    except ValueError:
        return None


def _is_in_order(file: IO[bytes]) -> bool:
    # Gladly does not promise it. Out of order, a bookmark on the way would leave out what is still to come.
    found = (_find_instant(event) for event in iter_jsonl(file) if isinstance(event, dict))
    instants = (instant for instant in found if instant is not None)
    is_in_order = all(earlier <= later for earlier, later in pairwise(instants))
    file.seek(0)
    return is_in_order
