"""Reports: from where the next run goes on, and what it reads again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry

from .reported import NOON, bookmark, conversation, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports


def test_a_state_follows_each_whole_window_and_none_stands_within_one(
    exports: StaticExports, read: Callable[..., Sync]
) -> None:
    """Each STATE stands behind the last row of the window that it speaks of."""
    rows = [event(f"2026-11-{day}T0{hour}:00:00Z") for day in (21, 22, 23, 24) for hour in range(3)]
    exports.reports.put("ConversationTimestampsReport", rows, anchor="Timestamp")

    run = read("conversation_timestamps_report", start_date="2026-11-21")

    told = [
        message["record"]["timestamp"][8:10]
        if message["type"] == "RECORD"
        else message["value"]["bookmarks"]["conversation_timestamps_report"]["replication_key_value"][:10]
        for message in run.messages
        if message["type"] != "SCHEMA"
    ]
    assert told == [
        *["21"] * 3,
        "2026-11-22",
        *["22"] * 3,
        "2026-11-23",
        *["23"] * 3,
        "2026-11-24",
        *["24"] * 3,
    ]


@pytest.mark.parametrize(("now", "value"), [("02:00:00Z", "2026-11-24"), ("01:59:59Z", "2026-11-23")])
def test_a_window_is_whole_two_hours_after_its_end(
    report_clock: Callable[[str], None], now: str, value: str, read: Callable[..., Sync]
) -> None:
    """Gladly's reports are about an hour behind, so yesterday is not done at midnight."""
    report_clock(f"2026-11-24T{now}")

    run = read("agent_timestamps_report", start_date="2026-11-22")

    assert run.bookmark("agent_timestamps_report")["replication_key_value"] == f"{value}T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("stream", "windows"),
    [
        ("conversation_timestamps_report", ["11-22..11-22", "11-23..11-23", "11-24..11-24"]),
        ("task_export_report", ["11-16..11-22", "11-23..11-24"]),
        (
            "conversation_export_report",
            ["10-24..10-30", "10-31..11-06", "11-07..11-13", "11-14..11-20", "11-21..11-24"],
        ),
    ],
)
def test_a_later_run_looks_back(
    days: Callable[[], list[str]], stream: str, windows: list[str], read: Callable[..., Sync]
) -> None:
    """A window of most reports, 30 days of conversations; then on to now. The bookmark does not go back."""
    run = read(stream, state=bookmark(stream, "2026-11-23T00:00:00.000000Z"))

    assert days() == windows
    assert run.bookmark(stream)["replication_key_value"] >= "2026-11-23T00:00:00.000000Z"


def test_work_sessions_are_asked_for_by_the_minute_and_look_back_seven_days(
    asked: Callable[[], list[dict[str, Any]]], read: Callable[..., Sync]
) -> None:
    """They take no days and no zone; the last window ends at this minute."""
    read(
        "work_session_events_report_v4",
        state=bookmark("work_session_events_report_v4", "2026-11-23"),
    )

    report = {"metricSet": "WorkSessionEventsReportV4"}
    assert asked() == [
        {**report, "startAtTime": "2026-11-16T00:00Z", "endAtTime": "2026-11-23T00:00Z"},
        {**report, "startAtTime": "2026-11-23T00:00Z", "endAtTime": "2026-11-24T12:00Z"},
    ]


def test_restated_rows_land_on_the_same_key(
    exports: StaticExports,
    report_clock: Callable[[str], None],
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """A conversation of 29 days ago that was closed since comes again; one of 31 days ago does not."""
    report_clock(NOON)
    rows = [conversation("old", "2026-10-20T08:00:00Z"), conversation("new", "2026-10-26T08:00:00Z")]
    exports.reports.put("ConversationExportReport", rows, anchor="Created At")
    selected = catalog("conversation_export_report")
    first = sync(catalog=selected, start_date="2026-10-19")
    rows = [{**row, "Status": "CLOSED"} for row in rows]
    exports.reports.put("ConversationExportReport", rows, anchor="Created At")

    second = sync(state=first.state, catalog=selected)

    assert [(row["conversation_id"], row["status"]) for row in first.rows("conversation_export_report")] == [
        ("old", "OPEN"),
        ("new", "OPEN"),
    ]
    assert first.bookmark("conversation_export_report")["replication_key_value"][:10] == "2026-11-23"
    again = second.rows("conversation_export_report")
    assert [(row["conversation_id"], row["status"]) for row in again] == [("new", "CLOSED")]
    assert second.bookmark("conversation_export_report") == first.bookmark("conversation_export_report")


@pytest.mark.parametrize(
    "value", ["2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23T18:00:00+02:00", "2026-11-23T16:00:00.5Z"]
)
def test_a_bookmark_may_be_any_time(
    days: Callable[[], list[str]], value: str, read: Callable[..., Sync]
) -> None:
    """Written by hand as a date or a time, it stands for its day."""
    run = read("agent_timestamps_report", state=bookmark("agent_timestamps_report", value))

    assert days() == ["11-22..11-22", "11-23..11-23", "11-24..11-24"]
    assert run.bookmark("agent_timestamps_report")["replication_key_value"] == "2026-11-24T00:00:00.000000Z"


def test_a_bookmark_that_is_no_time_ends_the_stream(
    emulator: Emulator, log: pytest.LogCaptureFixture, read: Callable[..., Sync]
) -> None:
    """One line names it and what to do; the streams of other tables go on."""
    with pytest.raises(SystemExit):
        read(
            "agent_timestamps_report",
            "jobs",
            state=bookmark("agent_timestamps_report", "soon"),
        )

    assert "The state's bookmark of agent_timestamps_report is unusable: replication_key_value" in log.text
    assert [request.path for request in emulator.requests] == ["/api/v1/export/jobs"]


def test_a_bookmark_in_the_future_is_told(
    asked: Callable[[], list[dict[str, Any]]], log: pytest.LogCaptureFixture, read: Callable[..., Sync]
) -> None:
    """It reads nothing, which would look like all was well."""
    read("agent_timestamps_report", state=bookmark("agent_timestamps_report", "2199-01-01"))

    assert asked() == []
    assert "The bookmark lies in the future" in log.text


def test_full_table_reads_everything_and_keeps_no_bookmark(
    days: Callable[[], list[str]],
    report_clock: Callable[[str], None],
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """A catalog that says FULL_TABLE has all windows from `start_date` read in every run."""
    report_clock(NOON)
    selected = catalog("agent_timestamps_report")
    catalog_entry(selected, "agent_timestamps_report")["replication_method"] = "FULL_TABLE"
    state = bookmark("agent_timestamps_report", "2026-11-24")

    run = sync(state=state, catalog=selected, start_date="2026-11-21")

    assert days() == ["11-21..11-21", "11-22..11-22", "11-23..11-23", "11-24..11-24"]
    assert run.state == state
    assert not run.of_type("ACTIVATE_VERSION")
