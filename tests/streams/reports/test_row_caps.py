"""Reports with too many rows: Gladly cuts them without a sign, so they are asked for in halves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_gladly.streams.reports import base as reports

from .reported import contact, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports

Asked = list[dict[str, Any]]
EVENTS, AGENTS = "conversation_timestamps_report", "agent_timestamps_report"


@pytest.fixture
def small_cap(exports: StaticExports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Gladly cut reports at ten rows, and the tap beware from nine on."""
    exports.reports.row_cap = 10
    monkeypatch.setattr(reports, "NEAR_CAP_ROWS", 9)


def spans(asked: Asked) -> list[str]:
    """Write requests down briefly."""
    return [
        f"{one.get('startAt') or one['startAtTime']}..{one.get('endAt') or one['endAtTime']}"[5:].replace(
            "..2026-", ".."
        )
        for one in asked
    ]


@pytest.mark.usefixtures("small_cap")
def test_a_window_near_the_cap_is_asked_again_in_halves(
    exports: StaticExports, asked: Callable[[], Asked], read: Callable[..., Sync]
) -> None:
    """Down to days, so that nothing is cut; the bookmark and the rows speak of the whole window."""
    rows = [
        {"Created At": f"2026-11-{day}T0{hour}:00:00Z", "Conversation ID": f"{day}-{hour}"}
        for day in range(10, 17)
        for hour in range(3)
    ]
    exports.reports.put("ConversationExportReport", rows, anchor="Created At")

    run = read("conversation_export_report", start_date="2026-11-10", end_date="2026-11-16")

    assert spans(asked()) == [
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


@pytest.mark.usefixtures("small_cap")
def test_a_report_that_takes_times_is_halved_below_a_day(
    exports: StaticExports, asked: Callable[[], Asked], read: Callable[..., Sync]
) -> None:
    """First by days, then by minutes; a minute that two halves share lands on the same keys."""
    rows = [contact(f"2026-11-20T{hour:02}:00:30Z", hour) for hour in range(0, 24, 2)]
    exports.reports.put("ContactExportReportV3", rows, anchor="Queued At")

    run = read("contact_export_report_v3", start_date="2026-11-20", end_date="2026-11-20")

    assert asked()[0]["startAt"] == asked()[0]["endAt"] == "2026-11-20"
    assert asked()[1:] == [
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


@pytest.mark.usefixtures("small_cap")
def test_half_of_today_ends_now(
    exports: StaticExports, asked: Callable[[], Asked], read: Callable[..., Sync]
) -> None:
    """No minute is asked for that has not begun."""
    rows = [contact(f"2026-11-24T{hour:02}:00:30Z", hour) for hour in range(12)]
    exports.reports.put("ContactExportReportV3", rows, anchor="Queued At")

    read("contact_export_report_v3", start_date="2026-11-24")

    assert spans(asked()) == [
        "11-24..11-24",
        "11-24T00:00Z..11-24T06:00Z",
        "11-24T06:00Z..11-24T12:00Z",
    ]


@pytest.mark.usefixtures("small_cap")
def test_what_fits_no_window_is_an_error_that_names_it(
    exports: StaticExports, log: pytest.LogCaptureFixture, read: Callable[..., Sync]
) -> None:
    """The rows that came are sent, and the run goes on: another try would give no more."""
    rows = [event("2026-11-20T05:00:00Z", number) for number in range(12)]
    exports.reports.put("ConversationTimestampsReport", rows, anchor="Timestamp")

    run = read(EVENTS, start_date="2026-11-20", end_date="2026-11-21")

    assert len(run.rows(EVENTS)) == 10
    assert run.bookmark(EVENTS)["replication_key_value"] == "2026-11-22T00:00:00.000000Z"
    (error,) = [record.getMessage() for record in log.records if record.levelname == "ERROR"]
    assert error.startswith(
        "conversation_timestamps_report of 2026-11-20T00:00Z to 2026-11-21T00:00Z may be cut: Gladly gave 10"
    )


@pytest.mark.usefixtures("small_cap")
def test_work_sessions_are_halved_down_to_a_minute(
    exports: StaticExports,
    asked: Callable[[], Asked],
    log: pytest.LogCaptureFixture,
    read: Callable[..., Sync],
) -> None:
    """A minute with too many rows is named, and those around it are whole."""
    ended = "2026-11-20T05:07:20Z"
    rows = [
        {"contact_session_id": f"s{number}", "agent_id": "a1", "contact_session_ended_at": ended}
        for number in range(12)
    ]
    exports.reports.put("WorkSessionEventsReportV4", rows, anchor="contact_session_ended_at")

    read("work_session_events_report_v4", start_date="2026-11-20", end_date="2026-11-20")

    assert "11-20T05:07Z..11-20T05:08Z" in spans(asked())
    assert len(asked()) < 40
    assert "of 2026-11-20T05:07Z to 2026-11-20T05:08Z may be cut" in log.text


def test_the_cap_is_bewared_of_from_ninety_thousand_rows() -> None:
    """Gladly is said to cut at about 100,000."""
    assert reports.NEAR_CAP_ROWS == 90_000
