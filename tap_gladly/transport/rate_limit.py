"""How fast requests may go: no faster than Gladly allows, and slower when it says so."""

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

SECOND = 1.02
"""A little over, so that requests which take unequal time to arrive still fit in Gladly's second."""
MAX_PAUSE_SECONDS = 300
"""How long Gladly may ask to be left alone. Who is told to wait longer gives up, and who comes next asks for
itself: held back as long, the run would hang."""
_SECONDS = re.compile(r"\d{1,99}(?:\.\d{1,9})?", re.ASCII)


class RateLimiter:
    """One pace for all requests of a run, whichever thread sends them.

    Gladly allows 10 requests in a second over all clients of an organization, and tells what is left of
    the current second; 429 says that it was too many. The limit may be lower without a word before that:
    so a 429 halves the pace, and it rises again slowly. Of reports it allows 10 in a minute.
    """

    def __init__(
        self, requests: int, *, seconds: float = SECOND, least: int = 1, answers_to_recover: int = 100
    ) -> None:
        """Take note of the limit.

        Args:
            requests: How many may go in a period.
            seconds: How long the period is.
            least: How many may go however often it was too many.
            answers_to_recover: How many good answers in a row let the pace rise by one request a period.
        """
        self._most = requests
        self._limit = requests
        self._seconds = seconds
        self._least = least
        self._answers_to_recover = answers_to_recover
        self._sent: deque[float] = deque(maxlen=requests)
        self._not_before = 0.0
        self._slowed_at = 0.0
        self._good_answers = 0
        self._turn = threading.Lock()
        self._lock = threading.Lock()

    def acquire(self) -> float:
        """Wait for this request's turn.

        Returns:
            The moment at which it is sent, on the monotonic clock.
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

    def postpone(self, sent: float) -> None:
        """Count a request as sent just now: it may have left so late.

        Args:
            sent: When it had its turn, as `acquire` returned it.
        """
        with self._lock:
            with suppress(ValueError):  # so many have been sent since that it counts no more
                self._sent.remove(sent)
            self._sent.append(time.monotonic())

    def _earliest(self) -> float:
        limit = self._limit
        if len(self._sent) < limit:
            return self._not_before
        return max(self._not_before, self._sent[-limit] + self._seconds)

    def update_from(self, response: requests.Response, sent: float) -> None:
        """Take in what an answer says of the pace.

        Args:
            response: The answer.
            sent: When its request was sent, as `acquire` returned it.
        """
        with self._lock:
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                self._slow_down(sent, read_retry_after(response))
            else:
                self._recover()
            own = sum(1 for moment in list(self._sent) if sent - 1 < moment <= sent)
            if response.headers.get("Ratelimit-Remaining-Second") == "0" and own < self._limit:
                # Others have used this second up. What this run sends itself is within its limit anyway.
                self._not_before = max(self._not_before, sent + 1)

    def _slow_down(self, sent: float, asked: float | None) -> None:
        self._good_answers = 0
        pause = 1 if asked is None or asked > MAX_PAUSE_SECONDS else asked
        self._not_before = max(self._not_before, time.monotonic() + pause)
        if sent > self._slowed_at:  # requests that were under way before do not count again
            self._limit = max(self._least, self._limit // 2)
            self._slowed_at = time.monotonic()

    def _recover(self) -> None:
        self._good_answers += 1
        if self._good_answers >= self._answers_to_recover and self._limit < self._most:
            self._limit += 1
            self._good_answers = 0


def read_retry_after(response: requests.Response) -> float | None:
    """Give the seconds that `Retry-After` asks to wait, as a number or as a date; None if it does not."""
    value = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    moment = read_date(response, "Retry-After")
    return None if moment is None else max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def read_date(response: requests.Response, header: str) -> datetime | None:
    """Give the time that a header names; None if it names none."""
    try:
        moment = parsedate_to_datetime(response.headers.get(header, ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
