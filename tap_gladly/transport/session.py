"""HTTP connections behind a rate limit, shared by all streams of a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override

from tap_gladly.transport.connection import guard_connections
from tap_gladly.transport.rate_limit import RateLimiter

if TYPE_CHECKING:
    import socket

    from urllib3 import HTTPConnectionPool

REQUESTS_PER_SECOND = 10
REPORTS_PER_MINUTE = 10
REPORT_MINUTE_SECONDS = 61.0
"""A little more than a minute, because report requests don't all take equally long to reach Gladly."""
_REPORTS_PATH = "/api/v1/reports"
_RESPONSES_TO_RECOVER = 5
_MIN_REPORTS = 3
"""Reports per minute that remain after 429s, since reports of other clients may cause those."""


class GladlySession(requests.Session):
    """The connections and rate limits that all streams of a run share.

    Reports have their own rate limit: Gladly allows 10 per minute, across all clients of an organization.
    """

    def __init__(self, *, pool_size: int) -> None:
        super().__init__()
        self.headers["Accept-Encoding"] = "gzip"
        logging.getLogger("urllib3.connection").addFilter(_has_no_traceback)
        self._adapter = RateLimitedAdapter(pool_size=pool_size)
        self.mount("https://", self._adapter)
        self.mount("http://", self._adapter)

    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        # The tap follows no redirect. To prepare one, requests would hold the response's body in memory.
        return None

    def find_pause(self, url: str) -> float:
        """Return the seconds that the rate limits delay a request that is ready now."""
        return max(limiter.delay for limiter in self._adapter.limiters_for(url))

    @property
    def seconds_per_report(self) -> float:
        """The shortest time that the rate limit allows per report, on average."""
        return REPORT_MINUTE_SECONDS / REPORTS_PER_MINUTE


def _has_no_traceback(record: logging.LogRecord) -> bool:
    # urllib3 logs headers that it can't parse, with a traceback and what it read. The tap notices such a response
    # itself, and its log holds neither.
    return not record.exc_info


class RateLimitedAdapter(HTTPAdapter):
    """Holds each request until the rate limit allows it; a report until both limits do."""

    def __init__(self, *, pool_size: int) -> None:
        super().__init__(pool_maxsize=pool_size)
        self._limiter = RateLimiter(REQUESTS_PER_SECOND)
        self._report_limiter = RateLimiter(
            REPORTS_PER_MINUTE,
            seconds=REPORT_MINUTE_SECONDS,
            min_requests=_MIN_REPORTS,
            responses_to_recover=_RESPONSES_TO_RECOVER,
        )
        self._used_sockets: WeakSet[socket.socket] = WeakSet()

    @override
    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        limiters = self.limiters_for(request.url or "")
        # The limit per second comes last, so that its timestamp is closest to the time of sending.
        sent = [limiter.acquire() for limiter in limiters][-1]
        response = super().send(request, *args, **kwargs)
        # A 429 for a report means the limit of reports, which is by far the lower one.
        limiters[0].update_from(response, sent)
        if self._is_first(response):
            # Opening the connection took an unknown part of the time, so the request may have left late.
            self._limiter.postpone(sent)
        return response

    def limiters_for(self, url: str) -> list[RateLimiter]:
        """Return the rate limits of a request; the lowest comes first."""
        is_report = urlsplit(url).path.startswith(_REPORTS_PATH)
        return [self._report_limiter, self._limiter] if is_report else [self._limiter]

    @override
    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        guard_connections(cast("HTTPConnectionPool", pool))
        return pool

    def _is_first(self, response: requests.Response) -> bool:
        """Return whether a response is the first one on its connection."""
        used = getattr(response.raw.connection, "sock", None)
        if used in self._used_sockets:
            return False
        if used is not None:  # otherwise the connection is already closed
            self._used_sockets.add(used)
        return True
