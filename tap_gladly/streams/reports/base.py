"""Base class of the report streams: requests, rows and SCHEMA."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib import Schema
from typing_extensions import override

from tap_gladly.exceptions import GladlyError, RequestRejectedError
from tap_gladly.state.window_bookmark import REPLICATION_KEY
from tap_gladly.streams.base import DRY_RUN_OUTAGE_SECONDS
from tap_gladly.streams.reports.report_request import ReportSource
from tap_gladly.streams.reports.rows import ROW_HASH, ROW_KEY, KeySpec, RowReader
from tap_gladly.streams.reports.windowed import WindowedStream
from tap_gladly.timestamps import format_instant
from tap_gladly.transport.client import RequestPolicy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import Catalog

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.streams.reports.bodies import ReportBody
    from tap_gladly.streams.reports.windows import Window
    from tap_gladly.transport.client import GladlyClient

NEAR_CAP_ROWS = 90_000
"""Gladly truncates most reports at about 100,000 rows, without an error."""
OUTAGE_SECONDS = 900
"""How long a request is retried: enough for three reports that time out."""
TIMEOUT_SECONDS = (15, 300)
"""Gladly creates the report while the request waits, for up to five minutes."""


class ReportStream(WindowedStream):
    """Rows of a metric set, from `POST /reports`: one request per window, oldest first.

    Each row has `_window_end`, the end of the window that returned it. A row that changed has the same key when
    a later run requests its window again.
    """

    is_fail_fast = False
    selected_by_default = False
    primary_keys: Sequence[str] = (ROW_HASH,)  # type: ignore[assignment] # the base class has one key
    metadata_columns = frozenset({REPLICATION_KEY, ROW_HASH, ROW_KEY, "_unmapped"})

    metric_set: str
    """Gladly's name of the report."""
    supports_dates = True
    """Whether a request may name days."""
    supports_times = False
    """Whether a request may name minutes."""
    completion_column: str | None = None
    """A column that is empty until the row is final. The row is sent only then."""
    mutable_columns: frozenset[str] = frozenset()
    """Columns that Gladly fills in later. The row's hash excludes them."""
    renamed_columns: Mapping[str, str] = MappingProxyType({})
    """Columns that Gladly has two names for, each with its other name. A report has one of the two."""
    extra_params: Mapping[str, Any] = MappingProxyType({})
    """Request parameters besides the metric set and the span."""

    def __init__(self, tap: Tap, client: GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self.byte_count = 0
        """Bytes of the reports whose rows were sent in this run."""
        self._missing_columns: frozenset[str] = frozenset()
        self._reported_missing: set[str] = set()
        self._has_warned_of_timezone = False

    def override_settings(self, settings: Mapping[str, Any]) -> None:
        """Use the windows and filters of an entry of `custom_reports` instead of the built-in ones."""
        self.window_days = settings.get("window_days") or self.window_days
        if settings.get("look_back_days") is not None:
            self.look_back_days = settings["look_back_days"]
        if settings.get("filters"):
            self.extra_params = {"filters": settings["filters"]}

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        # The key depends on the settings. A catalog made before they changed names another one.
        if entry := catalog.get_stream(self.name):
            entry.key_properties = list(self.primary_keys)
            for key in self.primary_keys:
                (entry.schema.properties or {}).setdefault(key, Schema(type=["string"]))
        super().apply_catalog(catalog)

    @property
    def key_spec(self) -> KeySpec:
        """How a row is identified."""
        return KeySpec(
            self.key_columns, ROW_KEY in self.primary_keys, self.completion_column, self.mutable_columns
        )

    @property
    def _source(self) -> ReportSource:
        return ReportSource(self.metric_set, self.supports_dates, self.supports_times, self.extra_params)

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
        try:
            window_count = yield from self.iter_windows()
        except GladlyError:
            self._summary.reports.drop(self.name)
            self._send_schema()
            raise
        self._send_schema()
        if window_count:
            self.activate_version()

    @override
    def clip(self, span: Window) -> Window:
        return self._source.clip(span, now=self.now)

    @override
    def iter_window(self, span: Window, window: Window) -> Iterator[Record]:
        # If Gladly may have truncated the report, the tap requests it in halves.
        if span.start >= span.end:
            return
        body = self.request_report(span, self._known_fields)
        is_near_cap = body.row_count >= NEAR_CAP_ROWS
        # The rows of two halves would have the same keys if they are keyed by their window.
        can_split = is_near_cap and not self.is_dry_run and not self.is_keyed_by_window
        if halves := self._source.split(span, now=self.now) if can_split else []:
            body.file.close()
            self.logger.info(
                "%s, %s: %d rows are near Gladly's row limit; requesting the window in halves",
                self.name,
                span,
                body.row_count,
            )
            for half in halves:
                yield from self.iter_window(half, window)
            return
        if is_near_cap:
            self.is_complete = False
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

    def request_report(self, span: Window, known: Collection[str]) -> ReportBody:
        """Request a report and return its complete body.

        Args:
            span: What the report covers.
            known: Declared columns.

        Raises:
            GladlyError: The request failed, or the report lacks its columns.
        """
        self.writer.flush()  # the request may wait for the rate limit
        read = partial(self._source.read, span=span, required=self.key_spec.required, known=known)
        try:
            body = self.fetch(("reports",), read, body=self._source.make_body(span))
        except RequestRejectedError as error:
            raise self._source.explain(error) from error
        if body.invalid_lines:
            self.logger.warning(
                "%s, %s: %d lines aren't UTF-8. They are read as Windows-1252, or with U+FFFD in place of "
                "invalid bytes.",
                self.name,
                span,
                body.invalid_lines,
            )
        return body

    def _iter_body(self, body: ReportBody, window: Window) -> Iterator[Record]:
        if body.row_count:
            self._send_schema(header=body.columns)
        window_end = format_instant(window.end)
        reader = RowReader(
            body.header, self.effective_schema["properties"], key_spec=self.key_spec, window_end=window_end
        )
        for cells in body.iter_rows():
            row = reader.read(cells)
            if row is not None:
                record, key = row
                yield {**self.finalize(record), REPLICATION_KEY: window_end, **key}
        self._log_skipped_rows(reader, window)

    def _log_skipped_rows(self, reader: RowReader, window: Window) -> None:
        if reader.incomplete:
            self.logger.info(
                "%s, %s: %d rows without %s are not final yet; a later run sends them",
                self.name,
                window,
                reader.incomplete,
                self.completion_column,
            )
        if reader.missing_key:
            self.is_complete = False
            self.logger.warning(
                "%s, %s: skipped %d rows without %s",
                self.name,
                window,
                reader.missing_key,
                self.key_spec.own_columns[0],
            )
        if reader.other_timezone and not self._has_warned_of_timezone:
            self._has_warned_of_timezone = True
            self.logger.warning(
                "%s, %s: Gladly made the report in another time zone, although the tap requested UTC. Timestamps "
                "without an offset go to _unmapped.",
                self.name,
                window,
            )

    @override
    def _write_schema_message(self) -> None:
        """Defer the message until the first report shows which columns it has."""

    def _send_schema(self, header: Collection[str] | None = None) -> None:
        """Emit SCHEMA if none was sent, or if the report has other columns than before.

        SCHEMA leaves out columns that the report lacks. Otherwise a target would replace good values by null
        when rows of the look-back period are sent again.

        Args:
            header: The report's columns; None if there is no report.
        """
        missing = self._missing_columns if header is None else self._find_missing(header)
        if self._has_sent_schema and missing == self._missing_columns:
            return
        self._has_sent_schema, self._missing_columns = True, missing
        self._warn_missing(missing)
        for message in self._generate_schema_messages():
            fields = message.schema["properties"]
            kept = {name: field for name, field in fields.items() if name not in missing}
            message.schema = {**message.schema, "properties": kept}
            self._tap.write_message(message)

    def _find_missing(self, header: Collection[str]) -> frozenset[str]:
        # A stream map can give a column a value that doesn't come from the report.
        maps = (self.config.get("stream_maps") or {}).values()
        mapped = {column for columns in maps if isinstance(columns, dict) for column in columns}
        selected = {name for name in self._known_fields if self.mask["properties", name]}
        return frozenset(selected - {*header} - mapped)

    def _warn_missing(self, columns: AbstractSet[str]) -> None:
        other_names = [
            *self.renamed_columns.items(),
            *((new, old) for old, new in self.renamed_columns.items()),
        ]
        expected = {name for name, other in other_names if other not in columns}
        # Columns that repeat the request's filters hold no data.
        expected |= {name for name in columns if name.endswith("_filter")}
        if new := sorted(columns - expected - self._reported_missing):
            self._reported_missing.update(new)
            self.logger.warning(
                "%s: Gladly's report lacks the columns %s. The tap doesn't send them, so a target that upserts "
                "keeps their values.",
                self.name,
                ", ".join(new),
            )

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
