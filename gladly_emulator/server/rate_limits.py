"""Rate limits: requests per second, and reports per minute and at a time, for the whole organization."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gladly_emulator.server.http_messages import Response, error_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class RateLimit:
    """Allows a number of requests per clock second, or any number without a limit."""

    def __init__(
        self,
        limit: int | None,
        *,
        retry_after: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limit = limit
        self._retry_after = retry_after
        self._clock = clock
        self._second = 0
        self._used = 0
        self._lock = threading.Lock()

    def count(self) -> tuple[Response | None, Mapping[str, str]]:
        """Count one request. Return a 429 if it exceeds the limit, and the headers for any response."""
        if self._limit is None:
            return None, {}
        with self._lock:
            second = int(self._clock())
            self._used = self._used + 1 if second == self._second else 1
            self._second = second
            remaining = self._limit - self._used
        headers = {
            "Ratelimit-Limit-Second": str(self._limit),
            "Ratelimit-Remaining-Second": str(max(remaining, 0)),
        }
        if remaining >= 0:
            return None, headers
        return _too_many_requests("too many requests in this second", self._retry_after), headers


@dataclass(frozen=True)
class ReportLimits:
    """The limits of report requests.

    Attributes:
        per_minute: The number of reports per minute.
        at_once: The number of concurrent reports. A report counts until its response is sent.
        minute_seconds: The length of that minute. 0 disables the limit per minute.
        retry_after: The Retry-After header of a 429, in seconds. By default none is sent.
    """

    per_minute: int = 10
    at_once: int = 2
    minute_seconds: float = 60.0
    retry_after: int | None = None


class ReportLimiter:
    """Applies the report limits. A rejected request doesn't count."""

    def __init__(self, limits: ReportLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._started: deque[float] = deque(maxlen=limits.per_minute)
        self._running = 0
        self._lock = threading.Lock()

    def acquire(self) -> Response | None:
        """Count a report as running, or return a 429."""
        with self._lock:
            now = self._clock()
            if self._running >= self._limits.at_once:
                return _too_many_requests("too many reports at a time", self._limits.retry_after)
            if self._is_minute_full(now):
                return _too_many_requests("too many reports in this minute", self._limits.retry_after)
            self._started.append(now)
            self._running += 1
            return None

    def release(self) -> None:
        """Count a running report as finished."""
        with self._lock:
            self._running -= 1

    def _is_minute_full(self, now: float) -> bool:
        if len(self._started) < self._limits.per_minute:
            return False
        return now - self._started[0] < self._limits.minute_seconds


def _too_many_requests(detail: str, retry_after: int | None) -> Response:
    response = error_response(429, "invalid", detail, attr="requests")
    return response if retry_after is None else response.with_headers({"Retry-After": str(retry_after)})
