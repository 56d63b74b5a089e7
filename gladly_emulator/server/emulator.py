"""The emulator: what is served, access, faults and a clock behind one HTTP server."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from gladly_emulator.server.access_control import (
    AGENT_EMAIL,
    API_TOKEN,
    ORGANIZATION,
    RateLimit,
    refuse_credentials,
)
from gladly_emulator.server.api import answer_api
from gladly_emulator.server.control import answer_control
from gladly_emulator.server.faults import Faults
from gladly_emulator.server.http_server import Server
from gladly_emulator.server.rate_limits import ReportGate, ReportLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from gladly_emulator.server.exports import Exports
    from gladly_emulator.server.http_messages import Answer, Request

_GLADLYS_REPORT_LIMITS: Final = ReportLimits()


class Emulator:
    """Serves exports as Gladly does, from a background thread, while the context is open.

    Args:
        exports: What is served.
        port: The port to listen on; 0 takes a free one.
        clock: What time it is; by default the real time.
        requests_per_second: The rate limit; None switches it off.
        retry_after: The Retry-After header of a 429, in seconds; by default none is sent, as at Gladly.
        report_limits: How many reports are made in a minute and at a time; None switches it off.
    """

    def __init__(
        self,
        exports: Exports,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        requests_per_second: int | None = 10,
        retry_after: int | None = None,
        report_limits: ReportLimits | None = _GLADLYS_REPORT_LIMITS,
    ) -> None:
        self.exports = exports
        self.faults = Faults()
        self._address = ("127.0.0.1", port)
        self._clock = clock or _real_time
        self._ahead = timedelta()
        self._rate_limit = RateLimit(requests_per_second, retry_after=retry_after)
        self._report_gate = None if report_limits is None else ReportGate(report_limits)
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
        """Where it listens, without a path."""
        if self._server is None:
            raise RuntimeError("The emulator listens only inside its with block.")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def settings(self) -> dict[str, str]:
        """What a client needs to know."""
        return {
            "organization": ORGANIZATION,
            "agent_email": AGENT_EMAIL,
            "api_token": API_TOKEN,
            "api_url": self.url,
        }

    @property
    def now(self) -> datetime:
        """What time it is here."""
        return self._clock() + self._ahead

    def advance(self, time: timedelta) -> None:
        """Move the clock on."""
        self._ahead += time

    @property
    def requests(self) -> list[Request]:
        """The requests to the API so far, in the order in which they came."""
        return self._requests.copy()

    def clear(self) -> None:
        """Forget the requests so far."""
        self._requests.clear()

    def _respond(self, request: Request) -> Answer:
        if request.path.startswith("/_emulator/"):
            return answer_control(self, request)
        self._requests.append(request)
        answer = self._answer(request)
        request.status = answer.status
        return answer

    def _answer(self, request: Request) -> Answer:
        """Answer, or refuse; a request that is refused meets no fault."""
        refusal, limits = self._rate_limit.count()
        refusal = refusal or refuse_credentials(request.headers.get("Authorization"))
        refusal = refusal or self._limit_report(request)
        if refusal is not None:
            return refusal.with_headers(limits)
        answer = answer_api(self.exports, request, self.now)
        fault = self.faults.pick(request.path, request.body)
        if fault is not None:
            answer = fault.spoil(answer, self._stopping.wait)
        return answer.with_headers(limits)

    def _limit_report(self, request: Request) -> Answer | None:
        """Count a report until its answer is sent, or return its 429."""
        if self._report_gate is None or (request.method, request.path) != ("POST", "/api/v1/reports"):
            return None
        refusal = self._report_gate.enter()
        if refusal is None:
            request.after.callback(self._report_gate.leave)
        return refusal


def _real_time() -> datetime:
    return datetime.now(timezone.utc)
