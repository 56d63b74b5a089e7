"""Streams of the files that each finished export job offers."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import suppress
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import (
    AbortedSyncFailedException,
    AbortedSyncPausedException,
    RetriableAPIError,
)
from singer_sdk.mapper import SameRecordTransform

from tap_gladly.bookmarks import format_instant
from tap_gladly.download import download
from tap_gladly.exceptions import NotFoundError
from tap_gladly.parsing import (
    MalformedLine,
    decode_raw,
    decode_values,
    ends_in_cut_line,
    is_error_body,
    iter_jsonl,
)
from tap_gladly.streams.base import ExportStream
from tap_gladly.streams.export import JobsStream
from tap_gladly.writing import MessageWriter

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.jobs import Job
    from tap_gladly.session import GladlySession

_HEAD_BYTES = 64 * 1024
_TOP_LEVEL = len(("properties", "name"))


def _read_file(response: requests.Response) -> IO[bytes]:
    file = download(response)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if is_error_body(head, response.headers.get("Content-Type", "")):
        file.close()
        raise RetriableAPIError("Gladly answered with something that is not an export file", response)
    return file


class ExportFileStream(ExportStream):
    """Rows of one file of each COMPLETED job: `<name>.jsonl`.

    Each row carries `_job_id` and `_job_updated_at`, by which the stream moves forward.
    """

    parent_stream_type = JobsStream
    replication_key = "_job_updated_at"

    def __init__(self, tap: Tap, session: GladlySession) -> None:
        super().__init__(tap, session)
        self.byte_count = 0
        """Bytes of the files that this run has sent."""

    @property
    def file_name(self) -> str:
        """Name of the file in each job."""
        return f"{self.name}.jsonl"

    @override
    def concerns(self, job: Job) -> bool:
        return job.status == "COMPLETED" and self.file_name in job.files

    @override
    def log(self, message: str, *args: object, level: int = logging.INFO, **kwargs: Any) -> None:
        # The SDK says that a sync begins; here that is once a file.
        super().log(message, *args, level=logging.DEBUG if level == logging.INFO else level, **kwargs)

    def announce(self) -> None:
        """Send SCHEMA, so that the table is there even when nothing is to be loaded."""
        self._write_schema_message()

    def open_file(self, job: Job) -> IO[bytes] | None:
        """Download a job's file; None if it is there no more.

        A file whose last line breaks off is asked for again, once: it may have been cut on the way.
        """
        path = ("export", "jobs", job.id, "files", self.file_name)
        try:
            file = self.fetch(path, _read_file)
            if ends_in_cut_line(file):
                file.close()
                self.logger.warning("%s of job %s breaks off; it is asked for again", self.file_name, job.id)
                file = self.fetch(path, _read_file)
        except NotFoundError:
            return None
        return file

    def send_file(self, job: Job, file: IO[bytes] | None) -> int:
        """Send a job's file whole, then move the bookmark past it.

        Args:
            job: The job.
            file: Its file, which is closed afterwards; None if it is gone.

        Returns:
            How many rows it had.
        """
        if file is None:
            self.logger.warning(
                "%s of job %s, %s, is gone (404): expired, or deleted by someone else. If it was not loaded "
                "before, ask Gladly support to generate the export again.",
                self.file_name,
                job.id,
                job.window,
            )
        self._job, self._file = job, file or io.BytesIO()
        self._job_updated_at = format_instant(job.version.instant)
        before = self.row_count
        # A dry run stops a file in the middle, and must not move the bookmark.
        with self._file, suppress(AbortedSyncFailedException, AbortedSyncPausedException):
            self.sync({"_job_id": job.id})
            self.byte_count += self._file.tell()
            self.settle(job, self._job_updated_at)
        return self.row_count - before

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        for record in iter_jsonl(self._file, decode=decode_raw if self._is_passed_on else decode_values):
            if isinstance(record, MalformedLine):
                self._malformed_lines.send(record, self._job, self.file_name)
            else:
                yield self.complete(record)

    @override
    def log_sync_costs(self) -> None:
        if self.selected:
            self._session.summary.bytes[self.name] = self.byte_count
        super().log_sync_costs()

    @cached_property
    def _is_passed_on(self) -> bool:
        """Whether nobody looks below a record's top level, so that it can go on as it came."""
        if self.config.get("batch_config") or self._tap.message_writer_class is not MessageWriter:
            return False
        is_changed_below = any(
            not selected and len(breadcrumb) > _TOP_LEVEL and self.mask[breadcrumb[:_TOP_LEVEL]]
            for breadcrumb, selected in self.mask.items()
        )
        are_plain = [type(it) is SameRecordTransform and not it.flattening_enabled for it in self.stream_maps]
        return all(are_plain) and not is_changed_below

    @override
    def complete(self, record: Record) -> Record:
        row = super().complete(record)
        row["_job_id"] = self._job.id
        row["_job_updated_at"] = self._job_updated_at
        return row


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
