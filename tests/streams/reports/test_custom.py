"""Custom reports: their names, requests, rows and keys."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry, list_warnings, stream_metadata

from gladly_emulator import Fault
from tap_gladly.streams.reports import base as reports
from tap_gladly.streams.reports.metric_sets import METRIC_SETS, name_stream
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

SUMMARY = b"Timezone Filter,Bucket Beginning,Agent ID,Logged In\r\nUTC,2026-11-23T00:00:00.000Z,a1,3\r\n"


def hash_cells(*cells: str | None) -> str:
    """Return the `_row_key` of a row with these key cells."""
    return hashlib.sha256(json.dumps(cells, separators=(",", ":")).encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    ("metric_set", "stream"),
    [
        ("AbandonedCallsInIVRReport", "abandoned_calls_in_ivr_report"),
        ("FirstContactResolutionByAgentV2Report", "first_contact_resolution_by_agent_v2_report"),
        ("GladlyAISessionsDetailWithMessagesReport", "gladly_ai_sessions_detail_with_messages_report"),
        ("IvrEndStatesReportV2", "ivr_end_states_report_v2"),
        ("agentSummary", "agent_summary"),
        ("X2YZReport10", "x2_yz_report10"),
    ],
)
def test_name_stream_writes_snake_case(metric_set: str, stream: str) -> None:
    """Words begin at capitals, and consecutive capitals form one word."""
    assert name_stream(metric_set) == stream


def test_metric_sets_have_unique_stream_names() -> None:
    """No two of the 55 documented metric sets share a stream name."""
    assert len({name_stream(metric_set) for metric_set in METRIC_SETS}) == len(METRIC_SETS) == 55


def test_custom_report_fails_alone(
    exports: StaticExports,
    emulator: Emulator,
    discover: Callable[..., dict[str, Any]],
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
) -> None:
    """If Gladly rejects the report, other reports load, and the error names the report, `attr` and `code`."""
    exports.reports.put("AgentTimestampsReport", b"Timestamp,Agent ID\n2026-11-24T01:00:00Z,a1\n")
    report = {"metric_set": "AgentSummaryV2"}
    config = {**emulator.settings, "custom_reports": [report]}
    discover(**report)
    catalog = TapGladly(config=config, setup_mapper=False).catalog_dict
    for name in ("agent_summary_v2", "agent_timestamps_report"):
        stream_metadata(catalog_entry(catalog, name))["selected"] = True
    body = b'{"errors": [{"attr": "metricSet", "code": "invalid", "detail": "secret"}]}'
    emulator.faults.add(Fault("status", status=400, body=body, in_body="AgentSummaryV2", times=None))

    run = sync(catalog=catalog, start_date="2026-11-24", custom_reports=[report], should_fail=True)

    assert len(run.rows("agent_timestamps_report")) == 1
    (error,) = [record.getMessage() for record in log.records if "AgentSummaryV2: " in record.getMessage()]
    assert error.endswith("(400 metricSet invalid).")


def test_settings_reach_the_request(
    exports: StaticExports,
    report_requests: Callable[[], list[dict[str, Any]]],
    sync_custom_report: Callable[..., Sync],
) -> None:
    """Window, look-back, aggregation level and filters apply; a sync with a catalog requests no header."""
    exports.lists["teams"] = [{"id": "t1"}]
    exports.reports.put("AgentSummaryV2", SUMMARY)
    state = {"bookmarks": {"agent_summary_v2": {"replication_key_value": "2026-11-20"}}}

    run = sync_custom_report(
        metric_set="AgentSummaryV2",
        key_columns=["Agent ID"],
        window_days=2,
        look_back_days=1,
        aggregation_level="weekly",
        filters={"teams": ["t1"]},
        start_date="2026-11-01",
        state=state,
    )

    more = {"aggregationLevel": "weekly", "filters": {"teams": ["t1"]}}
    assert all(document.items() >= more.items() for document in report_requests())
    spans = [f"{document['startAt'][8:]}..{document['endAt'][8:]}" for document in report_requests()]
    assert spans == ["23..23", "19..20", "21..22", "23..24"]
    assert run.bookmark("agent_summary_v2")["replication_key_value"] == "2026-11-23T00:00:00.000000Z"
    assert run.rows("agent_summary_v2")[0] == {
        "timezone_filter": "UTC",
        "bucket_beginning": "2026-11-23T00:00:00.000Z",
        "agent_id": "a1",
        "logged_in": "3",
        "_window_end": "2026-11-21T00:00:00.000000Z",
        "_row_key": hash_cells("a1"),
    }


def test_row_without_key_columns_has_a_hash(
    exports: StaticExports, sync_custom_report: Callable[..., Sync]
) -> None:
    """A column that Gladly adds after discovery goes to `_unmapped`."""
    exports.reports.put(
        "AgentAwayTimeReport", lambda query: add_column_on_november_24(query.start, b"Agent,Away")
    )

    run = sync_custom_report(metric_set="AgentAwayTimeReport", start_date="2026-11-23")

    rows = run.rows("agent_away_time_report")
    assert [row.get("_unmapped") for row in rows] == [None, {"new": "x"}]
    assert len({row["_row_hash"] for row in rows}) == 2


def add_column_on_november_24(start: int, header: bytes) -> bytes:
    """Return a report that has one more column from November 24 on."""
    is_new = start >= 1_795_478_400_000_000_000
    return header + (b",New\na1,5,x\n" if is_new else b"\na1,5\n")


def test_window_end_can_be_a_key_column(
    exports: StaticExports, sync_custom_report: Callable[..., Sync]
) -> None:
    """Without it, identical rows of two days would be one row."""
    exports.reports.put("GladAppContactPointsReport", b"URL,Chats\nhttps://shop.example/,3\n")

    run = sync_custom_report(
        metric_set="GladAppContactPointsReport", key_columns=["URL", "_window_end"], start_date="2026-11-23"
    )

    keys = [row["_row_key"] for row in run.rows("glad_app_contact_points_report")]
    ends = ("2026-11-24T00:00:00.000000Z", "2026-11-25T00:00:00.000000Z")
    assert keys == [hash_cells("https://shop.example/", end) for end in ends]
    (schema,) = run.of_type("SCHEMA")
    assert schema["key_properties"] == ["_row_key"]


def test_report_missing_from_the_catalog_is_not_requested(
    emulator: Emulator, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A custom report that the catalog lacks is deselected."""
    sync(catalog=catalog("jobs"), custom_reports=[{"metric_set": "AgentSummaryV2"}])

    assert [request.path for request in emulator.requests] == ["/api/v1/export/jobs"]


def test_rows_keyed_by_window_keep_their_key(
    exports: StaticExports,
    report_clock: Callable[[str], None],
    sync_custom_report: Callable[..., Sync],
    requested_days: Callable[[], list[str]],
) -> None:
    """An incomplete window already has its final end, and the look-back covers whole windows."""
    exports.reports.put("GladAppContactPointsReport", b"Page,Contacts\n/,3\n")
    report = {"metric_set": "GladAppContactPointsReport", "key_columns": ["Page", "_window_end"]}
    weeks = {"window_days": 7, "look_back_days": 3, "start_date": "2026-11-10"}

    first = sync_custom_report(**report, **weeks)
    asked_first = requested_days()[1:]
    report_clock("2026-11-25T12:00:30Z")
    second = sync_custom_report(**report, **weeks, state=first.state)

    ends = [row["_window_end"][:10] for row in first.rows("glad_app_contact_points_report")]
    assert ends == ["2026-11-16", "2026-11-23", "2026-11-30"]
    assert asked_first == ["11-09..11-15", "11-16..11-22", "11-23..11-24"]
    again = [row["_window_end"][:10] for row in second.rows("glad_app_contact_points_report")]
    assert again == ["2026-11-23", "2026-11-30"]


def test_rows_keyed_by_window_are_not_split(
    exports: StaticExports,
    sync_custom_report: Callable[..., Sync],
    monkeypatch: pytest.MonkeyPatch,
    log: pytest.LogCaptureFixture,
) -> None:
    """Two halves would have the same keys with other sums, so the tap logs an error instead."""
    monkeypatch.setattr(reports, "NEAR_CAP_ROWS", 1)
    exports.reports.put("GladAppContactPointsReport", b"Page,Contacts\n/,3\n")
    report = {"metric_set": "GladAppContactPointsReport", "key_columns": ["Page", "_window_end"]}

    run = sync_custom_report(**report, window_days=7, start_date="2026-11-17")

    assert len(run.rows("glad_app_contact_points_report")) == 2
    assert "2026-11-16T00:00Z to 2026-11-23T00:00Z may be truncated" in log.text


def test_catalog_entry_without_its_report_is_reported(
    exports: StaticExports,
    discover: Callable[..., dict[str, Any]],
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """A selected custom report that the settings no longer contain loads nothing, so a warning names it."""
    exports.reports.put("AgentSummaryV2", SUMMARY)
    entry = discover(metric_set="AgentSummaryV2")
    stream_metadata(entry)["selected"] = True
    selected = catalog("jobs")
    selected["streams"].append(entry)

    sync(catalog=selected)

    (warning,) = [text for text in list_warnings(log) if "agent_summary_v2" in text]
    assert "custom_reports" in warning
