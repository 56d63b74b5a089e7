"""What the streams of reports share: windows, requests, and rows."""

from __future__ import annotations

import time
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import RetriableAPIError
from typing_extensions import override

from tap_gladly.exceptions import (
    InvalidBookmarkError,
    MissingColumnsError,
    RequestRejectedError,
    UnknownMetricSetError,
)
from tap_gladly.output.run_summary import Progress
from tap_gladly.parsing.csv_rows import name_columns
from tap_gladly.state.bookmarks import parse_bookmark_time
from tap_gladly.streams.base import DRY_RUN_OUTAGE_SECONDS, RecordStream
from tap_gladly.streams.reports.bodies import ReportBody, download_report
from tap_gladly.streams.reports.metric_sets import METRIC_SETS
from tap_gladly.streams.reports.rows import ROW_HASH, KeySpec, Row, RowReader
from tap_gladly.streams.reports.windows import MINUTE, Window, halve, iter_windows
from tap_gladly.timestamps import DAY, format_instant
from tap_gladly.transport.client import RequestPolicy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import requests
    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.transport.client import GladlyClient

NEAR_CAP_ROWS = 90_000
"""Gladly cuts most reports at about 100,000 rows, and does not say so."""
OUTAGE_SECONDS = 900
"""How long an outage is sat out before a report's stream ends: three reports that never come."""
TIMEOUT_SECONDS = (15, 300)
"""A report is made while the call waits, for up to five minutes."""
_LAG = 2 * 60 * MINUTE
"""Gladly's reports are about an hour behind. A window counts as whole when it ended two hours ago."""


class ReportStream(RecordStream):
    """Rows of a metric set, from `POST /reports`: one request a window, oldest first.

    Each row carries `_window_end`, the end of the window that it was read with; the bookmark is the end of
    the last whole window. Windows up to `look_back_days` behind it are read again, and so is the unfinished
    one: what has changed lands on the same key.
    """

    is_fail_fast = False
    selected_by_default = False
    replication_key = "_window_end"
    primary_keys: Sequence[str] = (ROW_HASH,)  # type: ignore[assignment] # some have two
    metadata_columns = frozenset({"_window_end", ROW_HASH, "_unmapped"})

    metric_set: str
    """Gladly's name of the report."""
    window_days = 1
    look_back_days: int | None = None
    """How far behind the bookmark rows may still change; one window if it is not said."""
    initial_days = 90
    """Where a first sync without `start_date` begins."""
    supports_dates = True
    """Whether a request may name days, and then all of UTC."""
    supports_times = False
    """Whether a request may name minutes."""
    completion_column: str | None = None
    """A column that is empty while a row is not finished, which is sent then."""
    mutable_columns: frozenset[str] = frozenset()
    """Columns that are filled in later, which a row's hash leaves out."""
    extra_params: Mapping[str, Any] = MappingProxyType({})
    """What a request says besides."""

    def __init__(self, tap: Tap, client: GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self.byte_count = 0
        """Bytes of the bodies that this run has sent."""
        self._invalid_columns: set[str] = set()
        self._now = 0

    @property
    def rules(self) -> KeySpec:
        """What its rows are told apart by."""
        return KeySpec(self.primary_keys, self.completion_column, self.mutable_columns)

    @property  # type: ignore[explicit-override] # with a setter, mypy does not see it
    @override
    def selected(self) -> bool:
        return super().selected

    @selected.setter
    def selected(self, value: bool | None) -> None:
        """Nothing: a dry run selects every stream by itself, and reports that nobody wants cost a budget."""

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        if not self.is_active:
            return
        self._now = time.time_ns()
        windows = self._plan_windows()
        progress = Progress(self.log, "Window", total=len(windows))
        for window in windows:
            before = self.row_count
            yield from self._iter_window(self._requested_span(window), window)
            progress.log(window, self.row_count - before)
            if not self.is_dry_run and window.end + _LAG <= self._now:
                self._commit(window.end)

    def _plan_windows(self) -> list[Window]:
        place = None if self.is_full_table else self._read_position()
        if place is not None and place > self._now + DAY:
            self.logger.warning("The bookmark lies in the future: nothing is due before that")
        span = self._due_span(place)
        if self.is_dry_run:
            # One request, for one row; at midnight the newest window has none yet, so it is a day more.
            start = max(span.start, span.end - (self.window_days + 1) * DAY)
            return [Window(start, span.end)]
        windows = list(iter_windows(span, self.window_days * DAY))
        if span.end > self._now:
            # The unfinished window keeps the end that it will have, on which its rows may depend.
            windows[-1:] = [Window(it.start, it.start + self.window_days * DAY) for it in windows[-1:]]
        return windows

    def _read_position(self) -> int | None:
        value = self.tap_state.get("bookmarks", {}).get(self.name, {}).get("replication_key_value")
        try:
            place = None if value is None else parse_bookmark_time(value)
        except ValueError as error:
            raise InvalidBookmarkError(
                f"The state's bookmark of {self.name} is unusable: {error}."
            ) from error
        return place

    def _due_span(self, place: int | None) -> Window:
        first, end = self._bounds
        if place is not None:
            days = self.window_days if self.look_back_days is None else self.look_back_days
            if self._is_keyed_by_window:
                days = -(-days // self.window_days) * self.window_days  # the same windows, whole
            first = max(place - place % DAY - days * DAY, first or 0)
        elif first is None:
            first = self._now - self.initial_days * DAY
        last = min(self._now, self._now if end is None else end)
        return Window(first - first % DAY, last - last % DAY + DAY)

    @property
    def _is_keyed_by_window(self) -> bool:
        """Whether a row is told from others by its window, as those that are sums of it."""
        return "_window_end" in self.primary_keys

    def _requested_span(self, window: Window) -> Window:
        """Give what of a window can be asked for by now."""
        midnight = self._now - self._now % DAY + DAY
        past = window._replace(end=min(window.end, midnight))
        return past if self.supports_dates else self._end_at_now(past)

    def _end_at_now(self, window: Window) -> Window:
        return Window(window.start, min(window.end, self._now - self._now % MINUTE))

    def _commit(self, end: int) -> None:
        """Move the bookmark past a window whose rows have all been sent, and say so in a STATE."""
        place = self._read_position()
        if self.is_full_table or (place is not None and end <= place):
            return
        bookmarks = self.tap_state.setdefault("bookmarks", {})
        bookmarks[self.name] = {
            "replication_key": self.replication_key,
            "replication_key_value": format_instant(end),
        }
        self._tap.state_writer.write_state(self.tap_state)

    def _iter_window(self, span: Window, window: Window) -> Iterator[Record]:
        """Yield the rows of a window or of a part of it, which is asked for in halves if it may be cut."""
        if span.start >= span.end:
            return
        body = self.ask(span, self._known_fields)
        is_near_cap = body.row_count >= NEAR_CAP_ROWS
        halves = self._split(span) if is_near_cap and not self.is_dry_run else []
        if halves:
            body.file.close()
            self.logger.info(
                "%s: %d rows, near Gladly's row cap; asked again in halves", span, body.row_count
            )
            for half in halves:
                yield from self._iter_window(half, window)
            return
        if is_near_cap:
            self.logger.error(
                "%s of %s may be cut: Gladly gave %d rows, which is near its row cap, and no smaller window "
                "can be asked for. What came is sent.",
                self.name,
                span,
                body.row_count,
            )
        with body.file:
            yield from self._iter_body(body, window)
        self.byte_count += body.byte_count

    def _split(self, span: Window) -> list[Window]:
        if self._is_keyed_by_window:
            return []  # two halves would have the same keys
        days = halve(span, DAY) if self.supports_dates and span.has_whole_days else []
        return days or (halve(self._end_at_now(span), MINUTE) if self.supports_times else [])

    def ask(self, span: Window, known: Collection[str]) -> ReportBody:
        """Ask for a report, and give its body once it is whole; known columns tell it from a sentence."""
        by_day = self.supports_dates and span.has_whole_days
        body = {
            "metricSet": self.metric_set,
            **(span.to_days() if by_day else span.to_minutes()),
            **self.extra_params,
        }
        try:
            return self.fetch(("reports",), partial(self._read, span=span, known=known), body=body)
        except RequestRejectedError as error:
            if error.status == HTTPStatus.BAD_REQUEST and self.metric_set not in METRIC_SETS:
                raise UnknownMetricSetError(
                    f"Gladly rejected the report {self.metric_set} (400), which it doesn't document. "
                    f"Documented metric sets: {', '.join(METRIC_SETS)}.",
                    status=error.status,
                ) from error
            raise

    def _read(self, response: requests.Response, *, span: Window, known: Collection[str]) -> ReportBody:
        try:
            body = download_report(response, known=known)
        except ValueError as error:
            raise RetriableAPIError(
                f"Gladly's answer for {self.metric_set}, {span}, is no usable report but {error}", response
            ) from error
        columns = set(name_columns(body.header))
        missing = self.rules.required - columns
        problem = (
            f"lacks what its rows are told apart by: column {', '.join(sorted(missing))}" if missing else ""
        )
        if known and columns.isdisjoint(known):
            problem = problem or "has none of its columns"
        if body.header and problem:
            body.file.close()
            raise MissingColumnsError(f"{self.metric_set}, {span}, {problem}.")
        return body

    def _iter_body(self, body: ReportBody, window: Window) -> Iterator[Record]:
        reader = RowReader(body.header, self.effective_schema["properties"], rules=self.rules)
        for cells in body.iter_rows():
            row = reader.read(cells)
            if row is not None:
                yield self._complete_row(row, window)
        if reader.waiting:
            self.logger.info("%s: %d rows wait for their %s", window, reader.waiting, self.completion_column)
        if reader.missing_key:
            key = self.rules.own_keys[0]
            self.logger.warning("%s: %d rows without %s are left out", window, reader.missing_key, key)

    def _complete_row(self, row: Row, window: Window) -> Record:
        record = self.finalize(row.record)
        record["_window_end"] = format_instant(window.end)
        if row.row_hash is not None:
            record[ROW_HASH] = row.row_hash
        if row.invalid_cells:
            record["_unmapped"] = {**record.get("_unmapped", {}), **row.invalid_cells}
            self._warn_invalid_cells(row.invalid_cells.keys())
        return record

    def _warn_invalid_cells(self, columns: AbstractSet[str]) -> None:
        new = columns - self._invalid_columns
        if new:
            self._invalid_columns |= new
            self.logger.warning(
                "Cells that don't match their column's type go to _unmapped: %s", ", ".join(sorted(new))
            )

    @property
    @override
    def request_policy(self) -> RequestPolicy:
        seconds = DRY_RUN_OUTAGE_SECONDS if self.is_dry_run else OUTAGE_SECONDS
        # 204 is a window without rows.
        return RequestPolicy(seconds, TIMEOUT_SECONDS, (HTTPStatus.OK, HTTPStatus.NO_CONTENT))

    @override
    def summarize(self) -> None:
        if self.selected:
            self._summary.bytes[self.name] = self.byte_count
        super().summarize()
