"""Progress during a run, and the summary at its end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from tap_gladly.timestamps import SECOND, format_instant

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

_LONG_SECONDS = 90
_SHORT_SECONDS = 5


class Progress:
    """Logs one line per finished part: its number, the total, and the estimated time left."""

    def __init__(self, log: Callable[..., None], part: str, *, total: int) -> None:
        """Start the clock.

        Args:
            log: Logs a format string and its arguments.
            part: What a part is called, such as `Job`.
            total: How many parts the run has.
        """
        self.done = 0
        """Parts that are finished."""
        self._log = log
        self._part = part
        self._total = total
        self._started = time.monotonic()

    def log(self, span: object, rows: int) -> None:
        """Log that a part is finished, with the span it covers and its number of rows."""
        self.done += 1
        left = (time.monotonic() - self._started) / self.done * (self._total - self.done)
        rest = f"; about {left / 60:.0f} min left" if left > _LONG_SECONDS else ""
        self._log("%s %d of %d, %s: %d rows%s", self._part, self.done, self._total, span, rows, rest)


class ReportTotals:
    """The windows of all reports of a run: how many are planned and finished."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._planned: dict[str, int] = {}
        self._finished: Counter[str] = Counter()

    @property
    def has_plan(self) -> bool:
        """Whether any report is planned."""
        return bool(self._planned)

    def plan(self, stream: str, windows: int) -> None:
        """Set how many windows a stream will request."""
        if not self._planned:
            self._started = time.monotonic()
        self._planned[stream] = windows

    def drop(self, stream: str) -> None:
        """Remove what is left of a stream, because it ended."""
        self._planned[stream] = self._finished[stream]

    def finish_window(self, stream: str) -> str:
        """Count a window as finished; return the stream's progress, such as `window 12 of 105`."""
        self._finished[stream] += 1
        return f"window {self._finished[stream]} of {self._planned[stream]}"

    def describe(self, *, seconds_per_report: float, wait_seconds: float) -> str:
        """Return the progress of all reports, the estimated time left, and the wait for the rate limit.

        Args:
            seconds_per_report: The shortest time that the rate limit allows per report, on average.
            wait_seconds: How long the rate limit delays the next request.
        """
        done, total = self._finished.total(), sum(self._planned.values())
        # The first requests don't wait for the rate limit, so their pace alone would make the estimate too short.
        pace = max(seconds_per_report, (time.monotonic() - self._started) / done)
        left = pace * (total - done)
        parts = [f"all reports {done} of {total}"] if len(self._planned) > 1 else []
        parts += [f"about {left / 60:.0f} min left"] if left > _LONG_SECONDS else []
        texts = [", ".join(parts)] if parts else []
        if done < total and wait_seconds >= _SHORT_SECONDS:
            texts.append(f"waiting {wait_seconds:.0f} s for Gladly's limit of 10 reports per minute")
        return "".join(f"; {text}" for text in texts)


@dataclass
class RunSummary:
    """What a run did: the last log line, and the same as fields for structured logging."""

    jobs_listed: int = 0
    jobs_loaded: int = 0
    jobs_skipped: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    rows_sent: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    malformed_lines: int = 0
    unknown_properties: dict[str, list[str]] = field(default_factory=dict)
    unexpected_types: dict[str, dict[str, int]] = field(default_factory=dict)
    retries: int = 0
    retry_seconds: float = 0.0
    """Time during which at least one request waited for its retry."""
    duration_seconds: float = 0.0
    newest_window_end: str | None = None
    newest_window_age_seconds: float | None = None
    failed_streams: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._waiting_until = 0.0
        self.reports = ReportTotals()
        """The progress of all reports."""

    def add_retry(self, seconds: float) -> None:
        """Count a retry and the wait before it; any thread may call this."""
        with self._lock:
            self.retries += 1
            now = time.monotonic()
            end = now + seconds
            # The waits of several threads overlap.
            self.retry_seconds += max(0.0, end - max(now, self._waiting_until))
            self._waiting_until = max(end, self._waiting_until)

    def add_loaded_window(self, end: int) -> None:
        """Keep the end of a loaded window, in nanoseconds since 1970, if it is the newest."""
        text = format_instant(end)
        if self.newest_window_end is None or text > self.newest_window_end:
            self.newest_window_end = text
            self.newest_window_age_seconds = round((time.time_ns() - end) / SECOND, 1)

    def log(self, logger: logging.Logger) -> None:
        """Log the summary."""
        self.duration_seconds = round(time.monotonic() - self._started, 1)
        rows = ", ".join(self._describe_rows(stream) for stream in self.rows)
        age = self.newest_window_age_seconds
        newest = (
            "no window loaded"
            if age is None
            else f"newest loaded window ended {self.newest_window_end}, {age / 3600:.1f} h ago"
        )
        unknown = sum(len(names) for names in self.unknown_properties.values())
        failed = f"; failed: {', '.join(self.failed_streams)}" if self.failed_streams else ""
        logger.info(
            "Jobs listed %d, loaded %d, skipped %d; rows: %s; bytes %d; malformed lines %d; "
            "unknown properties %d; unexpected types %d; retries %d, %.1f s waited; took %.1f s; "
            "%s%s",
            self.jobs_listed,
            self.jobs_loaded,
            self.jobs_skipped,
            rows,
            sum(self.bytes.values()),
            self.malformed_lines,
            unknown,
            sum(sum(counts.values()) for counts in self.unexpected_types.values()),
            self.retries,
            self.retry_seconds,
            self.duration_seconds,
            newest,
            failed,
            extra={"summary": asdict(self)},
        )

    def _describe_rows(self, stream: str) -> str:
        read, sent = self.rows[stream], self.rows_sent.get(stream)
        return f"{stream} {read}" if sent in (None, read) else f"{stream} {read} ({sent} sent)"
