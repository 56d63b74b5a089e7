"""How many reports are made in a minute and at a time, and what goes wrong with them on demand."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gladly_emulator import AGENT_EMAIL, API_TOKEN, Emulator, Fault, ReportLimits, StaticExports
from gladly_emulator.server.rate_limits import ReportLimiter

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[..., requests.Response]

DOCUMENT = {
    "metricSet": "TaskExportReport",
    "startAt": "2026-03-01",
    "endAt": "2026-03-01",
    "timezone": "UTC",
}


def ask(emulator: Emulator, **document: Any) -> requests.Response:
    """Ask for a report."""
    return requests.post(
        f"{emulator.url}/api/v1/reports",
        json={**DOCUMENT, **document},
        auth=(AGENT_EMAIL, API_TOKEN),
        timeout=20,
    )


def test_report_gate_counts_the_minute_that_ends_now() -> None:
    """A third within a minute is refused and does not count; it comes in when the first is a minute old."""
    ticks = iter([0.0, 30.0, 59.9, 60.0, 89.9, 90.0])
    limiter = ReportLimiter(ReportLimits(per_minute=2, at_once=9), clock=lambda: next(ticks))
    answers = [limiter.acquire() for _ in range(6)]

    assert [answer.status if answer else None for answer in answers] == [None, None, 429, None, 429, None]


def test_report_gate_counts_who_is_inside() -> None:
    """As many as are allowed at once are inside; one that leaves makes room."""
    limiter = ReportLimiter(ReportLimits(at_once=1, minute_seconds=0.0, retry_after=3))
    first, second = limiter.acquire(), limiter.acquire()
    limiter.release()

    assert first is None
    assert second is not None
    assert (second.status, second.headers["Retry-After"]) == (429, "3")
    assert limiter.acquire() is None


def test_report_limit_is_gladlys_by_default() -> None:
    """The eleventh report in a minute gets 429, with the headers of every answer but no Retry-After."""
    with Emulator(StaticExports(), requests_per_second=100) as emulator:
        answers = [ask(emulator) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].json()["errors"][0]["code"] == "invalid"
    assert answers[-1].headers["Ratelimit-Limit-Second"] == "100"
    assert "Retry-After" not in answers[-1].headers


def test_report_limit_can_be_off() -> None:
    """Without limits any number of reports is made."""
    with Emulator(StaticExports(), requests_per_second=None, report_limits=None) as emulator:
        assert {ask(emulator).status_code for _ in range(12)} == {200}


def test_report_holds_its_place_until_it_is_sent(exports: StaticExports) -> None:
    """While two answers are stuck in the middle of their bodies, a third report is refused."""
    exports.reports.put("TaskExportReport", b"a\r\n1\r\n")
    with Emulator(exports) as emulator:
        emulator.faults.add(Fault("stall", at_byte=2, seconds=60, times=2))
        begun = threading.Barrier(3)

        def wait() -> None:
            try:
                with requests.post(
                    f"{emulator.url}/api/v1/reports",
                    json=DOCUMENT,
                    auth=(AGENT_EMAIL, API_TOKEN),
                    timeout=20,
                    stream=True,
                ) as response:
                    response.raw.read(2)
                    begun.wait()
                    done.wait()
            finally:
                begun.abort()

        done = threading.Event()
        threads = [threading.Thread(target=wait) for _ in range(2)]
        for thread in threads:
            thread.start()
        begun.wait(timeout=20)
        third = ask(emulator)
        done.set()
        for thread in threads:
            thread.join()

    assert third.status_code == 429
    assert "at a time" in third.json()["errors"][0]["detail"]


@pytest.mark.parametrize("fault", [Fault("cut", at_byte=3), Fault("reset"), Fault("reset", at_byte=3)])
def test_report_leaves_its_place_when_broken_off(exports: StaticExports, fault: Fault) -> None:
    """A report whose connection breaks no longer counts as being made."""
    exports.reports.put("TaskExportReport", b"a\r\n1\r\n")
    limits = ReportLimits(at_once=1)
    with Emulator(exports, report_limits=limits) as emulator:
        emulator.faults.add(fault)
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            ask(emulator)

        assert _settle(emulator) == b"a\r\n1\r\n"


def _settle(emulator: Emulator) -> bytes:
    """Return the report once it is made again; the broken connection's end may lag behind the client's."""
    while (answer := ask(emulator)).status_code == 429:
        assert "at a time" in answer.json()["errors"][0]["detail"]
    return answer.content


def test_report_refused_credentials_take_no_place(exports: StaticExports) -> None:
    """A request with wrong credentials gets 401, and does not count."""
    with Emulator(exports, report_limits=ReportLimits(per_minute=1)) as emulator:
        url = f"{emulator.url}/api/v1/reports"
        refused = [requests.post(url, json=DOCUMENT, timeout=20).status_code for _ in range(2)]

        assert refused == [401, 401]
        assert ask(emulator).status_code == 200


def test_fault_can_aim_at_a_metric_set(emulator: Emulator) -> None:
    """A fault with `in_body` hits requests whose body matches, and counts only those."""
    emulator.faults.add(Fault("status", path="/reports$", in_body='"TaskTimestampsReport"', status=503))
    others = [ask(emulator).status_code, ask(emulator, metricSet="AgentTimestampsReport").status_code]
    hit = [ask(emulator, metricSet="TaskTimestampsReport").status_code for _ in range(2)]

    assert others == [200, 200]
    assert hit == [503, 200]
