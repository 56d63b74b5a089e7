"""How fast requests may go."""

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

if TYPE_CHECKING:
    import socket

    from support import Clock


def answer(status: int = 200, **headers: str) -> requests.Response:
    """Make an answer."""
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


class Server:
    """Allows so many requests in each second of its clock, and says so by 429 alone."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._second = 0
        self._used = 0

    def answer(self) -> requests.Response:
        """Answer one request."""
        second = int(self._clock.now)
        self._used = self._used + 1 if second == self._second else 1
        self._second = second
        return answer(200 if self._used <= self._limit else 429)


def run(pace: RateLimiter, server: Server, requests_wanted: int) -> tuple[int, int]:
    """Send requests, each until it is answered; give how many were refused and how many were sent."""
    refused = sent = 0
    while sent - refused < requests_wanted:
        moment = pace.acquire()
        response = server.answer()
        pace.update_from(response, moment)
        sent += 1
        refused += response.status_code == 429
    return refused, sent


@pytest.mark.usefixtures("clock")
def test_pace_allows_ten_at_once_and_no_eleventh() -> None:
    """Ten requests may go at once; the next waits for a second to pass."""
    turns = RateLimiter(10)
    moments = [turns.acquire() for _ in range(21)]

    assert moments[9] == 1000.0
    assert moments[10] == pytest.approx(1001.02)
    assert moments[20] == pytest.approx(1002.04)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
def test_pace_settles_below_a_limit_that_only_429_tells(clock: Clock, limit: int) -> None:
    """After a few refusals the requests go through, and do not hammer."""
    refused, _ = run(RateLimiter(10), Server(clock, limit), 60)

    assert refused <= 10
    assert run(RateLimiter(10), Server(clock, 10), 60) == (0, 60)


def test_pace_keeps_what_is_least(clock: Clock) -> None:
    """However often it was too many, so many go in a period."""
    turns = RateLimiter(10, seconds=61, least=3)
    for _ in range(5):
        turns.update_from(answer(429), turns.acquire())
    clock.sleep(61)
    before = clock.now
    run(turns, Server(clock, 10), 3)

    assert clock.now - before < 2


def test_pace_rises_again(clock: Clock) -> None:
    """A limit that was low for a while does not slow the run down for good."""
    turns = RateLimiter(10)
    run(turns, Server(clock, 2), 10)
    run(turns, Server(clock, 10), 1000)
    before = clock.now
    run(turns, Server(clock, 10), 50)

    assert clock.now - before < 6


@pytest.mark.usefixtures("clock")
def test_pace_stops_for_as_long_as_gladly_asks() -> None:
    """Retry-After holds all requests, not only the one that was refused."""
    turns = RateLimiter(10)
    turns.update_from(answer(429, Retry_After="30"), turns.acquire())

    assert turns.acquire() == pytest.approx(1030)


@pytest.mark.usefixtures("clock")
def test_pace_does_not_stop_for_hours() -> None:
    """Nobody waits for so long: whoever asks next does so after a moment, at half the pace."""
    turns = RateLimiter(4)
    turns.update_from(answer(429, Retry_After="3600"), turns.acquire())

    assert [turns.acquire() for _ in range(3)] == pytest.approx([1001, 1001.02, 1002.02])


@pytest.mark.usefixtures("clock")
def test_pace_heeds_what_others_have_used() -> None:
    """With nothing left of a second that this run has hardly used, the next request waits for another."""
    turns = RateLimiter(10)
    turns.update_from(answer(Ratelimit_Remaining_Second="0"), turns.acquire())

    assert turns.acquire() == pytest.approx(1001)


@pytest.mark.usefixtures("clock")
def test_pace_does_not_wait_for_what_it_has_used_itself() -> None:
    """Ten of its own requests leave nothing of the second either, and need no further wait."""
    turns = RateLimiter(10)
    moments = [turns.acquire() for _ in range(10)]
    for left, moment in enumerate(reversed(moments)):
        turns.update_from(answer(Ratelimit_Remaining_Second=str(left)), moment)

    assert turns.acquire() == pytest.approx(1001.02)


def test_read_retry_after_reads_seconds_and_dates() -> None:
    """Both forms of the header are understood, and nonsense is no wait."""
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
def test_read_date_knows_what_is_no_date(text: str) -> None:
    """Neither in a calendar nor in a day of 24 hours, or nothing at all: it says no time, and no wait."""
    assert read_retry_after(answer(Retry_After=text)) is None
    assert read_date(answer(Date=text), "Date") is None


def test_read_date_takes_a_date_without_a_zone_for_utc() -> None:
    """As all dates in headers are."""
    moment = datetime(2015, 10, 21, 7, 28, tzinfo=timezone.utc)

    assert read_date(answer(Date="Wed, 21 Oct 2015 07:28:00 GMT"), "Date") == moment
    assert read_date(answer(Date="Wed, 21 Oct 2015 07:28:00 -0000"), "Date") == moment


def test_session_keeps_the_pace(
    exports: StaticExports, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However fast the answers come, no second sees an eleventh request."""
    monkeypatch.setattr(session, "REQUESTS_PER_SECOND", 10)
    sent: list[float] = []
    with Emulator(exports, requests_per_second=None) as running, session.GladlySession(pool_size=1) as paced:
        for number in range(45):
            clock.sleep(0.011 * (number % 7))
            paced.get(f"{running.url}/_emulator/jobs", timeout=10)
            sent.append(clock.now)

    for at in range(len(sent) - 10):
        assert sent[at + 10] - sent[at] > 1
    assert sent[-1] - sent[0] < 5


def test_session_heeds_the_answers(exports: StaticExports, clock: Clock) -> None:
    """`Ratelimit-Remaining-Second: 0`, also when others used it up, holds the next request for a second."""
    with Emulator(exports, requests_per_second=None) as running, session.GladlySession(pool_size=1) as paced:
        running.faults.add(Fault("status", status=200, headers={"Ratelimit-Remaining-Second": "0"}))
        auth = (running.settings["agent_email"], running.settings["api_token"])
        before = clock.now
        for _ in range(2):
            paced.get(f"{running.url}/api/v1/export/jobs", auth=auth, timeout=10)

    assert clock.now - before == pytest.approx(1)


def test_pace_counts_what_is_put_off_once(clock: Clock) -> None:
    """A request that left late holds its place for a second from then on; one long past takes one anew."""
    turns = RateLimiter(2)
    first, second = turns.acquire(), turns.acquire()
    clock.sleep(0.5)
    turns.postpone(first)
    moments = [turns.acquire() for _ in range(2)]
    turns.postpone(second)

    assert moments == pytest.approx([1001.02, 1001.52])
    assert turns.acquire() == pytest.approx(1002.54)


def test_session_counts_requests_when_they_arrive(
    exports: StaticExports, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that takes long to open does not let an eleventh into the second that the others share."""
    monkeypatch.setattr(session, "REQUESTS_PER_SECOND", 10)
    connect = connection.create_connection

    def connect_slowly(*args: Any, **kwargs: Any) -> socket.socket:
        clock.sleep(0.9)
        return connect(*args, **kwargs)

    monkeypatch.setattr(connection, "create_connection", connect_slowly)
    arrived: list[float] = []
    with Emulator(exports, requests_per_second=None) as running, session.GladlySession(pool_size=1) as paced:
        for _ in range(21):
            paced.get(f"{running.url}/api/v1/export/jobs", timeout=10)
            arrived.append(clock.now)

    assert arrived[0] == pytest.approx(1000.9)
    assert all(arrived[number + 10] - arrived[number] >= 1 for number in range(11))


def test_session_holds_reports_alone_when_there_were_too_many(exports: StaticExports, clock: Clock) -> None:
    """A 429 to a report slows down reports, and Retry-After holds them; other requests go on."""
    with Emulator(exports, requests_per_second=None) as running, session.GladlySession(pool_size=1) as paced:
        running.faults.add(Fault("status", path="reports", status=429, headers={"Retry-After": "30"}))
        paced.auth = (running.settings["agent_email"], running.settings["api_token"])
        before = clock.now
        for path in ("/api/v1/reports", "/api/v1/export/jobs", "/api/v1/export/jobs"):
            paced.post(f"{running.url}{path}", timeout=10)
        others = clock.now - before
        paced.post(f"{running.url}/api/v1/reports", timeout=10)

    assert others == 0
    assert clock.now - before == pytest.approx(30)


def test_session_allows_ten_reports_a_minute(
    exports: StaticExports, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The eleventh waits a little over a minute from the first."""
    monkeypatch.setattr(session, "REPORT_MINUTE_SECONDS", 61)
    before = clock.now
    with Emulator(exports, requests_per_second=None) as running, session.GladlySession(pool_size=1) as paced:
        for _ in range(21):
            paced.post(f"{running.url}/api/v1/reports", timeout=10)

    assert clock.now - before == pytest.approx(122)
