"""Progress of reports: windows, the total of all reports, the time left and the wait for the rate limit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tap_gladly.output.run_summary import ReportTotals
from tap_gladly.transport import session

from .report_rows import bookmark, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports

EVENTS, AGENTS = "conversation_timestamps_report", "agent_timestamps_report"


def find_progress(log: pytest.LogCaptureFixture) -> list[str]:
    """Return the progress lines of reports."""
    return [text for record in log.records if ": window " in (text := record.getMessage())]


def test_progress_names_stream_window_and_total(
    exports: StaticExports, sync_streams: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Each line has the stream in its message, because Meltano drops the logger's name."""
    exports.reports.put("AgentTimestampsReport", [event("2026-11-24T01:00:00Z")])

    sync_streams(AGENTS, EVENTS, "task_export_report", start_date="2026-11-22")

    assert find_progress(log) == [
        "agent_timestamps_report: window 1 of 3 (2026-11-22), 1 rows; all reports 1 of 7",
        "agent_timestamps_report: window 2 of 3 (2026-11-23), 1 rows; all reports 2 of 7",
        "agent_timestamps_report: window 3 of 3 (2026-11-24), 1 rows; all reports 3 of 7",
        "conversation_timestamps_report: window 1 of 3 (2026-11-22), 0 rows; all reports 4 of 7",
        "conversation_timestamps_report: window 2 of 3 (2026-11-23), 0 rows; all reports 5 of 7",
        "conversation_timestamps_report: window 3 of 3 (2026-11-24), 0 rows; all reports 6 of 7",
        "task_export_report: window 1 of 1 (2026-11-22 to 2026-11-24), 0 rows; all reports 7 of 7",
    ]


def test_progress_of_a_single_report_has_no_total(
    sync_streams: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Its windows are the total."""
    sync_streams(AGENTS, start_date="2026-11-24")

    assert find_progress(log) == ["agent_timestamps_report: window 1 of 1 (2026-11-24), 0 rows"]


def test_failed_report_leaves_the_total(
    exports: StaticExports, sync_streams: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The windows of a report that ended early don't count anymore."""
    exports.reports.put("AgentTimestampsReport", b"Foo,Bar\n1,2\n")

    sync_streams(AGENTS, EVENTS, start_date="2026-11-23", should_fail=True)

    assert find_progress(log)[-1].endswith("window 2 of 2 (2026-11-24), 0 rows; all reports 2 of 2")


def test_report_with_an_invalid_bookmark_is_not_in_the_total(
    sync_streams: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """It fails at its own sync, and not while the run plans all reports."""
    sync_streams(AGENTS, EVENTS, start_date="2026-11-24", state=bookmark(EVENTS, "soon"), should_fail=True)

    assert find_progress(log) == [
        "agent_timestamps_report: window 1 of 1 (2026-11-24), 0 rows; all reports 1 of 1"
    ]


def long_pause(_session: session.GladlySession, _url: str) -> float:
    """Return a wait as after ten requests in a burst."""
    return 51.4


def test_progress_reports_the_wait_for_the_rate_limit(
    sync_streams: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tenth request of a minute is followed by a wait; the line before it has the wait and the time left."""
    monkeypatch.setattr(session, "REPORTS_PER_MINUTE", 100)
    monkeypatch.setattr(session.GladlySession, "find_pause", long_pause)
    monkeypatch.setattr(session.GladlySession, "seconds_per_report", 6.1)

    sync_streams(AGENTS, start_date="2026-10-26")

    first, *_, last = find_progress(log)
    assert first == (
        "agent_timestamps_report: window 1 of 30 (2026-10-26), 0 rows; about 3 min left; "
        "waiting 51 s for Gladly's limit of 10 reports per minute"
    )
    assert last == "agent_timestamps_report: window 30 of 30 (2026-11-24), 0 rows"


def test_time_left_falls_steadily(clock_of_summary: Callable[[float], None]) -> None:
    """A burst of fast requests doesn't shorten the estimate, because the rate limit follows."""
    totals = ReportTotals()
    totals.plan("a", 100)
    minutes = []
    for number in range(80):
        clock_of_summary(number // 10 * 61)
        totals.finish_window("a")
        text = totals.describe(seconds_per_report=6.1, wait_seconds=0)
        minutes.append(int(re.findall(r"about (\d+) min", text)[0]))

    assert minutes[0] == 10
    assert minutes == sorted(minutes, reverse=True)


def test_time_left_follows_slow_reports(clock_of_summary: Callable[[float], None]) -> None:
    """If reports take longer than the rate limit, their pace counts."""
    totals = ReportTotals()
    totals.plan("a", 20)
    for number in range(1, 11):
        clock_of_summary(number * 60)
        totals.finish_window("a")

    assert totals.describe(seconds_per_report=6.1, wait_seconds=0) == "; about 10 min left"


@pytest.fixture
def clock_of_summary(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the seconds since the totals were created."""
    now = [0.0]
    monkeypatch.setattr("tap_gladly.output.run_summary.time.monotonic", lambda: now[0])

    def set_clock(seconds: float) -> None:
        now[0] = seconds

    return set_clock
