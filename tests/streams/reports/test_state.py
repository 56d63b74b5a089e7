"""Bookmarks of reports, and what a later run requests again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry

from tap_gladly.exceptions import GladlyError
from tap_gladly.timestamps import parse_instant

from .report_rows import NOON, bookmark, conversation, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports


def test_state_follows_each_complete_window(
    exports: StaticExports, sync_streams: Callable[..., Sync]
) -> None:
    """Each STATE comes after the last row of its window."""
    rows = [event(f"2026-11-{day}T0{hour}:00:00Z") for day in (21, 22, 23, 24) for hour in range(3)]
    exports.reports.put("ConversationTimestampsReport", rows, anchor="Timestamp")

    run = sync_streams("conversation_timestamps_report", start_date="2026-11-21")

    sent = [
        message["record"]["timestamp"][8:10]
        if message["type"] == "RECORD"
        else message["value"]["bookmarks"]["conversation_timestamps_report"]["replication_key_value"][:10]
        for message in run.messages
        if message["type"] != "SCHEMA"
    ]
    assert sent == [
        *["21"] * 3,
        "2026-11-22",
        *["22"] * 3,
        "2026-11-23",
        *["23"] * 3,
        "2026-11-24",
        *["24"] * 3,
    ]


@pytest.mark.parametrize(("now", "value"), [("02:00:00Z", "2026-11-24"), ("01:59:59Z", "2026-11-23")])
def test_window_is_complete_two_hours_after_its_end(
    report_clock: Callable[[str], None], now: str, value: str, sync_streams: Callable[..., Sync]
) -> None:
    """Gladly's reports are about an hour behind, so yesterday is incomplete at midnight."""
    report_clock(f"2026-11-24T{now}")

    run = sync_streams("agent_timestamps_report", start_date="2026-11-22")

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
def test_later_run_requests_the_look_back_period(
    requested_days: Callable[[], list[str]],
    stream: str,
    windows: list[str],
    sync_streams: Callable[..., Sync],
) -> None:
    """It covers one window, or 30 days of conversations, up to now. The bookmark never moves back."""
    run = sync_streams(stream, state=bookmark(stream, "2026-11-23T00:00:00.000000Z"))

    assert requested_days() == windows
    assert run.bookmark(stream)["replication_key_value"] >= "2026-11-23T00:00:00.000000Z"


def test_work_sessions_are_requested_by_minute(
    report_requests: Callable[[], list[dict[str, Any]]], sync_streams: Callable[..., Sync]
) -> None:
    """Requests have neither days nor a time zone; the last window ends at the current minute."""
    sync_streams(
        "work_session_events_report_v4",
        state=bookmark("work_session_events_report_v4", "2026-11-23"),
    )

    report = {"metricSet": "WorkSessionEventsReportV4"}
    assert report_requests() == [
        {**report, "startAtTime": "2026-11-16T00:00Z", "endAtTime": "2026-11-23T00:00Z"},
        {**report, "startAtTime": "2026-11-23T00:00Z", "endAtTime": "2026-11-24T12:00Z"},
    ]


def test_changed_rows_keep_their_key(
    exports: StaticExports,
    report_clock: Callable[[str], None],
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """A conversation of 29 days ago that has closed since is sent again; one of 31 days ago is not."""
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
def test_bookmark_accepts_any_timestamp(
    requested_days: Callable[[], list[str]], value: str, sync_streams: Callable[..., Sync]
) -> None:
    """A date or a time written by hand stands for its day."""
    run = sync_streams("agent_timestamps_report", state=bookmark("agent_timestamps_report", value))

    assert requested_days() == ["11-22..11-22", "11-23..11-23", "11-24..11-24"]
    assert run.bookmark("agent_timestamps_report")["replication_key_value"] == "2026-11-24T00:00:00.000000Z"


def test_invalid_bookmark_fails_only_its_stream(
    emulator: Emulator, log: pytest.LogCaptureFixture, sync_streams: Callable[..., Sync]
) -> None:
    """One error names the bookmark and the remedy; other streams sync."""
    with pytest.raises(GladlyError):
        sync_streams(
            "agent_timestamps_report",
            "jobs",
            state=bookmark("agent_timestamps_report", "soon"),
        )

    assert (
        "The bookmark of agent_timestamps_report in the state is invalid: replication_key_value" in log.text
    )
    assert [request.path for request in emulator.requests] == ["/api/v1/export/jobs"]


def test_bookmark_in_the_future_is_reported(
    report_requests: Callable[[], list[dict[str, Any]]],
    log: pytest.LogCaptureFixture,
    sync_streams: Callable[..., Sync],
) -> None:
    """Such a run requests nothing, so the tap warns."""
    sync_streams("agent_timestamps_report", state=bookmark("agent_timestamps_report", "2199-01-01"))

    assert report_requests() == []
    assert "The bookmark lies in the future (agent_timestamps_report)" in log.text


def test_full_table_requests_everything_and_keeps_no_bookmark(
    requested_days: Callable[[], list[str]],
    report_clock: Callable[[str], None],
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """Every run requests all windows from `start_date` on."""
    report_clock(NOON)
    selected = catalog("agent_timestamps_report")
    catalog_entry(selected, "agent_timestamps_report")["replication_method"] = "FULL_TABLE"
    state = bookmark("agent_timestamps_report", "2026-11-24")

    run = sync(state=state, catalog=selected, start_date="2026-11-21")

    assert requested_days() == ["11-21..11-21", "11-22..11-22", "11-23..11-23", "11-24..11-24"]
    assert run.state == state
    assert not run.of_type("ACTIVATE_VERSION")


@pytest.fixture
def read_full_table(
    report_clock: Callable[[str], None], sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> Callable[..., Sync]:
    """Sync agent_timestamps_report as FULL_TABLE, with ACTIVATE_VERSION enabled."""
    report_clock(NOON)
    selected = catalog("agent_timestamps_report")
    catalog_entry(selected, "agent_timestamps_report")["replication_method"] = "FULL_TABLE"
    return partial(sync, catalog=selected, emit_activate_version_messages=True)


def test_activate_version_follows_the_last_row(
    exports: StaticExports, read_full_table: Callable[..., Sync]
) -> None:
    """A FULL_TABLE report activates its version after all windows were sent."""
    exports.reports.put("AgentTimestampsReport", b"Timestamp,Agent ID\n2026-11-24T01:00:00Z,a1\n")

    run = read_full_table(start_date="2026-11-23")

    kinds = [message["type"] for message in run.messages]
    assert kinds == ["SCHEMA", "RECORD", "RECORD", "ACTIVATE_VERSION"]


def test_activate_version_needs_all_windows(
    exports: StaticExports, read_full_table: Callable[..., Sync]
) -> None:
    """If a window fails, the target keeps the rows of earlier runs."""
    day = parse_instant("2026-11-24")
    exports.reports.put(
        "AgentTimestampsReport",
        lambda query: b"Foo,Bar\n1,2\n" if query.start == day else b"Timestamp,Agent ID\n2026-11-23,a1\n",
    )

    run = read_full_table(start_date="2026-11-23", should_fail=True)

    assert len(run.of_type("RECORD")) == 1
    assert not run.of_type("ACTIVATE_VERSION")


def test_activate_version_needs_a_window(read_full_table: Callable[..., Sync]) -> None:
    """A run without any window says nothing about the rows of earlier runs."""
    run = read_full_table(start_date="2026-11-25")

    assert [message["type"] for message in run.messages] == ["SCHEMA"]
