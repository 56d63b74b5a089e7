"""Base class of the report streams: windows, bookmark and rows."""

from __future__ import annotations

import time
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_gladly.exceptions import InvalidBookmarkError, RequestRejectedError, UnknownMetricSetError
from tap_gladly.output.run_summary import Progress
from tap_gladly.state.window_bookmark import REPLICATION_KEY, WindowBookmark
from tap_gladly.streams.base import DRY_RUN_OUTAGE_SECONDS, RecordStream
from tap_gladly.streams.reports.metric_sets import METRIC_SETS
from tap_gladly.streams.reports.report_request import ReportRequest
from tap_gladly.streams.reports.rows import ROW_HASH, KeySpec, Row, RowReader
from tap_gladly.streams.reports.windows import Window, WindowPlanner, halve
from tap_gladly.timestamps import DAY, MINUTE, format_instant
from tap_gladly.transport.client import RequestPolicy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.streams.reports.bodies import ReportBody
    from tap_gladly.transport.client import GladlyClient

NEAR_CAP_ROWS = 90_000
"""Gladly truncates most reports at about 100,000 rows, without saying so."""
OUTAGE_SECONDS = 900
"""How long a request is retried: enough for three reports that time out."""
TIMEOUT_SECONDS = (15, 300)
"""Gladly creates the report while the request waits, for up to five minutes."""
_LAG = 2 * 60 * MINUTE
"""Gladly's reports are about an hour behind. We count a window as complete two hours after its end."""


class ReportStream(RecordStream):
    """Rows of a metric set, from `POST /reports`: one request per window, oldest first.

    Each row has `_window_end`, the end of the window that returned it. The bookmark is the end of the last
    complete window. Every run requests the windows in the look-back period and the current, incomplete window
    again; changed rows have the same key.
    """

    is_fail_fast = False
    selected_by_default = False
    replication_key = REPLICATION_KEY
    primary_keys: Sequence[str] = (ROW_HASH,)  # type: ignore[assignment] # some reports have two
    metadata_columns = frozenset({REPLICATION_KEY, ROW_HASH, "_unmapped"})

    metric_set: str
    """Gladly's name of the report."""
    window_days = 1
    look_back_days: int | None = None
    """Days before the bookmark in which rows may still change; None for one window."""
    initial_days = 90
    """Days that a first sync without `start_date` covers."""
    supports_dates = True
    """Whether a request may name days."""
    supports_times = False
    """Whether a request may name minutes."""
    completion_column: str | None = None
    """A column that is empty until the row is final. The row is sent only then."""
    mutable_columns: frozenset[str] = frozenset()
    """Columns that Gladly fills in later. The row's hash excludes them."""
    extra_params: Mapping[str, Any] = MappingProxyType({})
    """Request parameters besides the metric set and the span."""

    def __init__(self, tap: Tap, client: GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self.byte_count = 0
        """Bytes of the reports whose rows were sent in this run."""
        self._now = 0

    @property
    def key_spec(self) -> KeySpec:
        """How a row is identified."""
        return KeySpec(self.primary_keys, self.completion_column, self.mutable_columns)

    @property  # type: ignore[explicit-override] # with a setter, mypy doesn't see it
    @override
    def selected(self) -> bool:
        return super().selected

    @selected.setter
    def selected(self, value: bool | None) -> None:
        """Ignore the value: a dry run selects every stream, and reports have a rate limit of their own."""

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        if not self.is_active:
            return
        self._now = time.time_ns()
        self._bookmark = self._restore_bookmark()
        windows = self._plan_windows()
        progress = Progress(self.log, "Window", total=len(windows))
        for window in windows:
            before = self.row_count
            yield from self._iter_window(self._requested_span(window), window)
            progress.log(window, self.row_count - before)
            if not self.is_dry_run and window.end + _LAG <= self._now:
                self._commit(window.end)

    def _restore_bookmark(self) -> WindowBookmark:
        state = self.tap_state.get("bookmarks", {}).get(self.name, {})
        try:
            return WindowBookmark({} if self.is_full_table else state)
        except ValueError as error:
            raise InvalidBookmarkError(f"The state's bookmark of {self.name} is invalid: {error}.") from error

    def _plan_windows(self) -> list[Window]:
        position = self._bookmark.position
        if position is not None and position > self._now + DAY:
            self.logger.warning("%s: the bookmark is in the future, so nothing is due before it", self.name)
        planner = WindowPlanner(
            self.window_days, self.look_back_days, self.initial_days, self._is_keyed_by_window
        )
        start_date, end_date = self._bounds
        bounds = {"position": position, "start_date": start_date, "end_date": end_date}
        if self.is_dry_run:
            # One request for one row. At midnight the current window is empty, so it covers one day more.
            span = planner.due_span(now=self._now, **bounds)
            return [Window(max(span.start, span.end - (self.window_days + 1) * DAY), span.end)]
        return planner.plan(now=self._now, **bounds)

    @property
    def _is_keyed_by_window(self) -> bool:
        """Whether the window is part of a row's key, as in reports that aggregate over the window."""
        return REPLICATION_KEY in self.primary_keys

    def _requested_span(self, window: Window) -> Window:
        """Return the part of a window that can be requested by now."""
        midnight = self._now - self._now % DAY + DAY
        past = window._replace(end=min(window.end, midnight))
        return past if self.supports_dates else self._end_at_now(past)

    def _end_at_now(self, window: Window) -> Window:
        return Window(window.start, min(window.end, self._now - self._now % MINUTE))

    def _commit(self, end: int) -> None:
        """Advance the bookmark past a window whose rows were all sent, and emit STATE."""
        if not self.is_full_table and self._bookmark.advance(end):
            self.tap_state.setdefault("bookmarks", {})[self.name] = self._bookmark.to_state()
            self._tap.state_writer.write_state(self.tap_state)

    def _iter_window(self, span: Window, window: Window) -> Iterator[Record]:
        """Yield the rows of a span of a window. If Gladly may have truncated them, request it in halves."""
        if span.start >= span.end:
            return
        body = self.request_report(span, self._known_fields)
        is_near_cap = body.row_count >= NEAR_CAP_ROWS
        halves = self._split(span) if is_near_cap and not self.is_dry_run else []
        if halves:
            body.file.close()
            self.logger.info(
                "%s, %s: %d rows are near Gladly's row limit; requesting the window in halves",
                self.name,
                span,
                body.row_count,
            )
            for half in halves:
                yield from self._iter_window(half, window)
            return
        if is_near_cap:
            self.logger.error(
                "%s of %s may be truncated: Gladly returned %d rows, which is near its row limit, and the "
                "window can't be split further. The tap sends the rows it got.",
                self.name,
                span,
                body.row_count,
            )
        with body.file:
            yield from self._iter_body(body, window)
        self.byte_count += body.byte_count

    def _split(self, span: Window) -> list[Window]:
        if self._is_keyed_by_window:
            return []  # the rows of two halves would have the same keys
        days = halve(span, DAY) if self.supports_dates and span.has_whole_days else []
        return days or (halve(self._end_at_now(span), MINUTE) if self.supports_times else [])

    def request_report(self, span: Window, known: Collection[str]) -> ReportBody:
        """Request a report and return its complete body.

        Args:
            span: What the report covers.
            known: Declared columns.

        Raises:
            UnknownMetricSetError: Gladly rejects a metric set that it doesn't document.
            GladlyError: The request failed, or the report lacks its columns.
        """
        by_day = self.supports_dates and span.has_whole_days
        request = ReportRequest(self.metric_set, span, by_day, self.extra_params)
        read = partial(request.read, required=self.key_spec.required, known=known)
        try:
            return self.fetch(("reports",), read, body=request.to_json())
        except RequestRejectedError as error:
            if error.status == HTTPStatus.BAD_REQUEST and self.metric_set not in METRIC_SETS:
                raise UnknownMetricSetError(
                    f"Gladly rejected the report {self.metric_set} (400), which it doesn't document. "
                    f"Documented metric sets: {', '.join(METRIC_SETS)}.",
                    status=error.status,
                ) from error
            raise

    def _iter_body(self, body: ReportBody, window: Window) -> Iterator[Record]:
        reader = RowReader(body.header, self.effective_schema["properties"], key_spec=self.key_spec)
        for cells in body.iter_rows():
            row = reader.read(cells)
            if row is not None:
                yield self._complete_row(row, window)
        if reader.incomplete:
            self.logger.info(
                "%s, %s: %d rows without %s are not final yet; a later run sends them",
                self.name,
                window,
                reader.incomplete,
                self.completion_column,
            )
        if reader.missing_key:
            self.logger.warning(
                "%s, %s: skipped %d rows without %s",
                self.name,
                window,
                reader.missing_key,
                self.key_spec.own_keys[0],
            )

    def _complete_row(self, row: Row, window: Window) -> Record:
        record = self.finalize(row.record)
        record[REPLICATION_KEY] = format_instant(window.end)
        if row.row_hash is not None:
            record[ROW_HASH] = row.row_hash
        return record

    @property
    @override
    def request_policy(self) -> RequestPolicy:
        seconds = DRY_RUN_OUTAGE_SECONDS if self.is_dry_run else OUTAGE_SECONDS
        # 204 is a window without rows.
        return RequestPolicy(seconds, TIMEOUT_SECONDS, (HTTPStatus.OK, HTTPStatus.NO_CONTENT))

    @override
    def summarize(self) -> None:
        super().summarize()
        if self.selected:
            self._summary.bytes[self.name] = self.byte_count
