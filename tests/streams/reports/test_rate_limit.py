"""The rate limit of reports: 10 per minute over all streams, retries included."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, Fault, ReportLimits
from tap_gladly.output import message_writer
from tap_gladly.streams.reports import base as reports
from tap_gladly.streams.reports.report_request import ReportSource
from tap_gladly.transport import session

from .report_rows import bookmark, event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support import Sync

    from gladly_emulator import StaticExports
    from tap_gladly.streams.reports.windows import Window

Requests = list[dict[str, Any]]
NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=timezone.utc)
EVENTS, AGENTS = "conversation_timestamps_report", "agent_timestamps_report"


@pytest.fixture
def limited_emulator(exports: StaticExports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Start an emulator whose report minute lasts half a second."""
    monkeypatch.setattr(session, "REPORT_MINUTE_SECONDS", 0.55)
    limits = ReportLimits(minute_seconds=0.5, at_once=1)
    with Emulator(exports, clock=lambda: NOW, requests_per_second=None, report_limits=limits) as running:
        yield running


def count_statuses(emulator: Emulator) -> Counter[int | None]:
    """Return how often each status was returned for a report."""
    return Counter(request.status for request in emulator.requests if request.path == "/api/v1/reports")


def test_rate_limit_covers_all_report_streams(
    limited_emulator: Emulator, sync_streams: Callable[..., Sync]
) -> None:
    """The tap sends one report request at a time and gets no 429; other requests have their own limit."""
    streams = (AGENTS, EVENTS, "contact_timestamps_report", "agent_durations_report_v2", "jobs")
    began = time.monotonic()

    sync_streams(*streams, start_date="2026-11-14", **limited_emulator.settings)

    reported = [request for request in limited_emulator.requests if request.path == "/api/v1/reports"]
    assert len(reported) == 4 * 11
    assert {request.status for request in limited_emulator.requests} == {200}
    assert 2.2 <= time.monotonic() - began < 20


def test_rate_limit_counts_retries(limited_emulator: Emulator, sync_streams: Callable[..., Sync]) -> None:
    """Five 503 responses use five of the 10 requests."""
    limited_emulator.faults.add(Fault("status", path="/reports$", status=503, times=5))

    sync_streams(AGENTS, start_date="2026-11-14", **limited_emulator.settings)

    statuses = count_statuses(limited_emulator)
    assert statuses == {200: 11, 503: 5}


def test_rate_limit_adapts_to_other_clients(
    exports: StaticExports, monkeypatch: pytest.MonkeyPatch, sync_streams: Callable[..., Sync]
) -> None:
    """With four requests per minute left, 429 responses slow the tap down until requests succeed."""
    monkeypatch.setattr(session, "REPORT_MINUTE_SECONDS", 0.22)
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 10)
    limits = ReportLimits(per_minute=4, minute_seconds=0.2)
    with Emulator(exports, clock=lambda: NOW, requests_per_second=None, report_limits=limits) as running:
        sync_streams(AGENTS, start_date="2026-11-10", **running.settings)

        statuses = count_statuses(running)
    assert statuses[200] == 15
    assert 1 <= statuses[429] < 12


def test_rows_do_not_wait_for_the_rate_limit(
    exports: StaticExports, sync_streams: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows so far are written before the next request, also without a STATE between them."""
    exports.reports.put("AgentTimestampsReport", [event("2026-11-23T01:00:00Z")])
    written: list[int] = []

    def make_body(source: ReportSource, span: Window) -> dict[str, Any]:
        written.append(sys.stdout.getvalue().count("RECORD"))  # type: ignore[union-attr] # a StringIO
        return original(source, span)

    original = ReportSource.make_body
    monkeypatch.setattr(ReportSource, "make_body", make_body)
    monkeypatch.setattr(message_writer, "FLUSH_SECONDS", 3600)

    sync_streams(AGENTS, state=bookmark(AGENTS, "2026-11-24T00:00:00Z"))

    assert written == [0, 1]
