"""Base class of the streams with a schema file: their rows always match the SCHEMA that the tap sends."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.schema.source import StreamSchema
from typing_extensions import override

from tap_gladly.exceptions import StreamMapError
from tap_gladly.output.mapped_records import MappedRecordCheck, make_checks
from tap_gladly.output.unmapped_log import UnmappedLog
from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.record_check import RecordCheck, drop_property
from tap_gladly.streams.base import SCHEMAS, GladlyStream

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import Any

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Record
    from singer_sdk.singerlib import RecordMessage

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.transport.client import GladlyClient


class RecordStream(GladlyStream):
    """A stream with a schema file; properties that the schema doesn't declare go to `_unmapped`."""

    schema = StreamSchema(SCHEMAS)
    primary_keys = ("id",)
    metadata_columns: frozenset[str] = frozenset({"_unmapped"})
    """Columns that the tap adds. A property of that name from Gladly counts as undeclared."""
    supports_batch = False
    """Whether `batch_config` applies. It can't where a STATE message follows rows that BATCH would delay."""

    def __init__(self, tap: Tap, client: GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self.row_count = 0
        """Rows read in this run."""
        self.sent_count = 0
        """Rows sent in this run: stream maps may filter or multiply the rows read."""
        self._unmapped_log = UnmappedLog(self.name, self.logger, is_sent=self._sends_unmapped)

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
    def _mapped_records(self) -> dict[str, MappedRecordCheck]:
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
