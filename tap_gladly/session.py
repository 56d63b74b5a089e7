"""What all streams of a run share: connections, one pace, and what the run has done."""

from __future__ import annotations

import sys
import threading
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tap_gladly.pace import Pace
from tap_gladly.telling import Summary

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

REQUESTS_PER_SECOND = 10


class GladlySession(requests.Session):
    """Connections that all streams of a run share, with one pace for them, and the run's summary."""

    def __init__(self, *, pool_size: int) -> None:
        super().__init__()
        self.headers["Accept-Encoding"] = "gzip"
        self.summary = Summary()
        self._lock = threading.Lock()
        adapter = PacedAdapter(Pace(REQUESTS_PER_SECOND), pool_size=pool_size)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def note_retry(self, seconds: float) -> None:
        """Count a wait before another try; any thread may."""
        with self._lock:
            self.summary.retries += 1
            self.summary.retry_seconds += seconds


class PacedAdapter(HTTPAdapter):
    """Sends each request when the pace allows it."""

    def __init__(self, pace: Pace, *, pool_size: int) -> None:
        super().__init__(pool_maxsize=pool_size)
        self._pace = pace

    @override
    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        sent = self._pace.wait()
        response = super().send(*args, **kwargs)
        self._pace.heed(response, sent)
        return response
