"""HTTP connections behind a rate limit, shared by all streams of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override

from tap_gladly.transport.rate_limit import RateLimiter

if TYPE_CHECKING:
    import socket

REQUESTS_PER_SECOND = 10
REPORTS_PER_MINUTE = 10
REPORT_MINUTE_SECONDS = 61.0
"""A little over a minute, since reports take unequal time to arrive, too."""
_REPORTS_PATH = "/api/v1/reports"
_REPORTS_TO_RECOVER = 5
_MIN_REPORTS = 3
"""A minute, after 429s: these may come of reports that others wait for, and say little of the pace."""


class GladlySession(requests.Session):
    """The connections that all streams of a run share, behind one rate limit.

    Reports have a rate limit of their own: Gladly allows 10 per minute, over all clients of an organization.
    """

    def __init__(self, *, pool_size: int) -> None:
        super().__init__()
        self.headers["Accept-Encoding"] = "gzip"
        adapter = RateLimitedAdapter(pool_size=pool_size)
        self.mount("https://", adapter)
        self.mount("http://", adapter)


class RateLimitedAdapter(HTTPAdapter):
    """Sends each request when the pace allows it, and a report when both do."""

    def __init__(self, *, pool_size: int) -> None:
        super().__init__(pool_maxsize=pool_size)
        self._limiter = RateLimiter(REQUESTS_PER_SECOND)
        self._report_limiter = RateLimiter(
            REPORTS_PER_MINUTE,
            seconds=REPORT_MINUTE_SECONDS,
            least=_MIN_REPORTS,
            answers_to_recover=_REPORTS_TO_RECOVER,
        )
        self._used_sockets: WeakSet[socket.socket] = WeakSet()

    @override
    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        is_report = urlsplit(request.url or "").path.startswith(_REPORTS_PATH)
        if is_report:
            self._report_limiter.acquire()
        sent = self._limiter.acquire()
        response = super().send(request, *args, **kwargs)
        # A 429 to a report speaks of the budget of reports, which is by far the smaller one.
        (self._report_limiter if is_report else self._limiter).update_from(response, sent)
        if self._is_first(response):
            # How long its connection took to open is not known, only that it has arrived by now.
            self._limiter.postpone(sent)
        return response

    def _is_first(self, response: requests.Response) -> bool:
        """Say whether an answer is the first that came over its connection."""
        used = getattr(response.raw.connection, "sock", None)
        if used in self._used_sockets:
            return False
        if used is not None:  # else it is closed again already
            self._used_sockets.add(used)
        return True
