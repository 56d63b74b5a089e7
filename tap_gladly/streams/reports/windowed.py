"""A stream that loads one time window per request: its clock, plan, bookmark and progress."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING

from tap_gladly.exceptions import InvalidBookmarkError
from tap_gladly.state.window_bookmark import REPLICATION_KEY, WindowBookmark
from tap_gladly.streams.incremental import IncrementalStream, warn_of_future_bookmarks
from tap_gladly.streams.reports.windows import Window, WindowPlanner
from tap_gladly.timestamps import DAY, MINUTE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from singer_sdk.helpers.types import Record

_LAG = 2 * 60 * MINUTE
"""Gladly's reports are about an hour behind. We count a window as complete two hours after its end."""


class WindowedStream(IncrementalStream):
    """Loads windows in order. The bookmark is the end of the last complete window.

    Every run requests the windows in the look-back period and the current, incomplete window again.
    """

    replication_key = REPLICATION_KEY

    key_columns: Sequence[str] = ()
    """Columns that identify a row. They are the primary key, unless that is `_row_key`, their hash."""
    window_days = 1
    look_back_days: int | None = None
    """Days before the bookmark in which rows may still change; None for one window."""
    initial_days = 90
    """Days that a first sync without `start_date` covers."""

    now = 0
    """The time by Gladly's clock when the sync began, in nanoseconds since 1970."""

    @abstractmethod
    def iter_window(self, span: Window, window: Window) -> Iterator[Record]:
        """Yield the rows of a span of a window."""

    @abstractmethod
    def clip(self, span: Window) -> Window:
        """Return the part of a span that can be requested by now."""

    @property
    def is_keyed_by_window(self) -> bool:
        """Whether the window is part of a row's key, as in reports whose rows are totals of it."""
        return REPLICATION_KEY in self.key_columns

    def iter_windows(self) -> Generator[Record, None, int]:
        """Yield the rows of all windows that are due; return how many windows that were."""
        self.now = self._read_clock()
        self._plan_all_streams()
        bookmark = self._restore_bookmark()
        self._warn_about_bookmark(bookmark)
        windows, due = self._plan(bookmark)
        for window in windows:
            before = self.row_count
            span = self.clip(Window(window.start, min(window.end, due.end)))
            yield from self.iter_window(span, window)
            self._log_progress(span, self.row_count - before)
            # A window that `end_date` cuts, or that Gladly's clock hasn't passed, isn't complete.
            if span.end >= window.end and window.end + _LAG <= self.now and not self.is_dry_run:
                self._commit(bookmark, window.end)
        return len(windows)

    def _read_clock(self) -> int:
        """Return the time by Gladly's clock, in nanoseconds since 1970: a wrong clock here could skip data."""
        clock = self._client.clock
        if not clock.has_response:
            # Any response has a date. An endpoint that fails must not stop the reports.
            policy = self.request_policy._replace(accepted_statuses=range(100, 600))
            self._client.fetch(
                ("organization",), lambda _response, body: body.close(), policy=policy, logger=self.logger
            )
        clock.log_difference(self.logger)
        return clock.now()

    def _restore_bookmark(self) -> WindowBookmark:
        bookmark = self.read_bookmark(WindowBookmark)
        if not self.is_keyed_by_window:
            bookmark.window_days = None
        elif bookmark.window_days is None:
            bookmark.window_days = self.window_days
        return bookmark

    def _warn_about_bookmark(self, bookmark: WindowBookmark) -> None:
        warn_of_future_bookmarks(self.logger, {self.name: bookmark.position}, now=self.now)
        if bookmark.window_days not in {None, self.window_days}:
            self.logger.warning(
                "%s: keeping windows of %d days, because the loaded rows are keyed by them. To use %d days, delete "
                "the rows in the target and the stream's bookmark.",
                self.name,
                bookmark.window_days,
                self.window_days,
            )

    def _plan(self, bookmark: WindowBookmark) -> tuple[list[Window], Window]:
        """Return the windows that are due, and the whole days that they have to cover."""
        planner = WindowPlanner(
            bookmark.window_days or self.window_days, self.look_back_days, self.is_keyed_by_window
        )
        start_date, end_date = self.bounds
        if bookmark.position is not None:
            first = max(planner.first_due(bookmark.position), start_date or 0)
        else:
            first = self.now - self.initial_days * DAY if start_date is None else start_date
        last = self.now if end_date is None else min(self.now, end_date)
        span = Window(first - first % DAY, last - last % DAY + DAY)
        if self.is_dry_run:
            # One request for one row. At midnight the current window is empty, so it covers one day more.
            span = Window(max(span.start, span.end - (self.window_days + 1) * DAY), span.end)
            return [span], span
        return planner.plan(span, now=self.now), span

    def _plan_all_streams(self) -> None:
        """Plan the streams of this run, for the total in the progress."""
        if not self._summary.reports.has_plan:
            for stream in self._tap.streams.values():
                if isinstance(stream, WindowedStream) and stream.is_active:
                    stream.add_to_plan(self.now)

    def add_to_plan(self, now: int) -> None:
        """Add this stream's windows to the total of all reports.

        Args:
            now: The current time, in nanoseconds since 1970.
        """
        self.now = now
        self._summary.reports.plan(self.name, 0)
        with suppress(InvalidBookmarkError):  # which the stream's own sync raises
            self._summary.reports.plan(self.name, len(self._plan(self._restore_bookmark())[0]))

    def _log_progress(self, span: Window, rows: int) -> None:
        reports = self._summary.reports
        part = reports.finish_window(self.name)
        rest = reports.describe(
            seconds_per_report=self._client.seconds_per_report,
            wait_seconds=self._client.seconds_until_report(),
        )
        self.log("%s: %s (%s), %d rows%s", self.name, part, span.describe_days(), rows, rest)

    def _commit(self, bookmark: WindowBookmark, end: int) -> None:
        """Advance the bookmark past a window whose rows were all sent, and emit STATE."""
        if not self.is_full_table and bookmark.advance(end):
            self.save_bookmark(bookmark.to_state())
            self.emit_state()
