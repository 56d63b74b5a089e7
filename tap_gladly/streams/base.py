"""What the SDK needs of every stream: requests, errors, metrics, and when messages are sent."""

from __future__ import annotations

import logging
import sys
from abc import abstractmethod
from functools import cached_property
from importlib.resources import files
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.metrics import Counter, Status, Tag, Timer
from singer_sdk.schema.source import SchemaDirectory
from typing_extensions import override

from tap_gladly.exceptions import (
    CredentialsRejectedError,
    GladlyError,
    StreamUnavailableError,
)
from tap_gladly.state.sdk_state import NoOpStateManager
from tap_gladly.transport import client as gladly_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import requests
    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

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
    """A stream of this tap. The SDK never changes its state, and an error of the tap ends it with one log line."""

    name = ""  # each class sets it
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # the tap emits values as Gladly sends them
    is_fail_fast = True
    """Whether an error ends the run at once. Otherwise other streams sync, and the run fails at its end."""

    def __init__(self, tap: Tap, client: gladly_client.GladlyClient, *, summary: RunSummary) -> None:
        self._client = client
        self._summary = summary
        self.error: GladlyError | None = None
        """Why the stream ended early in this run."""
        self.discovery_error: GladlyError | None = None
        """Why discovery couldn't read the stream's columns. Only a connection test fails because of it."""
        self.is_complete = True
        """Whether every row of the responses so far could be sent."""
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
        max_bytes: int | None = None,
    ) -> _T:
        """Send a request as `GladlyClient.fetch` does, with this stream's policy and logger.

        `max_bytes` limits a body that is parsed in memory.
        """
        policy = self.request_policy._replace(max_bytes=max_bytes)
        return self._client.fetch(path, read, params=params, body=body, policy=policy, logger=self.logger)

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
        """Emit ACTIVATE_VERSION if it is due, after a complete response was sent.

        If a file was missing, or rows without a usable key were skipped, a target would delete rows that still exist.
        """
        if self._stream_version is not None and self.is_complete and not self.is_dry_run:
            super()._write_activate_version_message(self._stream_version)
