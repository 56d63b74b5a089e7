"""Reports: which windows are asked for, in what order, and where the next run goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Fault
from tap_gladly.streams.reports.base import ReportStream
from tap_gladly.streams.reports.standard import STANDARD_REPORTS
from tap_gladly.tap import TapGladly

from .reported import NOON, bookmark, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports


def test_reports_are_named_after_their_metric_sets() -> None:
    """Ten streams, in snake case, all off by default."""
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


def test_reports_are_not_asked_for_unless_selected(
    asked: Callable[[], list[dict[str, Any]]], sync: Callable[..., Sync]
) -> None:
    """A run without a catalog leaves their budget alone."""
    sync()

    assert asked() == []


def test_event_rows_are_asked_for_by_the_day(
    asked: Callable[[], list[dict[str, Any]]], days: Callable[[], list[str]], read: Callable[..., Sync]
) -> None:
    """From 90 days back to today, oldest first, in UTC."""
    read("conversation_timestamps_report")

    assert asked()[0] == {
        "metricSet": "ConversationTimestampsReport",
        "startAt": "2026-08-26",
        "endAt": "2026-08-26",
        "timezone": "UTC",
    }
    assert len(days()) == 91
    assert days()[-2:] == ["11-23..11-23", "11-24..11-24"]


def test_conversations_are_asked_for_by_the_week(
    asked: Callable[[], list[dict[str, Any]]], read: Callable[..., Sync]
) -> None:
    """From 730 days back; the last week ends today."""
    read("conversation_export_report")

    assert len(asked()) == 105
    assert (asked()[0]["startAt"], asked()[0]["endAt"]) == ("2024-11-24", "2024-11-30")
    assert (asked()[-1]["startAt"], asked()[-1]["endAt"]) == ("2026-11-22", "2026-11-24")


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
def test_dates_bound_windows_by_whole_days(
    days: Callable[[], list[str]], bounds: dict[str, str], windows: list[str], read: Callable[..., Sync]
) -> None:
    """The days in which `start_date` and `end_date` lie, in UTC, are both read; today is the last."""
    read("agent_timestamps_report", **bounds)

    assert days() == windows


def test_rows_carry_the_end_of_their_window(exports: StaticExports, read: Callable[..., Sync]) -> None:
    """Rows come as their windows do, and only whole windows move the bookmark."""
    rows = [
        event("2026-11-24T09:00:00.123Z"),
        event("2026-11-23T00:00:00Z"),
        event("2026-11-22T23:59:59.999Z"),
    ]
    exports.reports.put("ConversationTimestampsReport", rows, anchor="Timestamp")

    run = read("conversation_timestamps_report", start_date="2026-11-22")

    sent = [(row["timestamp"], row["_window_end"]) for row in run.rows("conversation_timestamps_report")]
    assert sent == [
        ("2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00.000000Z"),
        ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00.000000Z"),
        ("2026-11-24T09:00:00.123Z", "2026-11-25T00:00:00.000000Z"),
    ]
    assert run.state == bookmark("conversation_timestamps_report", "2026-11-24T00:00:00.000000Z")


def test_work_sessions_have_no_window_in_the_first_minute_of_a_day(
    asked: Callable[[], list[dict[str, Any]]], report_clock: Callable[[str], None], read: Callable[..., Sync]
) -> None:
    """A window without a minute is not asked for."""
    report_clock("2026-11-24T00:00:59Z")

    read("work_session_events_report_v4", start_date="2026-11-24")

    assert asked() == []


def test_batches_do_not_hold_rows_back_behind_a_state(
    exports: StaticExports, tmp_path: Any, read: Callable[..., Sync]
) -> None:
    """Reports are sent row by row also where `batch_config` is set."""
    exports.reports.put("ConversationTimestampsReport", [event("2026-11-23T00:00:00Z")], anchor="Timestamp")
    batches = {"encoding": {"format": "jsonl"}, "storage": {"root": f"file://{tmp_path}"}}

    run = read("conversation_timestamps_report", start_date="2026-11-23", batch_config=batches)

    assert len(run.rows("conversation_timestamps_report")) == 1


def test_dry_run_asks_once_for_each_report_that_is_selected(
    exports: StaticExports,
    emulator: Emulator,
    asked: Callable[[], list[dict[str, Any]]],
    report_clock: Callable[[str], None],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """For yesterday and today, or a week more; it sends one row, moves no bookmark, tells no progress."""
    report_clock(NOON)
    rows = [event("2026-11-24T09:00:00Z", f"v{number}") for number in range(5)]
    exports.reports.put("ConversationTimestampsReport", rows)
    selected = catalog("conversation_export_report", "conversation_timestamps_report")
    tap = TapGladly(config=emulator.settings, catalog=selected)

    assert tap.run_connection_test()

    spans = [(document["startAt"], document["endAt"]) for document in asked()]
    assert spans == [("2026-11-17", "2026-11-24"), ("2026-11-23", "2026-11-24")]
    assert tap.state == {"bookmarks": {}}
    assert "Window" not in log.text


def test_dry_run_leaves_reports_alone_that_are_off(
    emulator: Emulator, asked: Callable[[], list[dict[str, Any]]]
) -> None:
    """`--test` says what is wrong with the settings without a look at the budget of reports."""
    TapGladly(config=emulator.settings).run_connection_test()

    assert asked() == []


def test_reports_count_in_the_summary(
    exports: StaticExports, emulator: Emulator, log: pytest.LogCaptureFixture, read: Callable[..., Sync]
) -> None:
    """Rows, bytes and retries of reports count in the run's summary."""
    exports.reports.put("AgentTimestampsReport", b"Timestamp,Agent ID\n2026-11-24T01:00:00Z,a1\n")
    emulator.faults.add(Fault("status", path="/reports$", status=503))

    read("agent_timestamps_report", start_date="2026-11-24")

    assert (
        "rows: agent_timestamps_report 1; bytes 43; malformed lines 0; unknown fields 0; retries 1"
        in log.text
    )
    assert "Window 1 of 1, 2026-11-24T00:00Z to 2026-11-25T00:00Z: 1 rows" in log.text


def test_reports_page_states_the_cost_of_each_report(
    emulator: Emulator, read: Callable[..., Sync], report_clock: Callable[[str], None]
) -> None:
    """The first sync and the runs of the next days make as many requests as the page states."""
    page = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")
    table = page[page.index("| Report |") :].split("\n\n")[0].splitlines()[2:]
    costs = {row.split("`")[1]: [cell.strip() for cell in row.split("|")[6:8]] for row in table}

    for stream, (first, later) in costs.items():
        report_clock(NOON)
        emulator.clear()
        run = read(stream)
        assert str(len(emulator.requests)) == first
        for day in (25, 26, 27):
            report_clock(f"2026-11-{day}T12:00:00Z")
            emulator.clear()
            run = read(stream, state=run.state)
            assert str(len(emulator.requests)) in later.split(" or ")
    assert len(costs) == len(STANDARD_REPORTS)
