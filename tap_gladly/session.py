"""What all streams of a run share: connections, one pace, and what the run has done."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter

from tap_gladly.pace import Pace
from tap_gladly.telling import Summary

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    import socket

REQUESTS_PER_SECOND = 10
REPORTS_PER_MINUTE = 10
REPORT_MINUTE_SECONDS = 61.0
"""A little over a minute, since reports take unequal time to arrive, too."""
_REPORTS_PATH = "/api/v1/reports"
_REPORTS_TO_RECOVER = 5
_FEWEST_REPORTS = 3
"""A minute, after 429s: these may come of reports that others wait for, and say little of the pace."""


class GladlySession(requests.Session):
    """Connections that all streams of a run share, with one pace for them, and the run's summary.

    Reports have a pace of their own besides: Gladly allows 10 a minute, over all clients of an organization.
    """

    def __init__(self, *, pool_size: int) -> None:
        super().__init__()
        self.headers["Accept-Encoding"] = "gzip"
        self.summary = Summary()
        self._lock = threading.Lock()
        adapter = PacedAdapter(pool_size=pool_size)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def note_retry(self, seconds: float) -> None:
        """Count a wait before another try; any thread may."""
        with self._lock:
            self.summary.retries += 1
            self.summary.retry_seconds += seconds


class PacedAdapter(HTTPAdapter):
    """Sends each request when the pace allows it, and a report when both do."""

    def __init__(self, *, pool_size: int) -> None:
        super().__init__(pool_maxsize=pool_size)
        self._pace = Pace(REQUESTS_PER_SECOND)
        self._report_pace = Pace(
            REPORTS_PER_MINUTE,
            seconds=REPORT_MINUTE_SECONDS,
            least=_FEWEST_REPORTS,
            answers_to_recover=_REPORTS_TO_RECOVER,
        )
        self._used_sockets: WeakSet[socket.socket] = WeakSet()

    @override
    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        is_report = urlsplit(request.url or "").path.startswith(_REPORTS_PATH)
        if is_report:
            self._report_pace.wait()
        sent = self._pace.wait()
        response = super().send(request, *args, **kwargs)
        # A 429 to a report speaks of the budget of reports, which is by far the smaller one.
        (self._report_pace if is_report else self._pace).heed(response, sent)
        if self._is_first(response):
            # How long its connection took to open is not known, only that it has arrived by now.
            self._pace.put_off(sent)
        return response

    def _is_first(self, response: requests.Response) -> bool:
        """Say whether an answer is the first that came over its connection."""
        used = getattr(response.raw.connection, "sock", None)
        if used in self._used_sockets:
            return False
        if used is not None:  # else it is closed again already
            self._used_sockets.add(used)
        return True
