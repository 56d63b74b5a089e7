"""What the streams of tables share, and what those of the export API do."""

from __future__ import annotations

import sys
from abc import abstractmethod
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.schema.source import SchemaDirectory, StreamSchema
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_gladly.bookmarks import Bookmark, parse_instant, parse_last_instant
from tap_gladly.client import GladlyStream
from tap_gladly.exceptions import UnusableBookmarkError
from tap_gladly.telling import RunCounter, RunTimer

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Record
    from singer_sdk.singerlib import Catalog

    from tap_gladly.jobs import Job
    from tap_gladly.session import GladlySession
    from tap_gladly.streams.malformed import MalformedLinesStream

_FOLDER = files("tap_gladly") / "schemas"
SCHEMAS = SchemaDirectory(_FOLDER)
_MOST_FIELDS_TOLD = 50
_LONGEST_NAME_TOLD = 60


def load_schemas() -> dict[str, dict[str, Any]]:
    """Give the schema of every stream, by stream."""
    names = [file.name.removesuffix(".json") for file in _FOLDER.iterdir()]
    return {name: SCHEMAS.get_schema(name) for name in names}


class TableStream(GladlyStream):
    """What the streams of tables share: a schema of their own, and `_unmapped` for what it does not know."""

    schema = StreamSchema(SCHEMAS)
    primary_keys = ("id",)
    added_fields: frozenset[str] = frozenset({"_unmapped"})
    """What the tap adds to a row: a field of that name from Gladly is none that the schema knows."""
    takes_batches = False
    """Whether `batch_config` is for it: not where a STATE follows rows that a batch would send later."""

    def __init__(self, tap: Tap, session: GladlySession) -> None:
        super().__init__(tap, session)
        self.row_count = 0
        """Rows that this run has sent."""
        self.told_fields: set[str] = set()
        """Fields that the schema does not know, as far as they have been told."""

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        own_key = self.replication_key
        super().apply_catalog(catalog)
        # Without a key in the catalog the SDK would take the stream for FULL_TABLE, which has its own word.
        self.replication_key = self.replication_key or own_key

    @property
    def is_sent(self) -> bool:
        """Whether anything of the stream is wanted: it is selected, and no stream map takes it out whole."""
        return self.selected and not all(isinstance(it, RemoveRecordTransform) for it in self.stream_maps)

    @property
    def is_full_table(self) -> bool:
        """Whether the catalog asks for everything, every run."""
        return self.forced_replication_method == REPLICATION_FULL_TABLE

    @cached_property
    def _bounds(self) -> tuple[int | None, int | None]:
        start, end = self.config.get("start_date"), self.config.get("end_date")
        return parse_instant(start) if start else None, parse_last_instant(end) if end else None

    @property
    def _malformed_lines(self) -> MalformedLinesStream:
        return cast("MalformedLinesStream", self._tap.streams["malformed_lines"])

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> BatchConfig | None:
        return super().get_batch_config(config) if self.takes_batches else None

    def complete(self, record: Record) -> Record:
        """Count a row, and move what the schema does not know to `_unmapped`."""
        self.row_count += 1
        self.gather_unmapped(record)
        return record

    def gather_unmapped(self, record: Record) -> None:
        """Move top-level fields that the schema does not know to `_unmapped`: targets would drop them."""
        unknown = record.keys() - self._known_fields
        if unknown:
            record["_unmapped"] = {field: record.pop(field) for field in sorted(unknown)}
            self._tell_unmapped(unknown)

    @cached_property
    def _known_fields(self) -> frozenset[str]:
        return frozenset(self.effective_schema["properties"]) - self.added_fields

    def _tell_unmapped(self, fields: set[str]) -> None:
        new = sorted(fields - self.told_fields)[: _MOST_FIELDS_TOLD - len(self.told_fields)]
        if new:
            self.told_fields.update(new)
            names = ", ".join(repr(name[:_LONGEST_NAME_TOLD]) for name in new)
            self.logger.warning("Fields that the schema does not know go to _unmapped: %s", names)

    @override
    def log_sync_costs(self) -> None:
        summary = self._session.summary
        if self.selected:
            summary.rows[self.name] = self.row_count
        if self.told_fields:
            summary.unknown_fields[self.name] = sorted(self.told_fields)
        super().log_sync_costs()


class ExportStream(TableStream):
    """What the streams of the export API share: a bookmark among the jobs, and meters that last the run."""

    added_fields = frozenset({"_job_id", "_job_updated_at", "_unmapped"})

    def __init__(self, tap: Tap, session: GladlySession) -> None:
        super().__init__(tap, session)
        self._record_counter = RunCounter(self.name)
        self._sync_timer = RunTimer(self.name)

    @override
    def get_record_counter(self, **_kwargs: Any) -> RunCounter:
        return self._record_counter

    @override
    def get_sync_timer(self) -> RunTimer:
        return self._sync_timer

    @override
    def log_sync_costs(self) -> None:
        super().log_sync_costs()
        if self.row_count:
            self._record_counter.tell()
            self._sync_timer.tell()

    def take_up(self, jobs: Iterable[Job]) -> None:
        """Start from the state, and from what is listed now."""
        state = self.tap_state.get("bookmarks", {}).get(self.name, {})
        concerned = [job.version for job in jobs if self.concerns(job)]
        try:
            self.bookmark = Bookmark({} if self.is_full_table else state, concerned)
        except ValueError as error:
            raise UnusableBookmarkError(
                f"The state's bookmark of {self.name} is unusable: {error}."
            ) from error

    @abstractmethod
    def concerns(self, job: Job) -> bool:
        """Say whether a job has anything for this stream."""

    def is_due(self, job: Job) -> bool:
        """Say whether a job is still to be sent."""
        return self.concerns(job) and self.is_wanted(job) and self.bookmark.is_due(job.version)

    def has_read(self, job: Job) -> bool:
        """Say whether a job has been sent, in this run or before."""
        place = self.bookmark.place
        return self.concerns(job) and place is not None and job.version.instant <= place

    def is_wanted(self, job: Job) -> bool:
        """Say whether a job lies between `start_date` and `end_date`."""
        first, last = self._bounds
        return (first is None or first <= job.version.instant) and (
            last is None or job.version.instant <= last
        )

    def settle(self, job: Job, value: str) -> None:
        """Move the bookmark past a job whose rows have all been sent, and say so in a STATE."""
        self.bookmark.mark_read(job.version, value)
        if self.is_full_table:
            return
        bookmarks = self.tap_state.setdefault("bookmarks", {})
        bookmarks[self.name] = {"replication_key": self.replication_key, **self.bookmark.to_state()}
        self._tap.state_writer.write_state(self.tap_state)
