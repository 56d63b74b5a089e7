"""Reports that the settings name: their columns, their requests, and what is said of wrong names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry, stream_metadata

from gladly_emulator import Fault
from tap_gladly.streams.reports import base as reports
from tap_gladly.streams.reports.metric_sets import METRIC_SETS, name_stream
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

NOON = "2026-11-24T12:00:30Z"
SUMMARY = b"Timezone Filter,Bucket Beginning,Agent ID,Logged In\r\nUTC,2026-11-23T00:00:00.000Z,a1,3\r\n"
LINES = {"organization": "myorg", "agent_email": "agent@myorg.example", "api_token": "secret-token"}


@pytest.fixture
def discover(emulator: Emulator, report_clock: Callable[[str], None]) -> Callable[..., dict[str, Any]]:
    """Discover with one custom report, and give its entry: `discover(metric_set="AgentSummaryV2")`."""
    report_clock(NOON)

    def run(**report: Any) -> dict[str, Any]:
        config = {**emulator.settings, "custom_reports": [report]}
        catalog = TapGladly(config=config, setup_mapper=False).catalog_dict
        return catalog_entry(catalog, name_stream(report["metric_set"]))

    return run


@pytest.fixture
def read_custom(discover: Callable[..., dict[str, Any]], sync: Callable[..., Sync]) -> Callable[..., Sync]:
    """Discover one custom report, select it, and sync it."""

    def run(*, start_date: str = "2026-11-24", state: Any = None, **report: Any) -> Sync:
        entry = discover(**report)
        stream_metadata(entry)["selected"] = True
        return sync(catalog={"streams": [entry]}, state=state, start_date=start_date, custom_reports=[report])

    return run


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
    """Words begin at capitals, and a run of capitals is one word."""
    assert name_stream(metric_set) == stream


def test_metric_sets_have_streams_of_their_own() -> None:
    """No two of the documented 55 share a name."""
    assert len({name_stream(metric_set) for metric_set in METRIC_SETS}) == len(METRIC_SETS) == 55


def test_columns_are_read_from_the_header(
    exports: StaticExports, asked: Callable[[], list[dict[str, Any]]], discover: Callable[..., dict[str, Any]]
) -> None:
    """Yesterday's report tells them; key columns may be named as Gladly does or as columns are."""
    exports.reports.put("AgentSummaryV2", SUMMARY)

    entry = discover(metric_set="AgentSummaryV2", key_columns=["Bucket Beginning", "agent_id"])

    assert asked() == [
        {"metricSet": "AgentSummaryV2", "startAt": "2026-11-23", "endAt": "2026-11-23", "timezone": "UTC"}
    ]
    fields = entry["schema"]["properties"]
    assert {name: field["type"] for name, field in fields.items()} == {
        "bucket_beginning": ["string"],
        "agent_id": ["string"],
        "timezone_filter": ["string", "null"],
        "logged_in": ["string", "null"],
        "_window_end": ["string", "null"],
        "_unmapped": ["object", "null"],
    }
    assert fields["logged_in"]["description"] == "Column Logged In of AgentSummaryV2."
    assert list(entry["key_properties"]) == ["bucket_beginning", "agent_id"]
    assert stream_metadata(entry)["selected"] is False


def test_an_empty_report_is_asked_for_over_longer_spans(
    exports: StaticExports, days: Callable[[], list[str]], discover: Callable[..., dict[str, Any]]
) -> None:
    """Until there is a header: of a day, of 7, 30 and 90 days."""
    rows = [{"At": "2026-11-01T00:00:00Z", "Term": "lamp"}]
    exports.reports.put("HelpCenterAnswerSearchReport", rows, anchor="At")

    entry = discover(metric_set="HelpCenterAnswerSearchReport")

    assert days() == ["11-23..11-23", "11-17..11-23", "10-25..11-23"]
    columns = ["_row_hash", "at", "term", "_window_end", "_unmapped"]
    assert list(entry["schema"]["properties"]) == columns


def test_a_report_that_stays_empty_has_its_key_alone(
    days: Callable[[], list[str]], discover: Callable[..., dict[str, Any]], log: pytest.LogCaptureFixture
) -> None:
    """Its columns arrive in `_unmapped`, and discovery says so."""
    entry = discover(metric_set="PaymentsByAgentReport", key_columns=["Agent ID"])

    assert len(days()) == 4
    assert list(entry["schema"]["properties"]) == ["agent_id", "_window_end", "_unmapped"]
    assert "PaymentsByAgentReport is empty and has no header: its columns go to _unmapped" in log.text


def test_half_hours_are_not_asked_for_over_ninety_days(
    days: Callable[[], list[str]], discover: Callable[..., dict[str, Any]]
) -> None:
    """Gladly refuses half hours of more than a month."""
    discover(metric_set="AgentSummaryV2", aggregation_level="halfHourly")

    assert days()[-1] == "10-25..11-23"


def test_requests_say_what_the_settings_say(
    exports: StaticExports, asked: Callable[[], list[dict[str, Any]]], read_custom: Callable[..., Sync]
) -> None:
    """Window, look-back, aggregation level and filters; with the catalog at hand no header is asked for."""
    exports.lists["teams"] = [{"id": "t1"}]
    exports.reports.put("AgentSummaryV2", SUMMARY)
    state = {"bookmarks": {"agent_summary_v2": {"replication_key_value": "2026-11-20"}}}

    run = read_custom(
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
    assert all(document.items() >= more.items() for document in asked())
    spans = [f"{document['startAt'][8:]}..{document['endAt'][8:]}" for document in asked()]
    assert spans == ["23..23", "19..20", "21..22", "23..24"]
    assert run.bookmark("agent_summary_v2")["replication_key_value"] == "2026-11-23T00:00:00.000000Z"
    assert run.rows("agent_summary_v2")[0] == {
        "timezone_filter": "UTC",
        "bucket_beginning": "2026-11-23T00:00:00.000Z",
        "agent_id": "a1",
        "logged_in": "3",
        "_window_end": "2026-11-21T00:00:00.000000Z",
    }


def test_rows_without_key_columns_have_a_hash(
    exports: StaticExports, read_custom: Callable[..., Sync]
) -> None:
    """And a column that came after discovery is in `_unmapped`."""
    exports.reports.put("AgentAwayTimeReport", lambda query: header_of(query.start, b"Agent,Away"))

    run = read_custom(metric_set="AgentAwayTimeReport", start_date="2026-11-23")

    rows = run.rows("agent_away_time_report")
    assert [row.get("_unmapped") for row in rows] == [None, {"new": "x"}]
    assert len({row["_row_hash"] for row in rows}) == 2


def header_of(start: int, header: bytes) -> bytes:
    """Give a report that has a further column from 24 November on."""
    is_new = start >= 1_795_478_400_000_000_000
    return header + (b",New\na1,5,x\n" if is_new else b"\na1,5\n")


def test_a_report_without_dates_can_have_its_window_as_key(
    exports: StaticExports, read_custom: Callable[..., Sync]
) -> None:
    """Else the same row of two days would be one."""
    exports.reports.put("GladAppContactPointsReport", b"URL,Chats\nhttps://shop.example/,3\n")

    run = read_custom(
        metric_set="GladAppContactPointsReport", key_columns=["URL", "_window_end"], start_date="2026-11-23"
    )

    keys = [(row["url"], row["_window_end"]) for row in run.rows("glad_app_contact_points_report")]
    assert len(set(keys)) == 2
    (schema,) = run.of_type("SCHEMA")
    assert schema["key_properties"] == ["url", "_window_end"]
    assert schema["schema"]["properties"]["_window_end"]["type"] == ["string"]


def test_a_report_by_the_minute_is_asked_for_so(
    exports: StaticExports, asked: Callable[[], list[dict[str, Any]]], discover: Callable[..., dict[str, Any]]
) -> None:
    """Work sessions of the third version take times, too."""
    exports.reports.put("WorkSessionEventsReportV3", b"id,agent_id\n1,a1\n")

    discover(metric_set="WorkSessionEventsReportV3")

    assert asked() == [
        {
            "metricSet": "WorkSessionEventsReportV3",
            "startAtTime": "2026-11-23T00:00Z",
            "endAtTime": "2026-11-24T00:00Z",
        }
    ]


def test_a_catalog_without_the_report_asks_for_nothing(
    emulator: Emulator, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """The report is off, whatever the settings say."""
    sync(catalog=catalog("jobs"), custom_reports=[{"metric_set": "AgentSummaryV2"}])

    assert [request.path for request in emulator.requests] == ["/api/v1/export/jobs"]


def test_rows_keyed_by_their_window_land_on_the_same_key(
    exports: StaticExports,
    report_clock: Callable[[str], None],
    read_custom: Callable[..., Sync],
    days: Callable[[], list[str]],
) -> None:
    """A window keeps its end while it is unfinished, and is read again whole."""
    exports.reports.put("GladAppContactPointsReport", b"Page,Contacts\n/,3\n")
    report = {"metric_set": "GladAppContactPointsReport", "key_columns": ["Page", "_window_end"]}
    weeks = {"window_days": 7, "look_back_days": 3, "start_date": "2026-11-10"}

    first = read_custom(**report, **weeks)
    asked_first = days()[1:]
    report_clock("2026-11-25T12:00:30Z")
    second = read_custom(**report, **weeks, state=first.state)

    ends = [row["_window_end"][:10] for row in first.rows("glad_app_contact_points_report")]
    assert ends == ["2026-11-17", "2026-11-24", "2026-12-01"]
    assert asked_first == ["11-10..11-16", "11-17..11-23", "11-24..11-24"]
    again = [row["_window_end"][:10] for row in second.rows("glad_app_contact_points_report")]
    assert again == ["2026-11-24", "2026-12-01"]


def test_rows_keyed_by_their_window_are_not_asked_for_in_halves(
    exports: StaticExports,
    read_custom: Callable[..., Sync],
    monkeypatch: pytest.MonkeyPatch,
    log: pytest.LogCaptureFixture,
) -> None:
    """Halves would have the same keys with other sums: that it may be cut is an error instead."""
    monkeypatch.setattr(reports, "NEAR_CAP_ROWS", 1)
    exports.reports.put("GladAppContactPointsReport", b"Page,Contacts\n/,3\n")
    report = {"metric_set": "GladAppContactPointsReport", "key_columns": ["Page", "_window_end"]}

    run = read_custom(**report, window_days=7, start_date="2026-11-17")

    assert len(run.rows("glad_app_contact_points_report")) == 2
    assert "2026-11-17T00:00Z to 2026-11-24T00:00Z may be cut" in log.text


def test_a_key_is_named_once(exports: StaticExports, discover: Callable[..., dict[str, Any]]) -> None:
    """However it is written."""
    exports.reports.put("AgentSummaryV2", SUMMARY)

    entry = discover(metric_set="AgentSummaryV2", key_columns=["Agent ID", "agent_id"])

    assert list(entry["key_properties"]) == ["agent_id"]


def test_a_run_without_a_catalog_does_not_ask_for_headers(
    emulator: Emulator, sync: Callable[..., Sync], asked: Callable[[], list[dict[str, Any]]]
) -> None:
    """A custom report is off there, so that nothing that is wrong with reports is in the way of the rest."""
    emulator.faults.add(Fault("status", status=503, path="reports", times=None))

    run = sync(custom_reports=[{"metric_set": "AgentSummaryV2", "key_columns": ["Agent ID"]}])

    assert asked() == []
    assert "jobs" in run.schemas
