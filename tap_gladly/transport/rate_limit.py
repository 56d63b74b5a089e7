"""Rate limits: Gladly's documented limits, and the rate that its responses ask for."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from contextlib import suppress
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

PERIOD_SECONDS = 1.02
"""A little more than a second, because requests don't all take equally long to reach Gladly."""
MAX_PAUSE_SECONDS = 300
"""The longest `Retry-After` that the tap honors. If Gladly asks for a longer wait, the request fails; later
requests start fresh, so the run doesn't hang."""
_SECONDS = re.compile(r"\d{1,99}(?:\.\d{1,9})?", re.ASCII)


class RateLimiter:
    """Limits how many requests all threads of a run send per period.

    Gladly allows 10 requests per second across all clients of an organization and reports how many remain in
    the current second. It answers 429 when there were too many, which can happen below the documented limit.
    So a 429 halves the rate, and good responses gradually raise it again.
    """

    def __init__(
        self,
        max_requests: int,
        *,
        seconds: float = PERIOD_SECONDS,
        min_requests: int = 1,
        responses_to_recover: int = 100,
    ) -> None:
        """Create a limiter that starts at the full rate.

        Args:
            max_requests: Requests per period.
            seconds: Length of a period.
            min_requests: Requests per period that remain, no matter how many 429s arrive.
            responses_to_recover: Good responses in a row that raise the rate by one request per period.
        """
        self._max_requests = max_requests
        self._limit = max_requests
        self._seconds = seconds
        self._min_requests = min_requests
        self._responses_to_recover = responses_to_recover
        self._sent: deque[float] = deque(maxlen=max_requests)
        self._not_before = 0.0
        self._slowed_at = 0.0
        self._good_responses = 0
        self._turn = threading.Lock()
        self._lock = threading.Lock()

    def acquire(self) -> float:
        """Block until the next request may be sent.

        Returns:
            When the request counts as sent, on the monotonic clock.
        """
        with self._turn:
            while True:
                with self._lock:
                    now = time.monotonic()
                    delay = self._earliest() - now
                    if delay <= 0:
                        self._sent.append(now)
                        return now
                time.sleep(delay)

    @property
    def delay(self) -> float:
        """Seconds until the next request may be sent."""
        with self._lock:
            return max(0.0, self._earliest() - time.monotonic())

    def postpone(self, sent: float) -> None:
        """Count a request as sent now, because it may have left later than `acquire` assumed.

        Args:
            sent: What `acquire` returned for the request.
        """
        with self._lock:
            with suppress(ValueError):  # it has left the window
                self._sent.remove(sent)
            self._sent.append(time.monotonic())

    def _earliest(self) -> float:
        limit = self._limit
        if len(self._sent) < limit:
            return self._not_before
        return max(self._not_before, self._sent[-limit] + self._seconds)

    def update_from(self, response: requests.Response, sent: float) -> None:
        """Adapt the rate to a response.

        Args:
            response: The response; its status and rate limit headers count.
            sent: What `acquire` returned for its request.
        """
        with self._lock:
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                self._slow_down(sent, read_retry_after(response))
            else:
                self._recover()
            own = sum(1 for moment in list(self._sent) if sent - 1 < moment <= sent)
            if response.headers.get("Ratelimit-Remaining-Second") == "0" and own < self._limit:
                # Other clients used up this second. This run alone stays within the limit.
                self._not_before = max(self._not_before, sent + 1)

    def _slow_down(self, sent: float, asked: float | None) -> None:
        self._good_responses = 0
        pause = 1 if asked is None or asked > MAX_PAUSE_SECONDS else asked
        self._not_before = max(self._not_before, time.monotonic() + pause)
        if sent > self._slowed_at:  # requests sent before the last 429 do not count again
            self._limit = max(self._min_requests, self._limit // 2)
            self._slowed_at = time.monotonic()

    def _recover(self) -> None:
        self._good_responses += 1
        if self._good_responses >= self._responses_to_recover and self._limit < self._max_requests:
            self._limit += 1
            self._good_responses = 0


def read_retry_after(response: requests.Response) -> float | None:
    """Return the seconds in `Retry-After`, a number or a date; None without a valid header."""
    value = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    moment = read_date(response, "Retry-After")
    return None if moment is None else max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def read_date(response: requests.Response, header: str) -> datetime | None:
    """Return the time in a header; None without a valid date."""
    try:
        moment = parsedate_to_datetime(response.headers.get(header, ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
