"""Lines of export files and of the events response that aren't usable records."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from singer_sdk.schema.source import StreamSchema
from typing_extensions import override

from tap_gladly.streams.base import SCHEMAS, GladlyStream
from tap_gladly.streams.export.jobs import JobsStream
from tap_gladly.timestamps import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.output.run_summary import RunSummary
    from tap_gladly.parsing.jsonl import MalformedLine
    from tap_gladly.streams.export.job import Job
    from tap_gladly.transport.client import GladlyClient

_MAX_REPORTED_LINES = 10


class MalformedLinesStream(GladlyStream):
    """Lines of export files and of the events response that aren't usable records.

    One row per line; key `_job_id`, `file`, `line_number`. The other streams emit these rows while they sync,
    so this stream has no sync of its own. Its SCHEMA precedes its first row.
    """

    name = "malformed_lines"
    parent_stream_type = JobsStream
    schema = StreamSchema(SCHEMAS)
    primary_keys = ("_job_id", "file", "line_number")

    def __init__(self, tap: Tap, client: GladlyClient, *, summary: RunSummary) -> None:
        super().__init__(tap, client, summary=summary)
        self.row_count = 0
        """Malformed lines found in this run, whether or not the stream is selected."""

    def send(self, line: MalformedLine, job: Job, file_name: str) -> None:
        """Emit a malformed line of an export file and log its position, but none of its content."""
        self._warn(line, f"{file_name} of job {job.id}")
        updated_at = format_instant(job.version.instant)
        self._write_line(line, {"_job_id": job.id, "file": file_name}, {"_job_updated_at": updated_at})

    def send_event_line(self, line: MalformedLine, start: str) -> None:
        """Emit a malformed line of the events response.

        Args:
            line: The line.
            start: Start of the requested window.
        """
        # Events have no job, but a key column can't be null.
        self._warn(line, f"events from {start}")
        self._write_line(line, {"_job_id": "events", "file": f"events from {start}"}, {})

    def _warn(self, line: MalformedLine, place: str) -> None:
        self.row_count += 1
        if self.row_count <= _MAX_REPORTED_LINES:
            self.logger.warning("%s, line %d: %s", place, line.number, line.error)

    def _write_line(self, line: MalformedLine, key: Record, job: Record) -> None:
        if not self.selected:
            return
        self._write_schema_message()
        # PostgreSQL can't store U+0000.
        text = line.line.decode("utf-8", "replace").replace("\0", "\ufffd")
        # The SDK has no public way to emit a record outside the stream's own sync.
        self._write_record_message(
            {**key, "line_number": line.number, **job, "error": line.error, "line": text}
        )

    @override
    def summarize(self) -> None:
        self._summary.malformed_lines = self.row_count
        super().summarize()

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        return iter(())


def get_malformed_lines_stream(tap: Tap) -> MalformedLinesStream:
    """Return the tap's `malformed_lines` stream."""
    return cast("MalformedLinesStream", tap.streams[MalformedLinesStream.name])
