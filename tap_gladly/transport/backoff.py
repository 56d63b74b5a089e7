"""Which errors are retried, and how long the tap waits before each retry."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import requests
from singer_sdk.exceptions import RetriableAPIError

from tap_gladly.transport.rate_limit import read_retry_after

if TYPE_CHECKING:
    from collections.abc import Generator

FIRST_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 60.0

TRANSIENT_ERRORS = (
    RetriableAPIError,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


def iter_backoff_seconds() -> Generator[float, BaseException, None]:
    """Yield the wait before each retry: exponential, with jitter, and at least `Retry-After`."""
    error = yield 0
    wait = FIRST_WAIT_SECONDS
    while True:
        response = error.response if isinstance(error, RetriableAPIError) else None
        retry_after = None if response is None else read_retry_after(response)
        error = yield max(wait * random.uniform(0.5, 1), retry_after or 0)  # noqa: S311
        wait = min(2 * wait, MAX_WAIT_SECONDS)
