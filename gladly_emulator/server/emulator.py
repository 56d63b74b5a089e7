"""The emulator: a dataset, access control, limits, faults and a clock behind one HTTP server."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from gladly_emulator.server.access_control import (
    AGENT_EMAIL,
    API_TOKEN,
    ORGANIZATION,
    check_credentials,
)
from gladly_emulator.server.api import api_response
from gladly_emulator.server.control import control_response
from gladly_emulator.server.fault_effects import apply_fault
from gladly_emulator.server.faults import Faults
from gladly_emulator.server.http_server import Server
from gladly_emulator.server.rate_limits import RateLimit, ReportLimiter, ReportLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from gladly_emulator.dataset.interface import Exports
    from gladly_emulator.server.http_messages import Request, Response

_GLADLY_REPORT_LIMITS: Final = ReportLimits()


class Emulator:
    """Serves a dataset as Gladly does, from background threads, while the context is open.

    Args:
        exports: The dataset to serve.
        port: The port to listen on, or 0 for any free port.
        clock: Returns the current time; by default the real time.
        requests_per_second: The rate limit, or None for no limit.
        retry_after: The Retry-After header of a 429, in seconds. By default none is sent, as at Gladly.
        report_limits: The rate and concurrency limits of reports, or None for no limits.
    """

    def __init__(
        self,
        exports: Exports,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        requests_per_second: int | None = 10,
        retry_after: int | None = None,
        report_limits: ReportLimits | None = _GLADLY_REPORT_LIMITS,
    ) -> None:
        self.exports = exports
        self.faults = Faults()
        self._address = ("127.0.0.1", port)
        self._clock = clock or _system_time
        self._clock_offset = timedelta()
        self._rate_limit = RateLimit(requests_per_second, retry_after=retry_after)
        self._report_limiter = None if report_limits is None else ReportLimiter(report_limits)
        self._requests: list[Request] = []
        self._stopping = threading.Event()
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._stopping.clear()
        self._server = Server(self._address, self._respond)
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._stopping.set()
            self._server.stop()
            self._server = None

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        if self._server is None:
            raise RuntimeError("The emulator listens only inside its with block.")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def settings(self) -> dict[str, str]:
        """The tap settings that connect to this emulator."""
        return {
            "organization": ORGANIZATION,
            "agent_email": AGENT_EMAIL,
            "api_token": API_TOKEN,
            "api_url": self.url,
        }

    @property
    def now(self) -> datetime:
        """The emulator's current time."""
        return self._clock() + self._clock_offset

    def advance(self, time: timedelta) -> None:
        """Move the clock forward, except for the Date header of responses."""
        self._clock_offset += time

    @property
    def requests(self) -> list[Request]:
        """The API requests so far, in order of arrival."""
        return self._requests.copy()

    def clear(self) -> None:
        """Clear the list of requests."""
        self._requests.clear()

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_emulator/"):
            return control_response(self, request)
        self._requests.append(request)
        response = self._respond_to_api(request)
        request.status = response.status
        return response.with_headers(
            {"Date": format_datetime(self._clock(), usegmt=True), **response.headers}
        )

    def _respond_to_api(self, request: Request) -> Response:
        """Return the response. A rejected request triggers no fault."""
        rejection, limit_headers = self._rate_limit.count()
        rejection = rejection or check_credentials(request.headers.get("Authorization"))
        rejection = rejection or self._limit_report(request)
        if rejection is not None:
            return rejection.with_headers(limit_headers)
        response = api_response(self.exports, request, self.now)
        for fault in self.faults.pick(request.path, request.body):
            response = apply_fault(fault, response, self._stopping.wait)
        return response.with_headers(limit_headers)

    def _limit_report(self, request: Request) -> Response | None:
        """Count a report until its response is sent, or return a 429."""
        if self._report_limiter is None or (request.method, request.path) != ("POST", "/api/v1/reports"):
            return None
        rejection = self._report_limiter.acquire()
        if rejection is None:
            request.cleanup.callback(self._report_limiter.release)
        return rejection


def _system_time() -> datetime:
    return datetime.now(timezone.utc)
