"""Streams of the files that each finished export job offers."""

from __future__ import annotations

import io
import logging
from contextlib import suppress
from datetime import datetime, timezone
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import (
    AbortedSyncFailedException,
    AbortedSyncPausedException,
    RetriableAPIError,
)
from singer_sdk.helpers._batch import SDKBatchMessage
from singer_sdk.mapper import SameRecordTransform
from typing_extensions import override

from tap_gladly.exceptions import NotFoundError
from tap_gladly.output.batch_files import BatchWriter
from tap_gladly.parsing.json_text import encode, escape_line_ends
from tap_gladly.parsing.jsonl import (
    MalformedLine,
    decode_raw,
    find_truncation,
    is_not_jsonl,
    iter_jsonl,
    parse_line,
)
from tap_gladly.parsing.passthrough import Passthrough
from tap_gladly.streams.export.base import FileStream
from tap_gladly.streams.export.jobs import JobsStream
from tap_gladly.streams.malformed_lines import find_malformed_lines
from tap_gladly.timestamps import format_instant
from tap_gladly.transport.download import download

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests
    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.streams.export.job import Job
    from tap_gladly.transport.client import GladlyClient

_TOP_LEVEL = len(("properties", "name"))


def _read_file(response: requests.Response) -> IO[bytes]:
    file = download(response)
    if is_not_jsonl(file, response.headers.get("Content-Type", "")):
        file.close()
        raise RetriableAPIError("Gladly answered with something that is not an export file", response)
    return file


class ExportFileStream(FileStream):
    """Rows of one file of each COMPLETED job: `<name>.jsonl`.

    Each row carries `_job_id` and `_job_updated_at`, by which the stream moves forward.
    """

    parent_stream_type = JobsStream
    replication_key = "_job_updated_at"
    supports_batch = True

    def __init__(self, tap: Tap, client: GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self.byte_count = 0
        """Bytes of the files that this run has sent."""

    @property
    @override
    def file_name(self) -> str:
        return f"{self.name}.jsonl"

    @override
    def applies_to(self, job: Job) -> bool:
        return job.status == "COMPLETED" and self.file_name in job.files

    @override
    def log(self, message: str, *args: object, level: int = logging.INFO, **kwargs: Any) -> None:
        # The SDK says that a sync begins; here that is once a file.
        super().log(message, *args, level=logging.DEBUG if level == logging.INFO else level, **kwargs)

    @override
    def write_schema(self) -> None:
        """Send SCHEMA, so that the table is there even when nothing is to be loaded."""
        self._write_schema_message()

    @override
    def open_file(self, job: Job) -> IO[bytes]:
        """Download a job's file.

        A file whose last line breaks off, or that has no record, is asked for again, once: it may have been
        cut on the way, or something else may have come in its place.

        Raises:
            NotFoundError: It is there no more.
        """
        path = ("export", "jobs", job.id, "files", self.file_name)
        file = self.fetch(path, _read_file)
        if doubt := find_truncation(file):
            file.close()
            self.logger.warning("%s of job %s %s; it is asked for again", self.file_name, job.id, doubt)
            file = self.fetch(path, _read_file)
        return file

    @override
    def send_file(self, job: Job, take: Callable[[], IO[bytes]]) -> int:
        """Send a job's file whole, then move the bookmark past it.

        Args:
            job: The job.
            take: Gives its file, which is closed afterwards, or raises what `open_file` has raised.

        Returns:
            How many rows it had.
        """
        self._job = job
        try:
            self._file = take()
        except NotFoundError as error:
            self._file = io.BytesIO()
            self.logger.warning(
                "%s of job %s, %s, is gone (%d): expired, or deleted by someone else. If it was not loaded "
                "before, ask Gladly support to generate the export again.",
                self.file_name,
                job.id,
                job.window,
                error.status,
            )
        self._job_updated_at = format_instant(job.version.instant)
        before = self.row_count
        # A dry run stops a file in the middle, and must not move the bookmark.
        with self._file, suppress(AbortedSyncFailedException, AbortedSyncPausedException):
            self._send_rows()
            self.byte_count += self._file.tell()
            self.commit(job, self._job_updated_at)
        return self.row_count - before

    def _send_rows(self) -> None:
        config = self.get_batch_config(self.config)
        is_odd_batch = config is not None and config.encoding.format != "jsonl"
        if self.is_dry_run or is_odd_batch or not (config or self._can_pass_through):
            self.sync({"_job_id": self._job.id})
            return
        with self._record_counter, self._sync_timer:
            if config:
                self._send_batches(config)
            else:
                self._send_copies()

    # The SDK's own path for records.

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        for record in iter_jsonl(self._file):
            if isinstance(record, MalformedLine):
                find_malformed_lines(self._tap).send(record, self._job, self.file_name)
            else:
                yield self.finalize(record)
            self.writer.flush_if_due()

    @override
    def finalize(self, record: Record) -> Record:
        return {**super().finalize(record), **self._metadata_values}

    # The way past it, for rows that nobody looks into: the messages are those that the SDK would send.

    @cached_property
    def _can_pass_through(self) -> bool:
        """Whether nobody changes a record below its top level, so that it can go on as it came."""
        is_changed_below = any(
            not selected and len(breadcrumb) > _TOP_LEVEL and self.mask[breadcrumb[:_TOP_LEVEL]]
            for breadcrumb, selected in self.mask.items()
        )
        has_version = self.is_full_table and self.emit_activate_version_messages
        are_plain = [type(it) is SameRecordTransform and not it.flattening_enabled for it in self.stream_maps]
        return all(are_plain) and not (is_changed_below or has_version or "id" in self._deselected)

    @cached_property
    def _deselected(self) -> frozenset[str]:
        fields = {*self.schema["properties"], *self.metadata_columns}
        return frozenset(field for field in fields if not self.mask["properties", field])

    @cached_property
    def _passthrough(self) -> Passthrough:
        return Passthrough(self._known_fields - self._deselected, self._reencode)

    def _send_copies(self) -> None:
        before = b'{"type":"RECORD","stream":%b,"record":' % encode(self.stream_maps[0].stream_alias)
        for rows in self._iter_copies():
            now = datetime.now(timezone.utc).isoformat().encode()
            after = b'%b,"time_extracted":"%b"}\n' % (self._record_suffix, now)
            self.writer.write_lines(before + (after + before).join(rows) + after)

    def _iter_copies(self) -> Iterator[list[bytes]]:
        for rows in self._passthrough.iter_rows(self._file):
            if isinstance(rows, MalformedLine):
                find_malformed_lines(self._tap).send(rows, self._job, self.file_name)
            elif rows:
                yield rows
                self.row_count += len(rows)
                self._record_counter.increment(len(rows))

    @property
    def _metadata_values(self) -> dict[str, str]:
        return {"_job_id": self._job.id, "_job_updated_at": self._job_updated_at}

    @property
    def _record_suffix(self) -> bytes:
        """What a row without its last brace still lacks."""
        values = {field: it for field, it in self._metadata_values.items() if field not in self._deselected}
        return b"," + encode(values).removeprefix(b"{") if values else b"}"

    def _reencode(self, number: int, line: bytes) -> bytes | MalformedLine | None:
        record = parse_line(number, line, decode=decode_raw)
        if record is None or isinstance(record, MalformedLine):
            return record
        self.collect_unmapped(record)
        for field in self._deselected & record.keys():
            del record[field]
        return escape_line_ends(encode(record)).removesuffix(b"}")

    # BATCH: the file is JSON Lines already, and so are the files that it goes to.

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
            # Private, but the only way to what stream maps and deselection make of a record. The SDK's own
            # batches would hold it without either.
            for message in self._generate_record_messages(record):
                yield message.stream, [encode(message.record)], b""
            self._record_counter.increment()

    def _send_batch_message(self, config: BatchConfig, table: str, url: str) -> None:
        self._tap.write_message(SDKBatchMessage(table, encoding=config.encoding, manifest=[url]))

    @override
    def log_sync_costs(self) -> None:
        if self.selected:
            self._summary.bytes[self.name] = self.byte_count
        super().log_sync_costs()


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
