"""Report streams: which windows a run requests, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Fault
from tap_gladly.streams.reports.base import ReportStream
from tap_gladly.streams.reports.standard import STANDARD_REPORTS
from tap_gladly.tap import TapGladly

from .report_rows import NOON, bookmark, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports


def test_reports_have_snake_case_names() -> None:
    """There are ten built-in reports, all deselected by default."""
    streams = TapGladly(validate_config=False).streams.values()

    reports = [stream for stream in streams if isinstance(stream, ReportStream)]
    assert {stream.metric_set: stream.name for stream in reports} == {
        "ConversationExportReport": "conversation_export_report",
        "ConversationTimestampsReport": "conversation_timestamps_report",
        "ContactTimestampsReport": "contact_timestamps_report",
        "ContactExportReportV3": "contact_export_report_v3",
        "WorkSessionEventsReportV4": "work_session_events_report_v4",
        "TaskExportReport": "task_export_report",
        "TaskTimestampsReport": "task_timestamps_report",
        "AgentTimestampsReport": "agent_timestamps_report",
        "AgentDurationsReportV2": "agent_durations_report_v2",
        "GladlyAISessionsDetailReport": "gladly_ai_sessions_detail_report",
    }
    assert len(reports) == len(STANDARD_REPORTS)
    assert not any(stream.selected for stream in reports)


def test_reports_are_opt_in(
    report_requests: Callable[[], list[dict[str, Any]]], sync: Callable[..., Sync]
) -> None:
    """A run without a catalog requests no report."""
    sync()

    assert report_requests() == []


def test_timestamps_report_requests_days(
    report_requests: Callable[[], list[dict[str, Any]]],
    requested_days: Callable[[], list[str]],
    sync_streams: Callable[..., Sync],
) -> None:
    """A first sync requests 90 days back to today, oldest first, in UTC."""
    sync_streams("conversation_timestamps_report")

    assert report_requests()[0] == {
        "metricSet": "ConversationTimestampsReport",
        "startAt": "2026-08-26",
        "endAt": "2026-08-26",
        "timezone": "UTC",
    }
    assert len(requested_days()) == 91
    assert requested_days()[-2:] == ["11-23..11-23", "11-24..11-24"]


def test_conversation_export_requests_weeks(
    report_requests: Callable[[], list[dict[str, Any]]], sync_streams: Callable[..., Sync]
) -> None:
    """A first sync requests 730 days; the last window ends today."""
    sync_streams("conversation_export_report")

    assert len(report_requests()) == 105
    assert (report_requests()[0]["startAt"], report_requests()[0]["endAt"]) == ("2024-11-24", "2024-11-30")
    assert (report_requests()[-1]["startAt"], report_requests()[-1]["endAt"]) == ("2026-11-22", "2026-11-24")


@pytest.mark.parametrize(
    ("bounds", "windows"),
    [
        ({"start_date": "2026-11-22"}, ["11-22..11-22", "11-23..11-23", "11-24..11-24"]),
        ({"start_date": "2026-11-23T22:00:00-05:00"}, ["11-24..11-24"]),
        ({"start_date": "2026-11-20T23:59:59Z", "end_date": "2026-11-21"}, ["11-20..11-20", "11-21..11-21"]),
        ({"start_date": "2026-11-24", "end_date": "2027-01-01"}, ["11-24..11-24"]),
        ({"start_date": "2026-11-25"}, []),
    ],
)
def test_start_and_end_date_include_their_days(
    requested_days: Callable[[], list[str]],
    bounds: dict[str, str],
    windows: list[str],
    sync_streams: Callable[..., Sync],
) -> None:
    """Both days are requested, in UTC; today is the last."""
    sync_streams("agent_timestamps_report", **bounds)

    assert requested_days() == windows


def test_rows_have_the_end_of_their_window(exports: StaticExports, sync_streams: Callable[..., Sync]) -> None:
    """Rows follow the order of windows, and only complete windows advance the bookmark."""
    rows = [
        event("2026-11-24T09:00:00.123Z"),
        event("2026-11-23T00:00:00Z"),
        event("2026-11-22T23:59:59.999Z"),
    ]
    exports.reports.put("ConversationTimestampsReport", rows, anchor="Timestamp")

    run = sync_streams("conversation_timestamps_report", start_date="2026-11-22")

    sent = [(row["timestamp"], row["_window_end"]) for row in run.rows("conversation_timestamps_report")]
    assert sent == [
        ("2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00.000000Z"),
        ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00.000000Z"),
        ("2026-11-24T09:00:00.123Z", "2026-11-25T00:00:00.000000Z"),
    ]
    assert run.state == bookmark("conversation_timestamps_report", "2026-11-24T00:00:00.000000Z")


def test_work_sessions_skip_a_window_without_a_minute(
    report_requests: Callable[[], list[dict[str, Any]]],
    report_clock: Callable[[str], None],
    sync_streams: Callable[..., Sync],
) -> None:
    """In the first minute of a day, the window of that day is empty."""
    report_clock("2026-11-24T00:00:59Z")

    sync_streams("work_session_events_report_v4", start_date="2026-11-24")

    assert report_requests() == []


def test_reports_ignore_batch_config(
    exports: StaticExports, tmp_path: Any, sync_streams: Callable[..., Sync]
) -> None:
    """Reports are sent as records even if `batch_config` is set."""
    exports.reports.put("ConversationTimestampsReport", [event("2026-11-23T00:00:00Z")], anchor="Timestamp")
    batches = {"encoding": {"format": "jsonl"}, "storage": {"root": f"file://{tmp_path}"}}

    run = sync_streams("conversation_timestamps_report", start_date="2026-11-23", batch_config=batches)

    assert len(run.rows("conversation_timestamps_report")) == 1


def test_dry_run_requests_each_selected_report_once(
    exports: StaticExports,
    emulator: Emulator,
    report_requests: Callable[[], list[dict[str, Any]]],
    report_clock: Callable[[str], None],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """It covers two days, or eight for weekly windows, advances no bookmark and logs no progress."""
    report_clock(NOON)
    rows = [event("2026-11-24T09:00:00Z", f"v{number}") for number in range(5)]
    exports.reports.put("ConversationTimestampsReport", rows)
    selected = catalog("conversation_export_report", "conversation_timestamps_report")
    tap = TapGladly(config=emulator.settings, catalog=selected)

    assert tap.run_connection_test()

    spans = [(document["startAt"], document["endAt"]) for document in report_requests()]
    assert spans == [("2026-11-17", "2026-11-24"), ("2026-11-23", "2026-11-24")]
    assert tap.state == {"bookmarks": {}}
    assert "window" not in log.text


def test_dry_run_skips_deselected_reports(
    emulator: Emulator, report_requests: Callable[[], list[dict[str, Any]]]
) -> None:
    """`--test` uses none of the rate limit of reports."""
    TapGladly(config=emulator.settings).run_connection_test()

    assert report_requests() == []


def test_summary_includes_reports(
    exports: StaticExports,
    emulator: Emulator,
    log: pytest.LogCaptureFixture,
    sync_streams: Callable[..., Sync],
) -> None:
    """The run summary counts rows, bytes and retries of reports."""
    exports.reports.put("AgentTimestampsReport", b"Timestamp,Agent ID\n2026-11-24T01:00:00Z,a1\n")
    emulator.faults.add(Fault("status", path="/reports$", status=503))

    sync_streams("agent_timestamps_report", start_date="2026-11-24")

    assert "rows: agent_timestamps_report 1; bytes 43;" in log.text
    assert "retries 1," in log.text
    assert "agent_timestamps_report: window 1 of 1 (2026-11-24), 1 rows" in log.text


def test_reports_page_states_the_requests_of_each_report(
    emulator: Emulator,
    report_requests: Callable[[], list[dict[str, Any]]],
    sync_streams: Callable[..., Sync],
    report_clock: Callable[[str], None],
) -> None:
    """docs/reports.md states how many requests the first sync and later runs make."""
    page = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")
    table = page[page.index("| Report |") :].split("\n\n")[0].splitlines()[2:]
    costs = {row.split("`")[1]: [cell.strip() for cell in row.split("|")[6:8]] for row in table}

    for stream, (first, later) in costs.items():
        report_clock(NOON)
        emulator.clear()
        run = sync_streams(stream)
        assert str(len(report_requests())) == first
        for day in (25, 26, 27):
            report_clock(f"2026-11-{day}T12:00:00Z")
            emulator.clear()
            run = sync_streams(stream, state=run.state)
            assert str(len(report_requests())) in later.split(" or ")
    assert len(costs) == len(STANDARD_REPORTS)
