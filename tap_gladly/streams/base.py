"""What the SDK needs of every stream, and how rows follow their schema."""

from __future__ import annotations

import logging
import sys
from abc import abstractmethod
from functools import cached_property
from importlib.resources import files
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.metrics import Counter, Status, Tag, Timer
from singer_sdk.schema.source import SchemaDirectory, StreamSchema
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_gladly.exceptions import (
    CredentialsRejectedError,
    GladlyError,
    StreamMapError,
    StreamUnavailableError,
)
from tap_gladly.output.mapped_records import MappedRecords, make_checks
from tap_gladly.output.unmapped_log import UnmappedLog
from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.record_check import RecordCheck, drop_property
from tap_gladly.state.sdk_state import NoOpStateManager
from tap_gladly.timestamps import parse_instant, parse_last_instant
from tap_gladly.transport import client as gladly_client

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    import requests
    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import Catalog, RecordMessage

    from tap_gladly.output.message_writer import MessageWriter
    from tap_gladly.output.run_summary import RunSummary

_T = TypeVar("_T")
_Meter = TypeVar("_Meter", Counter, Timer)

_SILENT_LOGGER = logging.getLogger("tap-gladly.silent")
_SILENT_LOGGER.disabled = True

DRY_RUN_OUTAGE_SECONDS = 10
"""How long `--test` retries a request."""

_FOLDER = files("tap_gladly") / "schemas"
SCHEMAS = SchemaDirectory(_FOLDER)


def load_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of every built-in stream, by stream name."""
    names = [file.name.removesuffix(".json") for file in _FOLDER.iterdir()]
    return {name: SCHEMAS.get_schema(name) for name in names}


class GladlyStream(Stream):
    """A stream that keeps its own bookmark; an error of the tap ends it with one log line."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # the tap emits values as Gladly sends them
    is_fail_fast = True
    """Whether an error ends the run at once. Otherwise other streams sync, and the run fails at its end."""

    def __init__(self, tap: Tap, client: gladly_client.GladlyClient, *, summary: RunSummary) -> None:
        self._client = client
        self._summary = summary
        self.error: GladlyError | None = None
        """Why the stream ended early in this run."""
        self._has_sent_schema = False
        self._timer: Timer | None = None
        super().__init__(tap)

    @abstractmethod
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        """Yield the rows of one sync, complete."""

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        failure: GladlyError | None = None
        try:
            yield from self.iter_rows(context)
        except GladlyError as error:
            failure = error
        self.writer.flush()  # the next stream, or the end of the run, may be a request away
        if failure:
            self._end_early(failure)

    def _end_early(self, failure: GladlyError) -> None:
        """Log an error or a skipped stream, unless the error ends the run: then raise it."""
        self.claim(failure)
        if self._timer:
            self._timer.tags[Tag.STATUS] = Status.FAILED
        if isinstance(failure, StreamUnavailableError):
            self.logger.warning("%s", failure)
            return
        if self.is_fail_fast or isinstance(failure, CredentialsRejectedError):
            raise failure  # the tap logs it after the summary
        self.logger.error("%s", failure)

    def claim(self, failure: GladlyError) -> None:
        """Keep an error as the reason why this stream ended early, unless a child stream has claimed it."""
        if not failure.is_claimed:
            failure.is_claimed = True
            self.error = failure

    def fetch(
        self,
        path: Sequence[str],
        read: Callable[[requests.Response, IO[bytes]], _T],
        *,
        params: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | None = None,
    ) -> _T:
        """Send a request as `GladlyClient.fetch` does, with this stream's policy and logger."""
        return self._client.fetch(
            path, read, params=params, body=body, policy=self.request_policy, logger=self.logger
        )

    @property
    def request_policy(self) -> gladly_client.RequestPolicy:
        """Timeouts of this stream's requests, and how long they are retried."""
        seconds = DRY_RUN_OUTAGE_SECONDS if self.is_dry_run else gladly_client.OUTAGE_SECONDS
        return gladly_client.RequestPolicy(seconds)

    @property
    def is_dry_run(self) -> bool:
        """Whether `--test` requests only the first rows."""
        return self.ABORT_AT_RECORD_COUNT is not None

    @property
    def writer(self) -> MessageWriter:
        """The tap's message writer."""
        return cast("MessageWriter", self._tap.message_writer)

    def summarize(self) -> None:
        """Add what this stream did to the run summary; called once, however the run ends."""
        if self.error and not isinstance(self.error, StreamUnavailableError):
            self._summary.failed_streams.append(self.name)

    @override
    def get_record_counter(self, **kwargs: Any) -> Counter:
        return self._silence_in_dry_run(super().get_record_counter(**kwargs))

    @override
    def get_sync_timer(self) -> Timer:
        self._timer = self._silence_in_dry_run(super().get_sync_timer())
        return self._timer

    def _silence_in_dry_run(self, meter: _Meter) -> _Meter:
        if self.is_dry_run:  # it stops early on purpose, which the METRIC would report as a failure
            meter.logger = _SILENT_LOGGER
        return meter

    @override
    def log(self, message: str, *args: object, level: int = logging.INFO, **kwargs: Any) -> None:
        # The SDK logs the planned end of a dry run, and an error that has been logged, as unhandled errors.
        is_noise = self.is_dry_run or isinstance(sys.exc_info()[1], GladlyError)
        super().log(message, *args, level=logging.DEBUG if is_noise else level, **kwargs)

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterable[Context | None]:
        return ()  # JobsStream syncs its children in iter_rows

    @property
    @override
    def state_manager(self) -> NoOpStateManager:
        return self._no_op_state_manager

    @cached_property
    def _no_op_state_manager(self) -> NoOpStateManager:
        return NoOpStateManager(stream_name=self.name, tap_state=self.tap_state)

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        return None

    @override
    def _write_schema_message(self) -> None:
        # The SDK sends SCHEMA with every sync, so a child stream would repeat it for each job. No public hook
        # comes before it.
        if not self._has_sent_schema:
            self._has_sent_schema = True
            super()._write_schema_message()

    @override
    def _write_activate_version_message(self, full_table_version: int) -> None:
        """Defer the message: the SDK sends it before the request, which may fail."""

    def activate_version(self) -> None:
        """Emit ACTIVATE_VERSION if it is due, after a complete response was sent."""
        if self._stream_version is not None and not self.is_dry_run:
            super()._write_activate_version_message(self._stream_version)


class RecordStream(GladlyStream):
    """A stream with a schema file; properties that the schema doesn't declare go to `_unmapped`."""

    schema = StreamSchema(SCHEMAS)
    primary_keys = ("id",)
    metadata_columns: frozenset[str] = frozenset({"_unmapped"})
    """Columns that the tap adds. A property of that name from Gladly counts as undeclared."""
    supports_batch = False
    """Whether `batch_config` applies. It can't where a STATE message follows rows that BATCH would delay."""

    def __init__(self, tap: Tap, client: gladly_client.GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self.row_count = 0
        """Rows read in this run."""
        self.sent_count = 0
        """Rows sent in this run: stream maps may filter or multiply the rows read."""
        self._unmapped_log = UnmappedLog(self.name, self.logger, is_sent=self._sends_unmapped)

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        own_key = self.replication_key
        super().apply_catalog(catalog)
        # Without a replication key in the catalog, the SDK would treat the stream as FULL_TABLE. Only the
        # replication method decides that here.
        self.replication_key = self.replication_key or own_key

    @override
    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        # Private, but the only hook behind the stream maps.
        try:
            for message in super()._generate_record_messages(record):
                self.sent_count += 1
                if check := self._mapped_records.get(message.stream):
                    message.record, problems = check.conform(message.record)
                    self._unmapped_log.add(problems, source="a stream map returned")
                yield message
        except StreamMapError as error:
            self.claim(error)
            raise

    @property
    def is_active(self) -> bool:
        """Whether the stream is selected and no stream map removes it."""
        return self.selected and not all(isinstance(it, RemoveRecordTransform) for it in self.stream_maps)

    @property
    def is_full_table(self) -> bool:
        """Whether the catalog sets the replication method to FULL_TABLE."""
        return self.forced_replication_method == REPLICATION_FULL_TABLE

    @cached_property
    def _bounds(self) -> tuple[int | None, int | None]:
        start, end = self.config.get("start_date"), self.config.get("end_date")
        return parse_instant(start) if start else None, parse_last_instant(end) if end else None

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> BatchConfig | None:
        return super().get_batch_config(config) if self.supports_batch else None

    def finalize(self, record: Record) -> Record:
        """Count a row and make it valid for the stream's schema."""
        self.row_count += 1
        for outer, name in self._deselected_properties:
            drop_property(record, outer, name)
        if not self._record_check.is_valid(encode(record)):
            self.conform(record)
        return record

    def conform(self, record: Record) -> None:
        """Move undeclared properties, and values that don't fit the schema, to `_unmapped`.

        Args:
            record: A record without deselected properties, decoded to any depth.
        """
        removed, problems = self._record_check.conform(record)
        if removed:
            record["_unmapped"] = removed
            self._unmapped_log.add(problems)

    @cached_property
    def _mapped_records(self) -> dict[str, MappedRecords]:
        return make_checks(self.stream_maps)

    @cached_property
    def _record_check(self) -> RecordCheck:
        options = [it.flattening_options for it in self.stream_maps if it.flattening_enabled]
        depth = max((it.max_level for it in options if it), default=0)
        selected = {name for name in self._known_fields if self.mask["properties", name]}
        ignored = self.effective_schema["properties"].keys() - selected
        return RecordCheck(self.effective_schema, ignored=ignored, keys=self.primary_keys, depth=depth)

    @cached_property
    def _deselected_properties(self) -> list[tuple[tuple[str, ...], str]]:
        # A deselected value must not reach _unmapped. The SDK drops deselected properties after this.
        paths = [breadcrumb[1::2] for breadcrumb, is_selected in self.mask.items() if not is_selected]
        return [(path[:-1], path[-1]) for path in paths if path and path[0] not in self.metadata_columns]

    @cached_property
    def _known_fields(self) -> frozenset[str]:
        return frozenset(self.effective_schema["properties"]) - self.metadata_columns

    def _sends_unmapped(self) -> bool:
        return any("_unmapped" in it.transformed_schema.get("properties", ()) for it in self.stream_maps)

    @override
    def summarize(self) -> None:
        super().summarize()
        if self.selected:
            self._summary.rows[self.name] = self.row_count
            self._summary.rows_sent[self.name] = self.sent_count
        if unexpected := self._unmapped_log.unexpected:
            self._summary.unexpected_types[self.name] = dict(unexpected)
        if undeclared := self._unmapped_log.undeclared:
            self._summary.unknown_properties[self.name] = sorted(undeclared)
