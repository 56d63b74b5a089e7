"""How a run begins and ends: the selection check, the run summary, and the result of a connection test."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from tap_gladly.cli import CommandLineTap
from tap_gladly.exceptions import GladlyError, StreamsFailedError, StreamUnavailableError, config_error
from tap_gladly.output.run_summary import RunSummary

if TYPE_CHECKING:
    from tap_gladly.streams.base import GladlyStream


class SyncTap(CommandLineTap):
    """A tap that reports how its run ended. It raises errors; only the command line exits."""

    @override
    def __init__(self, **kwargs: Any) -> None:
        self.logger.addFilter(_demote_noise)
        super().__init__(**kwargs)

    @cached_property
    def summary(self) -> RunSummary:
        """What the run did so far."""
        return RunSummary()

    # The SDK marks the next two methods as final. It has no hook for the end of a failed run, or for the
    # result of a connection test. tests/test_sdk.py pins what they rely on.

    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        """Sync all selected streams, and log the run summary however the run ends.

        Raises:
            GladlyError: A stream failed.
            ConfigValidationError: The catalog selects none of the tap's streams.
        """
        self._check_selection()
        try:
            self._sync_and_summarize()
        except GladlyError as error:
            # After the summary, because `meltano config test` shows only the last line.
            self.logger.error("%s", error)  # noqa: TRY400
            error.is_logged = True
            raise
        self._raise_failures("Some streams failed")

    def _sync_and_summarize(self) -> None:
        try:
            super().sync_all()
        finally:
            for stream in self.streams.values():
                cast("GladlyStream", stream).summarize()
            self.summary.log(self.logger)

    @override  # type: ignore[misc]
    def run_connection_test(self) -> bool:
        """Request the job list, one record of each list and of events, and the header of unknown reports.

        Raises:
            GladlyError: A request failed. The message names every stream that failed.
        """
        super().run_connection_test()
        for stream in cast("dict[str, GladlyStream]", self.streams).values():
            if stream.discovery_error:
                stream.claim(stream.discovery_error)
        self._raise_failures("Connection test failed")
        skipped = list(self._failed_streams)
        if skipped:
            self.logger.warning(
                "Connection test passed, but not for all streams: Gladly doesn't let this agent read %s.",
                ", ".join(skipped),
            )
        else:
            self.logger.info("Connection test passed: Gladly accepted the credentials")
        return True

    @property
    def _failed_streams(self) -> dict[str, GladlyError]:
        streams = cast("dict[str, GladlyStream]", self.streams)
        return {name: stream.error for name, stream in streams.items() if stream.error}

    def _raise_failures(self, what: str) -> None:
        failures = {
            name: error
            for name, error in self._failed_streams.items()
            if not isinstance(error, StreamUnavailableError)
        }
        if failures:
            reasons = (f"{name}: {error}" for name, error in failures.items())
            raise StreamsFailedError(f"{what}: {' '.join(reasons)}")

    def _check_selection(self) -> None:
        if self.input_catalog:
            unknown = sorted(
                entry.tap_stream_id
                for entry in self.input_catalog.streams
                if entry.tap_stream_id not in self.streams and entry.metadata.root.selected
            )
            if unknown:
                self.logger.warning(
                    "The catalog selects streams that this tap doesn't have, or custom reports that aren't in "
                    "custom_reports: %s",
                    ", ".join(unknown),
                )
        if not any(stream.selected for stream in self.streams.values()):
            raise config_error("The catalog selects none of this tap's streams", "select at least one stream")


_NOISE = (
    "Added '%s' as child stream to '%s'",
    "Skipping deselected stream",
    "Skipping parse of env var settings",
)


def _demote_noise(record: logging.LogRecord) -> bool:
    # The SDK logs these lines at INFO, some of them once per stream. They tell a user nothing.
    if str(record.msg).startswith(_NOISE):
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
    return True
