"""Rate limits."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from urllib3.util import connection

from gladly_emulator import Emulator, Fault, StaticExports
from tap_gladly.transport import session
from tap_gladly.transport.rate_limit import RateLimiter, read_date, read_retry_after
from tap_gladly.transport.session import GladlySession

if TYPE_CHECKING:
    import socket

    from support import Clock


def answer(status: int = 200, **headers: str) -> requests.Response:
    """Return a response."""
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


class Server:
    """Allows `limit` requests per second of its clock and answers 429 beyond that."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._second = 0
        self._used = 0

    def answer(self) -> requests.Response:
        """Return the response to one request."""
        second = int(self._clock.now)
        self._used = self._used + 1 if second == self._second else 1
        self._second = second
        return answer(200 if self._used <= self._limit else 429)


def run(limiter: RateLimiter, server: Server, wanted: int) -> tuple[int, int]:
    """Send requests, each until it succeeds; return the numbers of 429s and of requests."""
    refused = sent = 0
    while sent - refused < wanted:
        moment = limiter.acquire()
        response = server.answer()
        limiter.update_from(response, moment)
        sent += 1
        refused += response.status_code == 429
    return refused, sent


@pytest.mark.usefixtures("clock")
def test_limiter_allows_a_burst_of_ten() -> None:
    """Ten requests pass at once; the eleventh waits until a second has passed."""
    limiter = RateLimiter(10)
    moments = [limiter.acquire() for _ in range(21)]

    assert moments[9] == 1000.0
    assert moments[10] == pytest.approx(1001.02)
    assert moments[20] == pytest.approx(1002.04)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
def test_limiter_adapts_to_an_unannounced_limit(clock: Clock, limit: int) -> None:
    """After a few 429s, the rate stays below a limit that only the 429s reveal."""
    refused, _ = run(RateLimiter(10), Server(clock, limit), 60)

    assert refused <= 10
    assert run(RateLimiter(10), Server(clock, 10), 60) == (0, 60)


def test_limiter_keeps_the_minimum_rate(clock: Clock) -> None:
    """Repeated 429s don't lower the rate below `min_requests`."""
    limiter = RateLimiter(10, seconds=61, min_requests=3)
    for _ in range(5):
        limiter.update_from(answer(429), limiter.acquire())
    clock.sleep(61)
    before = clock.now
    run(limiter, Server(clock, 10), 3)

    assert clock.now - before < 2


def test_limiter_recovers(clock: Clock) -> None:
    """A limit that was low for a while doesn't slow the run down permanently."""
    limiter = RateLimiter(10)
    run(limiter, Server(clock, 2), 10)
    run(limiter, Server(clock, 10), 1000)
    before = clock.now
    run(limiter, Server(clock, 10), 50)

    assert clock.now - before < 6


@pytest.mark.usefixtures("clock")
def test_limiter_pauses_for_retry_after() -> None:
    """`Retry-After` delays all requests, not only the one that got it."""
    limiter = RateLimiter(10)
    limiter.update_from(answer(429, Retry_After="30"), limiter.acquire())

    assert limiter.acquire() == pytest.approx(1030)


@pytest.mark.usefixtures("clock")
def test_limiter_ignores_a_retry_after_of_hours() -> None:
    """After a `Retry-After` beyond the maximum, requests continue after a second, at half the rate."""
    limiter = RateLimiter(4)
    limiter.update_from(answer(429, Retry_After="3600"), limiter.acquire())

    assert [limiter.acquire() for _ in range(3)] == pytest.approx([1001, 1001.02, 1002.02])


@pytest.mark.usefixtures("clock")
def test_limiter_honors_the_remaining_requests() -> None:
    """If other clients used up the second, the next request waits for the next second."""
    limiter = RateLimiter(10)
    limiter.update_from(answer(Ratelimit_Remaining_Second="0"), limiter.acquire())

    assert limiter.acquire() == pytest.approx(1001)


@pytest.mark.usefixtures("clock")
def test_limiter_ignores_its_own_share_of_the_second() -> None:
    """If the run itself used up the second, it doesn't wait longer than its own limit."""
    limiter = RateLimiter(10)
    moments = [limiter.acquire() for _ in range(10)]
    for left, moment in enumerate(reversed(moments)):
        limiter.update_from(answer(Ratelimit_Remaining_Second=str(left)), moment)

    assert limiter.acquire() == pytest.approx(1001.02)


def test_read_retry_after_reads_seconds_and_dates() -> None:
    """The header may be seconds or a date; an invalid one counts as absent."""
    later = datetime.now(timezone.utc) + timedelta(seconds=90)

    assert read_retry_after(answer(Retry_After="7")) == 7
    assert read_retry_after(answer(Retry_After="1.5")) == 1.5
    assert read_retry_after(answer(Retry_After="99999999999")) == 99_999_999_999
    assert read_retry_after(answer(Retry_After="-5")) is None
    assert read_retry_after(answer(Retry_After=format_datetime(later, usegmt=True))) == pytest.approx(
        90, abs=2
    )
    assert read_retry_after(answer(Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")) == 0
    assert read_retry_after(answer(Retry_After="soon")) is None
    assert read_retry_after(answer()) is None


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +9999999999999",
        "",
        "today",
    ],
)
def test_read_date_rejects_invalid_dates(text: str) -> None:
    """An impossible, empty or wordy date counts as absent."""
    assert read_retry_after(answer(Retry_After=text)) is None
    assert read_date(answer(Date=text), "Date") is None


def test_read_date_defaults_to_utc() -> None:
    """A date without a zone is in UTC, as HTTP dates are."""
    moment = datetime(2015, 10, 21, 7, 28, tzinfo=timezone.utc)

    assert read_date(answer(Date="Wed, 21 Oct 2015 07:28:00 GMT"), "Date") == moment
    assert read_date(answer(Date="Wed, 21 Oct 2015 07:28:00 -0000"), "Date") == moment


def test_session_limits_requests_per_second(
    exports: StaticExports, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No second has an eleventh request, however fast the responses arrive."""
    monkeypatch.setattr(session, "REQUESTS_PER_SECOND", 10)
    sent: list[float] = []
    with (
        Emulator(exports, requests_per_second=None) as running,
        GladlySession(pool_size=1) as limited,
    ):
        for number in range(45):
            clock.sleep(0.011 * (number % 7))
            limited.get(f"{running.url}/_emulator/jobs", timeout=10)
            sent.append(clock.now)

    for at in range(len(sent) - 10):
        assert sent[at + 10] - sent[at] > 1
    assert sent[-1] - sent[0] < 5


def test_session_honors_the_rate_limit_headers(exports: StaticExports, clock: Clock) -> None:
    """`Ratelimit-Remaining-Second: 0` delays the next request by a second."""
    with (
        Emulator(exports, requests_per_second=None) as running,
        GladlySession(pool_size=1) as limited,
    ):
        running.faults.add(Fault("status", status=200, headers={"Ratelimit-Remaining-Second": "0"}))
        auth = (running.settings["agent_email"], running.settings["api_token"])
        before = clock.now
        for _ in range(2):
            limited.get(f"{running.url}/api/v1/export/jobs", auth=auth, timeout=10)

    assert clock.now - before == pytest.approx(1)


def test_limiter_counts_a_postponed_request_once(clock: Clock) -> None:
    """A postponed request counts from its new time; one that left the window counts again."""
    limiter = RateLimiter(2)
    first, second = limiter.acquire(), limiter.acquire()
    clock.sleep(0.5)
    limiter.postpone(first)
    moments = [limiter.acquire() for _ in range(2)]
    limiter.postpone(second)

    assert moments == pytest.approx([1001.02, 1001.52])
    assert limiter.acquire() == pytest.approx(1002.54)


def test_session_counts_requests_when_they_arrive(
    exports: StaticExports, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow connection doesn't push an eleventh request into a second."""
    monkeypatch.setattr(session, "REQUESTS_PER_SECOND", 10)
    connect = connection.create_connection

    def connect_slowly(*args: Any, **kwargs: Any) -> socket.socket:
        clock.sleep(0.9)
        return connect(*args, **kwargs)

    monkeypatch.setattr(connection, "create_connection", connect_slowly)
    arrived: list[float] = []
    with (
        Emulator(exports, requests_per_second=None) as running,
        GladlySession(pool_size=1) as limited,
    ):
        for _ in range(21):
            limited.get(f"{running.url}/api/v1/export/jobs", timeout=10)
            arrived.append(clock.now)

    assert arrived[0] == pytest.approx(1000.9)
    assert all(arrived[number + 10] - arrived[number] >= 1 for number in range(11))


def test_session_delays_only_reports_after_a_report_429(exports: StaticExports, clock: Clock) -> None:
    """A 429 for a report delays reports by `Retry-After`, and no other request."""
    with (
        Emulator(exports, requests_per_second=None) as running,
        GladlySession(pool_size=1) as limited,
    ):
        running.faults.add(Fault("status", path="reports", status=429, headers={"Retry-After": "30"}))
        limited.auth = (running.settings["agent_email"], running.settings["api_token"])
        before = clock.now
        for path in ("/api/v1/reports", "/api/v1/export/jobs", "/api/v1/export/jobs"):
            limited.post(f"{running.url}{path}", timeout=10)
        others = clock.now - before
        limited.post(f"{running.url}/api/v1/reports", timeout=10)

    assert others == 0
    assert clock.now - before == pytest.approx(30)


def test_session_allows_ten_reports_per_minute(
    exports: StaticExports, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The eleventh report waits until a minute after the first."""
    monkeypatch.setattr(session, "REPORT_MINUTE_SECONDS", 61)
    before = clock.now
    with (
        Emulator(exports, requests_per_second=None) as running,
        GladlySession(pool_size=1) as limited,
    ):
        for _ in range(21):
            limited.post(f"{running.url}/api/v1/reports", timeout=10)

    assert clock.now - before == pytest.approx(122)
