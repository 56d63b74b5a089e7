"""SDK metrics that add up over a run instead of covering one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.metrics import Counter, Metric, Tag, Timer
from typing_extensions import override

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Context


class RunCounter(Counter):
    """Counts a stream's records over all files of a run. The SDK's counter would log a METRIC per file."""

    def __init__(self, stream: str) -> None:
        super().__init__(Metric.RECORD_COUNT, {Tag.STREAM: stream})

    @override
    def with_context(self, value: Context | None) -> None:
        """Ignore the context: it names one of many files."""

    @override
    def __exit__(self, *args: object) -> None:
        """Log nothing: more files may follow."""

    def log(self) -> None:
        """Log the METRIC, at the end of the run."""
        super().__exit__(None, None, None)


class RunTimer(Timer):
    """Adds up the time that a stream's files take."""

    def __init__(self, stream: str) -> None:
        super().__init__(Metric.SYNC_DURATION, {Tag.STREAM: stream})
        self.seconds = 0.0

    @override
    def with_context(self, value: Context | None) -> None:
        """Ignore the context: it names one of many files."""

    @override
    def __exit__(self, *args: object) -> None:
        self.seconds += super().elapsed()

    @override
    def elapsed(self) -> float:
        return self.seconds

    def log(self) -> None:
        """Log the METRIC, at the end of the run."""
        super().__exit__(None, None, None)
