"""Discovery of custom reports: columns come from the report header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry, stream_metadata

from gladly_emulator import Fault
from tap_gladly.streams.reports import base as reports
from tap_gladly.streams.reports import custom
from tap_gladly.streams.reports.metric_sets import METRIC_SETS, name_stream
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

SUMMARY = b"Timezone Filter,Bucket Beginning,Agent ID,Logged In\r\nUTC,2026-11-23T00:00:00.000Z,a1,3\r\n"


def test_discovery_reads_columns_from_the_header(
    exports: StaticExports,
    report_requests: Callable[[], list[dict[str, Any]]],
    discover: Callable[..., dict[str, Any]],
) -> None:
    """Yesterday's report provides the header; key columns accept Gladly's names and column names."""
    exports.reports.put("AgentSummaryV2", SUMMARY)

    entry = discover(metric_set="AgentSummaryV2", key_columns=["Bucket Beginning", "agent_id"])

    assert report_requests() == [
        {"metricSet": "AgentSummaryV2", "startAt": "2026-11-23", "endAt": "2026-11-23", "timezone": "UTC"}
    ]
    fields = entry["schema"]["properties"]
    assert {name: field["type"] for name, field in fields.items()} == {
        "_row_key": ["string"],
        "bucket_beginning": ["string", "null"],
        "agent_id": ["string", "null"],
        "timezone_filter": ["string", "null"],
        "logged_in": ["string", "null"],
        "_window_end": ["string", "null"],
        "_unmapped": ["object", "null"],
    }
    assert fields["logged_in"]["description"] == "Column Logged In of AgentSummaryV2."
    assert list(entry["key_properties"]) == ["_row_key"]
    assert stream_metadata(entry)["selected"] is False


def test_discovery_keeps_the_full_header_of_a_long_column(
    exports: StaticExports, discover: Callable[..., dict[str, Any]]
) -> None:
    """The column name has 63 bytes, and its description has the complete header."""
    header = "Median Time to First Response for Contacts Fulfilled in Business Hours by Chat in seconds"
    exports.reports.put("AgentSummaryV2", f"Agent ID,{header}\na1,11\n".encode())

    entry = discover(metric_set="AgentSummaryV2", key_columns=["Agent ID", header])

    fields = entry["schema"]["properties"]
    (column,) = [name for name in fields if name.startswith("median")]
    assert len(column) == 63
    assert fields[column]["description"] == f"Column {header} of AgentSummaryV2."


def test_report_that_discovery_could_not_read_loads_into_unmapped(
    exports: StaticExports, sync_custom_report: Callable[..., Sync], emulator: Emulator
) -> None:
    """Once Gladly returns it, its rows arrive with their key."""
    emulator.faults.add(Fault("status", status=400, path="/reports$", times=1))
    exports.reports.put("AgentSummaryV2", b"Agent ID,Chats\na1,3\n")

    run = sync_custom_report(metric_set="AgentSummaryV2", key_columns=["Agent ID"])

    (row,) = run.rows("agent_summary_v2")
    assert (row["agent_id"], row["_unmapped"]) == ("a1", {"chats": "3"})


def test_discovery_extends_the_span_of_an_empty_report(
    exports: StaticExports, requested_days: Callable[[], list[str]], discover: Callable[..., dict[str, Any]]
) -> None:
    """Discovery tries 1, 7, 30 and 90 days until there is a header."""
    rows = [{"At": "2026-11-01T00:00:00Z", "Term": "lamp"}]
    exports.reports.put("HelpCenterAnswerSearchReport", rows, anchor="At")

    entry = discover(metric_set="HelpCenterAnswerSearchReport")

    assert requested_days() == ["11-23..11-23", "11-17..11-23", "10-25..11-23"]
    columns = ["_row_hash", "at", "term", "_window_end", "_unmapped"]
    assert list(entry["schema"]["properties"]) == columns


def test_discovery_declares_only_the_key_of_an_empty_report(
    requested_days: Callable[[], list[str]],
    discover: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """All other columns go to `_unmapped`, and discovery warns about it."""
    entry = discover(metric_set="PaymentsByAgentReport", key_columns=["Agent ID"])

    assert len(requested_days()) == 4
    assert list(entry["schema"]["properties"]) == ["_row_key", "agent_id", "_window_end", "_unmapped"]
    assert (
        "payments_by_agent_report: the report PaymentsByAgentReport is empty and has no header." in log.text
    )


def test_discovery_limits_half_hourly_reports_to_30_days(
    requested_days: Callable[[], list[str]], discover: Callable[..., dict[str, Any]]
) -> None:
    """Gladly rejects half-hourly reports of more than a month."""
    discover(metric_set="AgentSummaryV2", aggregation_level="halfHourly")

    assert requested_days()[-1] == "10-25..11-23"


def test_discovery_requests_work_sessions_by_minute(
    exports: StaticExports,
    report_requests: Callable[[], list[dict[str, Any]]],
    discover: Callable[..., dict[str, Any]],
) -> None:
    """WorkSessionEventsReportV3 accepts minutes only, too."""
    exports.reports.put("WorkSessionEventsReportV3", b"id,agent_id\n1,a1\n")

    discover(metric_set="WorkSessionEventsReportV3")

    assert report_requests() == [
        {
            "metricSet": "WorkSessionEventsReportV3",
            "startAtTime": "2026-11-23T00:00Z",
            "endAtTime": "2026-11-24T00:00Z",
        }
    ]


def test_key_columns_are_unique(exports: StaticExports, discover: Callable[..., dict[str, Any]]) -> None:
    """Two spellings of one column are one key."""
    exports.reports.put("AgentSummaryV2", SUMMARY)

    entry = discover(metric_set="AgentSummaryV2", key_columns=["Agent ID", "agent_id"])

    assert [name for name in entry["schema"]["properties"] if name.startswith("agent_id")] == ["agent_id"]


def test_sync_without_a_catalog_requests_no_header(
    emulator: Emulator, sync: Callable[..., Sync], report_requests: Callable[[], list[dict[str, Any]]]
) -> None:
    """Custom reports are deselected there, so a failing report affects nothing else."""
    emulator.faults.add(Fault("status", status=503, path="reports", times=None))

    run = sync(custom_reports=[{"metric_set": "AgentSummaryV2", "key_columns": ["Agent ID"]}])

    assert report_requests() == []
    assert "jobs" in run.schemas


@pytest.mark.parametrize("metric_set", ["AgentSummaryV2", "SomeNewReport"])
def test_header_request_gives_up_early(
    emulator: Emulator, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, metric_set: str
) -> None:
    """A report that is down doesn't hold up discovery, or a run without a catalog, for 15 minutes."""
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 900)
    monkeypatch.setattr(custom, "DISCOVERY_OUTAGE_SECONDS", 0.2)
    emulator.faults.add(Fault("status", status=503, path="/reports$", times=None))
    config = {**emulator.settings, "custom_reports": [{"metric_set": metric_set}]}

    tap = TapGladly(config=config, setup_mapper=metric_set not in METRIC_SETS)

    assert catalog_entry(tap.catalog_dict, name_stream(metric_set))
    assert "discovery found no columns" in log.text
