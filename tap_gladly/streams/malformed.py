"""Lines of the export files, and of the events, that are not usable records."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk.schema.source import StreamSchema

from tap_gladly.bookmarks import format_instant
from tap_gladly.client import GladlyStream
from tap_gladly.streams.base import SCHEMAS
from tap_gladly.streams.export import JobsStream

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.jobs import Job
    from tap_gladly.parsing import MalformedLine
    from tap_gladly.session import GladlySession

_MOST_LINES_TOLD = 10


class MalformedLinesStream(GladlyStream):
    """Lines that are not usable records, of export files and events; key `_job_id`, `file`, `line_number`.

    The other streams send them as they meet them, so it has no sync of its own and no SCHEMA before the
    first line.
    """

    name = "malformed_lines"
    parent_stream_type = JobsStream
    schema = StreamSchema(SCHEMAS)
    primary_keys = ("_job_id", "file", "line_number")

    def __init__(self, tap: Tap, session: GladlySession) -> None:
        super().__init__(tap, session)
        self.row_count = 0
        """Malformed lines met in this run, whether they are selected or not."""

    def send(self, line: MalformedLine, job: Job, file_name: str) -> None:
        """Send a line that a file stream has met, and tell its place, but nothing of what is in it."""
        self._tell(line, f"{file_name} of job {job.id}")
        updated_at = format_instant(job.version.instant)
        self._keep(line, {"_job_id": job.id, "file": file_name}, {"_job_updated_at": updated_at})

    def send_event_line(self, line: MalformedLine, start: str) -> None:
        """Send a line that the events had, asked for from a time on."""
        # They have no job, but what is in a key cannot be null.
        self._tell(line, f"events from {start}")
        self._keep(line, {"_job_id": "events", "file": f"events from {start}"}, {})

    def _tell(self, line: MalformedLine, place: str) -> None:
        self.row_count += 1
        if self.row_count <= _MOST_LINES_TOLD:
            self.logger.warning("%s, line %d: %s", place, line.number, line.error)

    def _keep(self, line: MalformedLine, key: Record, job: Record) -> None:
        if not self.selected:
            return
        self._write_schema_message()
        text = line.line.decode("utf-8", "replace")
        # The SDK offers no public way to send a row from outside the stream's own sync.
        self._write_record_message(
            {**key, "line_number": line.number, **job, "error": line.error, "line": text}
        )

    @override
    def log_sync_costs(self) -> None:
        self._session.summary.malformed_lines = self.row_count
        super().log_sync_costs()

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        return iter(())
