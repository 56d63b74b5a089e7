"""Streams of the files of each COMPLETED export job."""

from __future__ import annotations

import io
import logging
from contextlib import nullcontext, suppress
from datetime import datetime, timezone
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import AbortedSyncFailedException, AbortedSyncPausedException
from singer_sdk.helpers._batch import SDKBatchMessage
from singer_sdk.mapper import SameRecordTransform
from typing_extensions import override

from tap_gladly.exceptions import NotFoundError
from tap_gladly.output.batch_files import BatchWriter, make_parquet_row, private_files
from tap_gladly.parsing.json_text import encode, escape_line_ends
from tap_gladly.parsing.jsonl import (
    MalformedLine,
    decode_raw,
    iter_jsonl,
    parse_line,
)
from tap_gladly.parsing.passthrough import Passthrough
from tap_gladly.streams.export.base import FileStream
from tap_gladly.streams.export.jobs import JobsStream
from tap_gladly.streams.json_responses import fetch_jsonl
from tap_gladly.streams.malformed_lines import get_malformed_lines_stream
from tap_gladly.timestamps import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.streams.export.job import Job
    from tap_gladly.transport.client import GladlyClient

_TOP_LEVEL = len(("properties", "name"))


class ExportFileStream(FileStream):
    """Rows of one file of each COMPLETED job: `<name>.jsonl`.

    Each row carries `_job_id` and the replication key, `_job_updated_at`.
    """

    parent_stream_type = JobsStream
    replication_key = "_job_updated_at"
    supports_batch = True

    def __init__(self, tap: Tap, client: GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self.byte_count = 0
        """Bytes of the files sent in this run."""

    @property
    @override
    def file_name(self) -> str:
        return f"{self.name}.jsonl"

    @override
    def applies_to(self, job: Job) -> bool:
        return job.status == "COMPLETED" and self.file_name in job.files

    @override
    def log(self, message: str, *args: object, level: int = logging.INFO, **kwargs: Any) -> None:
        # The SDK logs each sync at INFO, and here every file is a sync.
        super().log(message, *args, level=logging.DEBUG if level == logging.INFO else level, **kwargs)

    @override
    def write_schema(self) -> None:
        self._write_schema_message()

    @override
    def open_file(self, job: Job) -> IO[bytes]:
        path = ("export", "jobs", job.id, "files", self.file_name)
        return fetch_jsonl(self, path, name=f"{self.file_name} of job {job.id}")

    @override
    def send_file(self, job: Job, next_file: Callable[[], IO[bytes]]) -> int:
        self._job = job
        try:
            self._file = next_file()
        except NotFoundError as error:
            self._file = io.BytesIO()
            self.is_complete = False
            self.logger.warning(
                "%s of job %s, %s, is missing (%d): it expired or was deleted. If it wasn't loaded before, "
                "ask Gladly support to regenerate the export.",
                self.file_name,
                job.id,
                job.window,
                error.status,
            )
        self._job_updated_at = format_instant(job.version.instant)
        before = self.row_count
        # A dry run stops in the middle of a file, and must not advance the bookmark.
        with self._file, suppress(AbortedSyncFailedException, AbortedSyncPausedException):
            self._send_rows()
            self.byte_count += self._file.tell()
            self.commit(job, self._job_updated_at)
        return self.row_count - before

    def _send_rows(self) -> None:
        """Send the file's rows on the fastest path that suits them: BATCH, passthrough, or the SDK's record path."""
        config = self.get_batch_config(self.config)
        # The SDK writes batch files of other formats, such as Parquet.
        is_other_format = config is not None and config.encoding.format != "jsonl"
        if self.is_dry_run or is_other_format or not (config or self._can_pass_through):
            with private_files() if is_other_format else nullcontext():
                self.sync({"_job_id": self._job.id})
            return
        with self._record_counter, self._sync_timer:
            if config:
                self._send_batches(config)
            else:
                self._send_copies()

    def _send_malformed(self, line: MalformedLine) -> None:
        self.is_complete = False
        get_malformed_lines_stream(self._tap).send(line, self._job, self.file_name)

    # The SDK's record path.

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        for record in iter_jsonl(self._file):
            if isinstance(record, MalformedLine):
                self._send_malformed(record)
            else:
                yield self.finalize(record)
            self.writer.flush_if_due()

    @override
    def finalize(self, record: Record) -> Record:
        row = {**super().finalize(record), **self._metadata_values}
        return make_parquet_row(row, self._parquet_columns) if self._parquet_columns else row

    @cached_property
    def _parquet_columns(self) -> dict[str, Any]:
        config = self.get_batch_config(self.config)
        if config is None or config.encoding.format != "parquet":
            return {}
        properties = self.effective_schema["properties"]
        return {
            name: properties.get(name) for name in self.schema["properties"] if name not in self._deselected
        }

    # The passthrough: for rows that need no processing, it writes the messages that the SDK would write.

    @cached_property
    def _can_pass_through(self) -> bool:
        """Whether no map, flattening or nested deselection changes records, so bytes can be copied."""
        has_nested_deselection = any(
            not selected and len(breadcrumb) > _TOP_LEVEL and self.mask[breadcrumb[:_TOP_LEVEL]]
            for breadcrumb, selected in self.mask.items()
        )
        has_version = self.is_full_table and self.emit_activate_version_messages
        are_unchanged = [
            type(it) is SameRecordTransform and not it.flattening_enabled for it in self.stream_maps
        ]
        return all(are_unchanged) and not (has_nested_deselection or has_version or "id" in self._deselected)

    @cached_property
    def _deselected(self) -> frozenset[str]:
        fields = {*self.schema["properties"], *self.metadata_columns}
        return frozenset(field for field in fields if not self.mask["properties", field])

    @cached_property
    def _passthrough(self) -> Passthrough:
        return Passthrough(self._record_check, self._reencode)

    def _send_copies(self) -> None:
        before = b'{"type":"RECORD","stream":%b,"record":' % encode(self.stream_maps[0].stream_alias)
        for rows in self._iter_copies():
            now = datetime.now(timezone.utc).isoformat().encode()
            after = b'%b,"time_extracted":"%b"}\n' % (self._record_suffix, now)
            # Adding to the first and last row, instead of to all rows joined, copies the rows only once.
            rows[0] = before + rows[0]
            rows[-1] += after
            self.writer.write_lines((after + before).join(rows))

    def _iter_copies(self) -> Iterator[list[bytes]]:
        for rows in self._passthrough.iter_rows(self._file):
            if isinstance(rows, MalformedLine):
                self._send_malformed(rows)
            elif rows:
                yield rows
                self.row_count += len(rows)
                self.sent_count += len(rows)
                self._record_counter.increment(len(rows))

    @property
    def _metadata_values(self) -> dict[str, str]:
        return {"_job_id": self._job.id, "_job_updated_at": self._job_updated_at}

    @property
    def _record_suffix(self) -> bytes:
        """The end of a row that lacks its closing brace: the metadata columns and the brace."""
        values = {field: it for field, it in self._metadata_values.items() if field not in self._deselected}
        return b"," + encode(values).removeprefix(b"{") if values else b"}"

    def _reencode(self, number: int, line: bytes) -> bytes | MalformedLine | None:
        record = parse_line(number, line, decode=decode_raw)
        if record is None or isinstance(record, MalformedLine):
            return record
        for field in record.keys() & self._deselected - self.metadata_columns:
            del record[field]
        self.conform(record)
        if "_unmapped" in self._deselected:
            record.pop("_unmapped", None)
        return escape_line_ends(encode(record)).removesuffix(b"}")

    # BATCH: export files and batch files are both JSON Lines, so rows are copied here, too.

    def _send_batches(self, config: BatchConfig) -> None:
        files = {it.stream_alias: BatchWriter(config, it.stream_alias) for it in self.stream_maps}
        try:
            for table, rows, ending in self._iter_batch_rows():
                for url in files[table].write(rows, ending=ending):
                    self._send_batch_message(config, table, url)
            for table, file in files.items():
                for url in file.close():
                    self._send_batch_message(config, table, url)
        finally:
            for file in files.values():
                file.discard()

    def _iter_batch_rows(self) -> Iterator[tuple[str, list[bytes], bytes]]:
        if self._can_pass_through:
            for rows in self._iter_copies():
                yield self.stream_maps[0].stream_alias, rows, self._record_suffix
            return
        for record in self.iter_rows(None):
            # Private, but the only hook that applies stream maps and deselection. The SDK's own batcher
            # applies neither.
            for message in self._generate_record_messages(record):
                yield message.stream, [escape_line_ends(encode(message.record))], b""
            self._record_counter.increment()

    def _send_batch_message(self, config: BatchConfig, table: str, url: str) -> None:
        self._tap.write_message(SDKBatchMessage(table, encoding=config.encoding, manifest=[url]))

    @override
    def summarize(self) -> None:
        if self.selected:
            self._summary.bytes[self.name] = self.byte_count
        super().summarize()


class CustomersStream(ExportFileStream):
    """Customers, from `customers.jsonl`: one row per customer and job; key `id`, the newest job wins."""

    name = "customers"


class ConversationItemsStream(ExportFileStream):
    """Timeline items, from `conversation_items.jsonl`: one row per item and job; key `id`."""

    name = "conversation_items"


class AgentsStream(ExportFileStream):
    """Agents, from `agents.jsonl`: one row per agent and job; key `id`, the newest job wins."""

    name = "agents"


class TopicsStream(ExportFileStream):
    """Topics, from `topics.jsonl`: one row per topic and job; key `id`, the newest job wins."""

    name = "topics"
