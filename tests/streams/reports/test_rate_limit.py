"""The budget of reports: ten a minute over all streams, retries included."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, Fault, ReportLimits
from tap_gladly.streams.reports import base as reports
from tap_gladly.transport import session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support import Sync

    from gladly_emulator import StaticExports

Asked = list[dict[str, Any]]
NOON = "2026-11-24T12:00:30Z"
EVENTS, AGENTS = "conversation_timestamps_report", "agent_timestamps_report"


@pytest.fixture
def strict(exports: StaticExports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A Gladly whose minute has half a second, and a tap that knows it."""
    monkeypatch.setattr(session, "REPORT_MINUTE_SECONDS", 0.55)
    limits = ReportLimits(minute_seconds=0.5, at_once=1)
    with Emulator(exports, requests_per_second=None, report_limits=limits) as running:
        yield running


def test_ten_reports_a_minute_over_all_streams(strict: Emulator, read: Callable[..., Sync]) -> None:
    """No request is refused, one at a time, and none waits longer than it must; the rest has its own pace."""
    streams = (AGENTS, EVENTS, "contact_timestamps_report", "agent_durations_report_v2", "jobs")
    began = time.monotonic()

    read(*streams, start_date="2026-11-14", **strict.settings)

    reported = [request for request in strict.requests if request.path == "/api/v1/reports"]
    assert len(reported) == 4 * 11
    assert {request.status for request in strict.requests} == {200}
    assert 2.2 <= time.monotonic() - began < 20


def test_a_retried_report_counts_as_one_of_the_ten(strict: Emulator, read: Callable[..., Sync]) -> None:
    """Five answers of 503 take five of the minute's places."""
    strict.faults.add(Fault("status", path="/reports$", status=503, times=5))

    read(AGENTS, start_date="2026-11-14", **strict.settings)

    statuses = Counter(request.status for request in strict.requests)
    assert statuses == {200: 11, 503: 5}


def test_others_may_use_the_budget_too(
    exports: StaticExports, monkeypatch: pytest.MonkeyPatch, read: Callable[..., Sync]
) -> None:
    """With four a minute left, 429 slows the reports down until they go through."""
    monkeypatch.setattr(session, "REPORT_MINUTE_SECONDS", 0.22)
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 10)
    limits = ReportLimits(per_minute=4, minute_seconds=0.2)
    with Emulator(exports, requests_per_second=None, report_limits=limits) as running:
        read(AGENTS, start_date="2026-11-10", **running.settings)

        statuses = Counter(request.status for request in running.requests)
    assert statuses[200] == 15
    assert 1 <= statuses[429] < 12
