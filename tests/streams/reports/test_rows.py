"""Rows of reports: cells, keys, and values that the schema doesn't accept."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, GeneratedExports
from tap_gladly.streams.reports.base import ReportStream
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync


NOON = "2026-11-24T12:00:30Z"
EVENTS = "conversation_timestamps_report"


def without_metadata(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without the tap's columns that differ between rows."""
    return {name: value for name, value in row.items() if name not in {"_row_hash", "_window_end"}}


def list_hashes(run: Sync, stream: str = EVENTS) -> list[str]:
    """Return the `_row_hash` of each row of a stream."""
    return [row["_row_hash"] for row in run.rows(stream)]


def test_cells_become_columns(sync_events: Callable[[Any], Sync]) -> None:
    """Columns have snake case names, empty cells are null, and text and timestamps stay unchanged."""
    body = (
        b"Timezone Filter,Timestamp,Event Type,Conversation ID,Initiator Agent Name,Assigned Inbox Name\r\n"
        b'UTC,2026-11-24T06:16:00.001Z,NOTE/CREATED,v1,"Brandt, Odalys ""Oda""","Orders\n(day shift)"\r\n'
        b"UTC,2026-11-24T06:16:05.94Z,CONVERSATION/CLOSED,v1, ,\r\n"
    )

    first, second = (without_metadata(row) for row in sync_events(body).rows(EVENTS))

    assert first == {
        "timezone_filter": "UTC",
        "timestamp": "2026-11-24T06:16:00.001Z",
        "event_type": "NOTE/CREATED",
        "conversation_id": "v1",
        "initiator_agent_name": 'Brandt, Odalys "Oda"',
        "assigned_inbox_name": "Orders\n(day shift)",
    }
    assert second["initiator_agent_name"] == " "
    assert second["assigned_inbox_name"] is None


def test_counts_and_durations_are_numbers(sync_report: Callable[..., Sync]) -> None:
    """Documented counts, durations and amounts become numbers, with every digit kept."""
    rows = [
        {
            "Conversation ID": "v1",
            "Count of Contacts": "2",
            "Times Closed": " 3.0 ",
            "Conversation Handle Time in seconds": "301.250",
            "Payment Amount - Completed USD": "42.50",
        }
    ]

    run = sync_report("conversation_export_report", "ConversationExportReport", rows)

    assert '"conversation_handle_time_in_seconds":301.250,' in run.output
    assert '"payment_amount_completed_usd":42.50' in run.output
    (row,) = run.rows("conversation_export_report")
    assert (row["count_of_contacts"], row["times_closed"]) == (2, 3)


@pytest.mark.parametrize(
    ("cell", "value"), [("true", True), ("TRUE", True), (" False ", False), ("false", False), ("", None)]
)
def test_flags_are_booleans(sync_report: Callable[..., Sync], cell: str, value: object) -> None:
    """A flag spelled true or false, in any case, becomes a boolean; an empty cell is null."""
    rows = [
        {"contact_session_id": "s1", "contact_session_ended_at": "2026-11-24T09:00:00Z", "within_sla": cell}
    ]
    rows[0]["agent_id"] = "a1"
    stream = "work_session_events_report_v4"

    (row,) = sync_report(stream, "WorkSessionEventsReportV4", rows).rows(stream)

    assert row["within_sla"] is value
    assert "_unmapped" not in row


@pytest.mark.parametrize("cell", ["yes", "1", "0", "Y", "truely"])
def test_flags_with_other_spellings_go_to_unmapped(
    sync_report: Callable[..., Sync], log: pytest.LogCaptureFixture, cell: str
) -> None:
    """The column is null, the text is kept, and one warning names the column."""
    rows = [{"Conversation ID": "v1", "Is FCR Success": cell, "Is FCR Eligible": "true"}]
    stream = "conversation_export_report"

    (row,) = sync_report(stream, "ConversationExportReport", rows).rows(stream)

    assert (row["is_fcr_success"], row["is_fcr_eligible"]) == (None, True)
    assert row["_unmapped"] == {"is_fcr_success": cell}
    assert log.text.count("'is_fcr_success' is declared as boolean or null, but Gladly sent string") == 1


def test_emulated_reports_have_only_declared_columns(
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    report_clock: Callable[[str], None],
    log: pytest.LogCaptureFixture,
) -> None:
    """No column of the emulator's reports goes to `_unmapped`."""
    streams = TapGladly(validate_config=False).streams.values()
    names = [stream.name for stream in streams if isinstance(stream, ReportStream)]
    report_clock(NOON)
    noon = datetime(2026, 11, 24, 12, 0, 30, tzinfo=timezone.utc)
    emulator = Emulator(GeneratedExports(), clock=lambda: noon, requests_per_second=None, report_limits=None)

    with emulator as running:
        run = sync(catalog=catalog(*names), start_date="2026-11-23", **running.settings)

    for name in names:
        assert len(run.rows(name)) > 10, name
        assert not any("_unmapped" in row for row in run.rows(name)), name
    assert "_unmapped" not in log.text


def test_cells_of_another_type_go_to_unmapped(
    sync_report: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The column is null, `_unmapped` keeps the text, and the log has no cell."""
    rows = [
        {
            "Conversation ID": "v1",
            "Created At": "yesterday",
            "Count of Contacts": "1,234",
            "Times Closed": "1",
        },
        {"Conversation ID": "v2", "Conversation Handle Time in seconds": "NaN", "Times Closed": "1e5"},
    ]

    first, second = sync_report("conversation_export_report", "ConversationExportReport", rows).rows(
        "conversation_export_report"
    )

    assert (first["created_at"], first["count_of_contacts"], first["times_closed"]) == (None, None, 1)
    assert first["_unmapped"] == {"created_at": "yesterday", "count_of_contacts": "1,234"}
    assert second["_unmapped"] == {"conversation_handle_time_in_seconds": "NaN", "times_closed": "1e5"}
    assert "'count_of_contacts' is declared as integer or null, but Gladly sent string" in log.text
    assert "yesterday" not in log.text


@pytest.mark.parametrize(
    ("printed", "sent"),
    [
        ("2026-11-24T06:16:05.94Z", "2026-11-24T06:16:05.94Z"),
        ("2026-11-24T06:16:05+02:00", "2026-11-24T06:16:05+02:00"),
        ("2026-11-24 06:16:05", "2026-11-24T06:16:05.000000Z"),
        ("2026-11-24T06:16", "2026-11-24T06:16:00.000000Z"),
        ("2026-11-24", "2026-11-24T00:00:00.000000Z"),
    ],
)
def test_timestamps_are_valid_for_every_target(
    sync_events: Callable[[Any], Sync], printed: str, sent: str
) -> None:
    """A timestamp without an offset is in UTC, as requested, and is written in full."""
    run = sync_events([{"Timestamp": printed, "Event Type": "NOTE/CREATED"}])

    assert [row["timestamp"] for row in run.rows(EVENTS)] == [sent]


def test_new_columns_go_to_unmapped(
    sync_events: Callable[[Any], Sync], log: pytest.LogCaptureFixture
) -> None:
    """One warning per run names them; a row without values there has no `_unmapped`."""
    rows = [
        {"Conversation ID": "v1", "Billable Resolution (Y/N)": "Y", "Teams Filter": "t1"},
        {"Conversation ID": "v2", "Billable Resolution (Y/N)": "", "Teams Filter": None},
    ]

    first, second = (without_metadata(row) for row in sync_events(rows).rows(EVENTS))

    assert first == {
        "conversation_id": "v1",
        "_unmapped": {"billable_resolution_y_n": "Y", "teams_filter": "t1"},
    }
    assert second == {"conversation_id": "v2"}
    assert log.text.count("'billable_resolution_y_n', 'teams_filter'") == 1


def test_ragged_rows_are_complete(sync_events: Callable[[Any], Sync]) -> None:
    """Cells beyond the header, under a blank name, or under a repeated name go to `_unmapped`."""
    body = b"Conversation ID,Customer ID,,Customer ID\nv1\nv2,c2,x,c3,y,,z\nv3,c3,,\n"

    rows = [without_metadata(row) for row in sync_events(body).rows(EVENTS)]

    assert rows == [
        {"conversation_id": "v1", "customer_id": None},
        {
            "conversation_id": "v2",
            "customer_id": "c2",
            "_unmapped": {"column_3": "x", "column_5": "y", "column_7": "z", "customer_id_2": "c3"},
        },
        {"conversation_id": "v3", "customer_id": "c3"},
    ]


def test_work_session_without_an_end_is_not_sent(
    sync_report: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """It has no agent yet, so its key would change; a session that no agent accepted has no agent."""
    open_session = {"contact_session_id": "s1", "agent_id": "", "contact_session_ended_at": ""}
    rows = [
        open_session,
        {**open_session, "contact_session_id": "s2", "contact_session_ended_at": "2026-11-24T09:00:00Z"},
        {"contact_session_id": "s3", "agent_id": "a1", "contact_session_ended_at": "2026-11-24T10:00:00Z"},
    ]
    stream = "work_session_events_report_v4"

    run = sync_report(stream, "WorkSessionEventsReportV4", rows)

    keys = [(row["contact_session_id"], row["agent_id"]) for row in run.rows(stream)]
    assert keys == [("s2", None), ("s3", "a1")]
    assert "1 rows without contact_session_ended_at are not final yet" in log.text


def test_row_without_a_key_is_skipped(
    sync_report: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A warning counts the skipped rows, because nothing identifies them."""
    body = b"Conversation ID,Status\n,OPEN\nv1,OPEN\n,CLOSED\n"

    run = sync_report("conversation_export_report", "ConversationExportReport", body)

    assert [row["conversation_id"] for row in run.rows("conversation_export_report")] == ["v1"]
    assert "skipped 2 rows without conversation_id" in log.text


@pytest.mark.parametrize("body", [b"", b"\r\n", b"Timestamp,Event Type,Conversation ID\r\n", b"\xef\xbb\xbf"])
def test_empty_body_is_an_empty_window(sync_events: Callable[[Any], Sync], body: bytes) -> None:
    """A window without rows may have a header or not."""
    run = sync_events(body)

    assert run.schemas == [EVENTS]
    assert run.rows(EVENTS) == []
