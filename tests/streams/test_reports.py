"""Reports: which windows are asked for, in what order, and where the next run goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry

from gladly_emulator import Fault
from tap_gladly.streams.reports import ReportStream
from tap_gladly.streams.standard_reports import STANDARD_REPORTS
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

NOON = "2026-11-24T12:00:30Z"


def event(timestamp: str, **cells: str) -> dict[str, Any]:
    """Make a row of ConversationTimestampsReport."""
    return {"Timestamp": timestamp, "Event Type": "CONVERSATION/CREATED", "Conversation ID": "v1", **cells}


def conversation(conversation_id: str, created_at: str, status: str = "OPEN") -> dict[str, Any]:
    """Make a row of ConversationExportReport."""
    return {"Created At": created_at, "Conversation ID": conversation_id, "Status": status}


def bookmark(stream: str, value: str) -> dict[str, Any]:
    """Make a state with one bookmark."""
    return {"bookmarks": {stream: {"replication_key": "_window_end", "replication_key_value": value}}}


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


def test_reports_are_not_asked_for_unless_selected(emulator: Emulator, sync: Callable[..., Sync]) -> None:
    """A run without a catalog asks for the jobs alone."""
    sync()

    assert [request.path for request in emulator.requests] == ["/api/v1/export/jobs"]


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


def test_work_sessions_have_no_window_in_the_first_minute_of_a_day(
    asked: Callable[[], list[dict[str, Any]]], report_clock: Callable[[str], None], read: Callable[..., Sync]
) -> None:
    """A window without a minute is not asked for."""
    report_clock("2026-11-24T00:00:59Z")

    read("work_session_events_report_v4", start_date="2026-11-24")

    assert asked() == []


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
) -> None:
    """For yesterday and today, or a week more; it sends one row and moves no bookmark."""
    report_clock(NOON)
    rows = [event("2026-11-24T09:00:00Z", **{"Conversation ID": f"v{number}"}) for number in range(5)]
    exports.reports.put("ConversationTimestampsReport", rows)
    selected = catalog("conversation_export_report", "conversation_timestamps_report")
    tap = TapGladly(config=emulator.settings, catalog=selected)

    assert tap.run_connection_test()

    spans = [(document["startAt"], document["endAt"]) for document in asked()]
    assert spans == [("2026-11-17", "2026-11-24"), ("2026-11-23", "2026-11-24")]
    assert tap.state == {"bookmarks": {}}


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


def test_readme_tells_what_reports_cost(
    emulator: Emulator, read: Callable[..., Sync], report_clock: Callable[[str], None]
) -> None:
    """A first sync of each report takes as many requests as stand there, and so does the next day's."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| Report |") :].split("\n\n")[0].splitlines()[2:]
    told = {row.split("`")[1]: [cell.strip() for cell in row.split("|")[5:7]] for row in table}

    for stream, (first, later) in told.items():
        report_clock(NOON)
        emulator.clear()
        run = read(stream)
        assert str(len(emulator.requests)) == first
        for day in (25, 26, 27):
            report_clock(f"2026-11-{day}T12:00:00Z")
            emulator.clear()
            run = read(stream, state=run.state)
            assert str(len(emulator.requests)) in later.split(" or ")
    assert len(told) == len(STANDARD_REPORTS)
