"""Report limits per minute and at a time, and faults for reports."""

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


def request_report(emulator: Emulator, **document: Any) -> requests.Response:
    """Request a report."""
    return requests.post(
        f"{emulator.url}/api/v1/reports",
        json={**DOCUMENT, **document},
        auth=(AGENT_EMAIL, API_TOKEN),
        timeout=20,
    )


def test_report_limiter_counts_a_sliding_minute() -> None:
    """The third report in a minute is rejected and doesn't count, until the first is a minute old."""
    ticks = iter([0.0, 30.0, 59.9, 60.0, 89.9, 90.0])
    limiter = ReportLimiter(ReportLimits(per_minute=2, at_once=9), clock=lambda: next(ticks))
    responses = [limiter.acquire() for _ in range(6)]

    assert [response.status if response else None for response in responses] == [
        None,
        None,
        429,
        None,
        429,
        None,
    ]


def test_report_limiter_counts_running_reports() -> None:
    """Only `at_once` reports run at a time, and a finished one makes room."""
    limiter = ReportLimiter(ReportLimits(at_once=1, minute_seconds=0.0, retry_after=3))
    first, second = limiter.acquire(), limiter.acquire()
    limiter.release()

    assert first is None
    assert second is not None
    assert (second.status, second.headers["Retry-After"]) == (429, "3")
    assert limiter.acquire() is None


def test_report_limits_default_to_gladlys() -> None:
    """The eleventh report in a minute returns 429 with rate limit headers and no Retry-After."""
    with Emulator(StaticExports(), requests_per_second=100) as emulator:
        responses = [request_report(emulator) for _ in range(11)]

    assert [response.status_code for response in responses] == [200] * 10 + [429]
    assert responses[-1].json()["errors"][0]["code"] == "invalid"
    assert responses[-1].headers["Ratelimit-Limit-Second"] == "100"
    assert "Retry-After" not in responses[-1].headers


def test_report_limits_can_be_disabled() -> None:
    """Without limits, any number of reports succeeds."""
    with Emulator(StaticExports(), requests_per_second=None, report_limits=None) as emulator:
        assert {request_report(emulator).status_code for _ in range(12)} == {200}


def test_report_counts_until_it_is_sent(exports: StaticExports) -> None:
    """While two responses stall, a third report is rejected."""
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
        third = request_report(emulator)
        done.set()
        for thread in threads:
            thread.join()

    assert third.status_code == 429
    assert "at a time" in third.json()["errors"][0]["detail"]


@pytest.mark.parametrize("fault", [Fault("cut", at_byte=3), Fault("reset"), Fault("reset", at_byte=3)])
def test_report_no_longer_counts_after_a_broken_connection(exports: StaticExports, fault: Fault) -> None:
    """A report whose connection breaks no longer counts as running."""
    exports.reports.put("TaskExportReport", b"a\r\n1\r\n")
    limits = ReportLimits(at_once=1)
    with Emulator(exports, report_limits=limits) as emulator:
        emulator.faults.add(fault)
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            request_report(emulator)

        assert _retry_until_accepted(emulator) == b"a\r\n1\r\n"


def _retry_until_accepted(emulator: Emulator) -> bytes:
    """Retry a report, because the server may detect the broken connection later than the client."""
    while (response := request_report(emulator)).status_code == 429:
        assert "at a time" in response.json()["errors"][0]["detail"]
    return response.content


def test_report_with_wrong_credentials_does_not_count(exports: StaticExports) -> None:
    """A report with wrong credentials returns 401 and doesn't count."""
    with Emulator(exports, report_limits=ReportLimits(per_minute=1)) as emulator:
        url = f"{emulator.url}/api/v1/reports"
        refused = [requests.post(url, json=DOCUMENT, timeout=20).status_code for _ in range(2)]

        assert refused == [401, 401]
        assert request_report(emulator).status_code == 200


def test_fault_can_match_a_metric_set(emulator: Emulator) -> None:
    """A fault with `in_body` hits and counts only requests with a matching body."""
    emulator.faults.add(Fault("status", path="/reports$", in_body='"TaskTimestampsReport"', status=503))
    others = [
        request_report(emulator).status_code,
        request_report(emulator, metricSet="AgentTimestampsReport").status_code,
    ]
    hit = [request_report(emulator, metricSet="TaskTimestampsReport").status_code for _ in range(2)]

    assert others == [200, 200]
    assert hit == [503, 200]
