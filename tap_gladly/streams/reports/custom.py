"""Reports of the setting `custom_reports`. Discovery reads their columns from the report header."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk.schema.source import StreamSchema
from typing_extensions import override

from tap_gladly.exceptions import GladlyError
from tap_gladly.parsing.csv_rows import name_columns, normalize_name
from tap_gladly.state.window_bookmark import REPLICATION_KEY
from tap_gladly.streams.base import SCHEMAS
from tap_gladly.streams.reports.base import ReportStream
from tap_gladly.streams.reports.metric_sets import METRIC_SETS, ONLY_BY_TIME, name_stream
from tap_gladly.streams.reports.rows import ROW_HASH, ROW_KEY
from tap_gladly.streams.reports.windows import Window
from tap_gladly.timestamps import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk import Tap

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.transport.client import GladlyClient, RequestPolicy

_HALF_HOURLY = "halfHourly"
DISCOVERY_OUTAGE_SECONDS = 60
"""How long discovery retries a request."""
_DISCOVERY_DAYS = (1, 7, 30, 90)
_MAX_HALF_HOURLY_DAYS = 30  # Gladly rejects half-hourly reports of more than a month (documented)
_METADATA_FIELDS: dict[str, dict[str, Any]] = {
    ROW_HASH: {
        "type": ["string"],
        "description": "Hash of the row's cells. It serves as the key because Gladly gives the row no ID.",
    },
    ROW_KEY: {
        "type": ["string"],
        "description": "Hash of the key columns. It serves as the key because these columns may be empty.",
    },
    REPLICATION_KEY: {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "Exclusive end of the window that returned the row, in UTC. The replication key.",
    },
    "_unmapped": {
        "type": ["object", "null"],
        "description": "Columns that this schema doesn't declare, by name. Null if there are none.",
        "additionalProperties": True,
    },
}


class _HeaderSchema(StreamSchema[str]):
    """A schema that comes from the stream."""

    @override
    def get_stream_schema(self, stream: Any, stream_class: Any) -> dict[str, Any]:
        schema: dict[str, Any] = stream.own_schema
        return schema


class CustomReportStream(ReportStream):
    """One row per row of a report that the settings name; key `_row_key`, a hash of `key_columns`, or `_row_hash`."""

    schema = _HeaderSchema(SCHEMAS)

    def __init__(
        self,
        tap: Tap,
        client: GladlyClient,
        *,
        summary: RunSummary,
        settings: Mapping[str, Any],
        is_discovered: bool,
    ) -> None:
        self._is_discovered = is_discovered
        self._is_reading_header = False
        self.metric_set = settings["metric_set"]
        self.name = name_stream(self.metric_set)
        self.window_days = settings.get("window_days") or 1
        self.look_back_days = settings.get("look_back_days")
        self.supports_times = self.metric_set in ONLY_BY_TIME
        self.supports_dates = not self.supports_times
        params = {"aggregationLevel": "aggregation_level", "filters": "filters"}
        self.extra_params = {param: settings[key] for param, key in params.items() if settings.get(key)}
        columns = settings.get("key_columns") or ()
        names = (name if name == REPLICATION_KEY else normalize_name(name) for name in columns)
        self.key_columns = tuple(dict.fromkeys(names))
        self.primary_keys = (ROW_KEY if columns else ROW_HASH,)
        super().__init__(tap, client, summary=summary)

    @cached_property
    def own_schema(self) -> dict[str, Any]:
        """The stream's schema in the catalog; at discovery, one made from the report header."""
        catalog = self._tap.input_catalog
        # Without a catalog the stream is deselected. A request is only useful if its name may be wrong.
        is_unknown = catalog is None and self.metric_set not in METRIC_SETS
        if self._is_discovered or is_unknown:
            return self._make_schema(self._discover_header())
        entry = catalog.get_stream(self.name) if catalog else None
        schema = entry.schema.to_dict() if entry else {}
        return schema if schema.get("properties") else self._make_schema(())

    def _discover_header(self) -> Sequence[str]:
        """Return the header of the report; nothing if Gladly returns none, or rejects the report.

        One report must not stop discovery, and with it every other stream. It fails at its own sync.
        """
        self._is_reading_header = True
        try:
            return self._request_header()
        except GladlyError as error:
            self.discovery_error = error
            self.logger.warning(
                "%s: discovery found no columns, so all columns go to _unmapped. %s", self.name, error
            )
            return ()
        finally:
            self._is_reading_header = False

    def _request_header(self) -> Sequence[str]:
        for span in self._iter_discovery_spans():
            body = self.request_report(self.clip(span), self.key_spec.required)
            body.file.close()
            if body.header:
                return body.header
        self.logger.warning(
            "%s: the report %s is empty and has no header. Its columns go to _unmapped.",
            self.name,
            self.metric_set,
        )
        return ()

    def _iter_discovery_spans(self) -> Iterator[Window]:
        is_half_hourly = self.extra_params.get("aggregationLevel") == _HALF_HOURLY
        self.now = self._client.clock.now()
        today = self.now - self.now % DAY
        for days in _DISCOVERY_DAYS:
            if not is_half_hourly or days <= _MAX_HALF_HOURLY_DAYS:
                yield Window(today - days * DAY, today)

    def _make_schema(self, header: Sequence[str]) -> dict[str, Any]:
        titles = dict(zip(name_columns(header), header, strict=True))
        columns = dict.fromkeys([*self.key_spec.own_columns, *titles])
        fields: dict[str, dict[str, Any]] = {
            column: {
                "type": ["string", "null"],
                "description": f"Column {titles.get(column, column).strip()} of {self.metric_set}.",
            }
            for column in columns
        }
        keys = {key: _METADATA_FIELDS[key] for key in self.primary_keys}
        added = {name: _METADATA_FIELDS[name] for name in (REPLICATION_KEY, "_unmapped")}
        return {"type": "object", "properties": {**keys, **fields, **added}}

    @property
    @override
    def request_policy(self) -> RequestPolicy:
        policy = super().request_policy
        # Meltano discovers before every run, so a report that is down must not hold up all other streams.
        return policy._replace(outage_seconds=DISCOVERY_OUTAGE_SECONDS) if self._is_reading_header else policy
