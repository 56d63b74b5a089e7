"""Reports near Gladly's row limit, which the tap requests again in halves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_gladly.streams.reports import base as reports

from .report_rows import contact, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports

Requests = list[dict[str, Any]]
EVENTS, AGENTS = "conversation_timestamps_report", "agent_timestamps_report"


@pytest.fixture
def small_row_limit(exports: StaticExports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Truncate reports at 10 rows, and make the tap split windows from 9 rows on."""
    exports.reports.row_cap = 10
    monkeypatch.setattr(reports, "NEAR_CAP_ROWS", 9)


def list_spans(requests: Requests) -> list[str]:
    """Return the span of each request, as `first..last` without the year."""
    return [
        f"{one.get('startAt') or one['startAtTime']}..{one.get('endAt') or one['endAtTime']}"[5:].replace(
            "..2026-", ".."
        )
        for one in requests
    ]


@pytest.mark.usefixtures("small_row_limit")
def test_window_near_the_row_limit_is_split(
    exports: StaticExports, report_requests: Callable[[], Requests], sync_streams: Callable[..., Sync]
) -> None:
    """It is split down to days; the bookmark and the rows refer to the whole window."""
    rows = [
        {"Created At": f"2026-11-{day}T0{hour}:00:00Z", "Conversation ID": f"{day}-{hour}"}
        for day in range(10, 17)
        for hour in range(3)
    ]
    exports.reports.put("ConversationExportReport", rows, anchor="Created At")

    run = sync_streams("conversation_export_report", start_date="2026-11-10", end_date="2026-11-16")

    assert list_spans(report_requests()) == [
        "11-10..11-16",
        "11-10..11-12",
        "11-10..11-10",
        "11-11..11-12",
        "11-13..11-16",
        "11-13..11-14",
        "11-15..11-16",
    ]
    sent = run.rows("conversation_export_report")
    assert [row["conversation_id"] for row in sent] == [row["Conversation ID"] for row in rows]
    assert {row["_window_end"] for row in sent} == {"2026-11-17T00:00:00.000000Z"}
    assert len(run.of_type("STATE")) == 1


@pytest.mark.usefixtures("small_row_limit")
def test_report_with_times_is_split_below_a_day(
    exports: StaticExports, report_requests: Callable[[], Requests], sync_streams: Callable[..., Sync]
) -> None:
    """It is split by days, then by minutes; a minute in two halves has the same keys."""
    rows = [contact(f"2026-11-20T{hour:02}:00:30Z", hour) for hour in range(0, 24, 2)]
    exports.reports.put("ContactExportReportV3", rows, anchor="Queued At")

    run = sync_streams("contact_export_report_v3", start_date="2026-11-20", end_date="2026-11-20")

    assert report_requests()[0]["startAt"] == report_requests()[0]["endAt"] == "2026-11-20"
    assert report_requests()[1:] == [
        {
            "metricSet": "ContactExportReportV3",
            "startAtTime": f"2026-11-{start}Z",
            "endAtTime": f"2026-11-{end}Z",
        }
        for start, end in (("20T00:00", "20T12:00"), ("20T12:00", "21T00:00"))
    ]
    assert {row["contact_id"] for row in run.rows("contact_export_report_v3")} == {
        row["Contact ID"] for row in rows
    }


@pytest.mark.usefixtures("small_row_limit")
def test_split_of_today_ends_now(
    exports: StaticExports, report_requests: Callable[[], Requests], sync_streams: Callable[..., Sync]
) -> None:
    """No request covers a minute that has not begun."""
    rows = [contact(f"2026-11-24T{hour:02}:00:30Z", hour) for hour in range(12)]
    exports.reports.put("ContactExportReportV3", rows, anchor="Queued At")

    sync_streams("contact_export_report_v3", start_date="2026-11-24")

    assert list_spans(report_requests()) == [
        "11-24..11-24",
        "11-24T00:00Z..11-24T06:00Z",
        "11-24T06:00Z..11-24T12:00Z",
    ]


@pytest.mark.usefixtures("small_row_limit")
def test_smallest_window_near_the_row_limit_logs_an_error(
    exports: StaticExports, log: pytest.LogCaptureFixture, sync_streams: Callable[..., Sync]
) -> None:
    """The error names the window, and the tap sends the rows it got."""
    rows = [event("2026-11-20T05:00:00Z", number) for number in range(12)]
    exports.reports.put("ConversationTimestampsReport", rows, anchor="Timestamp")

    run = sync_streams(EVENTS, start_date="2026-11-20", end_date="2026-11-21")

    assert len(run.rows(EVENTS)) == 10
    assert run.bookmark(EVENTS)["replication_key_value"] == "2026-11-22T00:00:00.000000Z"
    (error,) = [record.getMessage() for record in log.records if record.levelname == "ERROR"]
    assert error.startswith(
        "conversation_timestamps_report of 2026-11-20T00:00Z to 2026-11-21T00:00Z may be truncated: Gladly returned 10"
    )


@pytest.mark.usefixtures("small_row_limit")
def test_work_sessions_are_split_down_to_a_minute(
    exports: StaticExports,
    report_requests: Callable[[], Requests],
    log: pytest.LogCaptureFixture,
    sync_streams: Callable[..., Sync],
) -> None:
    """The error names a minute with too many rows; the minutes around it are complete."""
    ended = "2026-11-20T05:07:20Z"
    rows = [
        {"contact_session_id": f"s{number}", "agent_id": "a1", "contact_session_ended_at": ended}
        for number in range(12)
    ]
    exports.reports.put("WorkSessionEventsReportV4", rows, anchor="contact_session_ended_at")

    sync_streams("work_session_events_report_v4", start_date="2026-11-20", end_date="2026-11-20")

    assert "11-20T05:07Z..11-20T05:08Z" in list_spans(report_requests())
    assert len(report_requests()) < 40
    assert "of 2026-11-20T05:07Z to 2026-11-20T05:08Z may be truncated" in log.text


def test_row_limit_margin_is_ten_thousand_rows() -> None:
    """Gladly truncates reports at about 100,000 rows."""
    assert reports.NEAR_CAP_ROWS == 90_000
