"""The limits of reports: so many in a minute, and so many at a time, for the whole organization."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gladly_emulator.server.http_messages import Answer, answer_error

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class ReportLimits:
    """How many reports are made.

    Attributes:
        per_minute: In a minute.
        at_once: At a time: from the request until the last byte of the answer.
        minute_seconds: How long that minute is; 0 switches its limit off.
        retry_after: The Retry-After header of a 429, in seconds; by default none is sent.
    """

    per_minute: int = 10
    at_once: int = 2
    minute_seconds: float = 60.0
    retry_after: int | None = None


class ReportGate:
    """Lets report requests in as far as the limits go; one that is refused does not count."""

    def __init__(self, limits: ReportLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._entered: deque[float] = deque(maxlen=limits.per_minute)
        self._inside = 0
        self._lock = threading.Lock()

    def enter(self) -> Answer | None:
        """Let a request in, or return the 429 that it gets."""
        with self._lock:
            now = self._clock()
            if self._inside >= self._limits.at_once:
                return self._refuse("too many reports at a time")
            if self._is_full(now):
                return self._refuse("too many reports in this minute")
            self._entered.append(now)
            self._inside += 1
            return None

    def leave(self) -> None:
        """Count a request that was let in as answered."""
        with self._lock:
            self._inside -= 1

    def _is_full(self, now: float) -> bool:
        """Tell whether as many as are allowed came within the minute that ends now."""
        if len(self._entered) < self._limits.per_minute:
            return False
        return now - self._entered[0] < self._limits.minute_seconds

    def _refuse(self, detail: str) -> Answer:
        answer = answer_error(429, "invalid", detail, attr="requests")
        if self._limits.retry_after is None:
            return answer
        return answer.with_headers({"Retry-After": str(self._limits.retry_after)})
