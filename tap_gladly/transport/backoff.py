"""How long the tap waits before a retry, and the log lines about retries."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

FIRST_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 60.0


def iter_backoff_seconds() -> Iterator[float]:
    """Yield the wait before each retry: exponential, with jitter."""
    wait = FIRST_WAIT_SECONDS
    while True:
        yield wait * random.uniform(0.5, 1)  # noqa: S311
        wait = min(2 * wait, MAX_WAIT_SECONDS)


class RetryLog:
    """Logs retries; while a retry is pending, others with the same reason are counted instead."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[str, tuple[float, int]] = {}
        """When the logged retry happens, and how many others had the same reason since, by reason."""

    def log(self, logger: logging.Logger, request: str, reason: str, *, wait: float, left: float) -> None:
        """Log that a request is retried.

        Args:
            logger: The stream's logger.
            request: The stream and path of the request.
            reason: Why it failed.
            wait: Seconds until the retry.
            left: Seconds for which it is retried from now on.
        """
        now = time.monotonic()
        with self._lock:
            until, others = self._pending.get(reason, (0.0, 0))
            is_pending = now < until
            self._pending[reason] = (until, others + 1) if is_pending else (now + wait, 0)
        if is_pending:
            logger.debug("%s: %s; retrying in %.1f s", request, reason, wait)
            return
        also = f" ({others} more failed for the same reason)" if others else ""
        logger.warning(
            "%s: %s; retrying in %.1f s, for up to %.0f s%s", request, reason, wait, max(left, wait), also
        )
