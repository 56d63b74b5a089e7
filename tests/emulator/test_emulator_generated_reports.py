"""The generated reports: their windows, and how their rows change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gladly_emulator import GeneratedExports
from gladly_emulator.server.metric_sets import METRIC_SETS
from gladly_emulator.timestamps import HOUR, instant_of, parse_instant

from .exported_files import NOW
from .report_client import ANCHORS, WORK, ReportClient

ALL = (*ANCHORS, WORK)


@pytest.fixture(scope="module")
def client() -> ReportClient:
    """Return a client for the default organization on a Wednesday at 12:30."""
    return ReportClient(GeneratedExports())


@pytest.fixture(scope="module")
def afternoon() -> ReportClient:
    """Return a client for the same organization five hours later."""
    return ReportClient(GeneratedExports(), NOW + timedelta(hours=5))


@pytest.mark.parametrize("metric_set", ANCHORS)
def test_report_rows_are_in_the_window(client: ReportClient, metric_set: str) -> None:
    """Every row's anchor is in the requested days, and each day has rows."""
    days = {row[ANCHORS[metric_set]][:10] for row in client.read(metric_set, "2026-03-02", "2026-03-03")}

    assert days == {"2026-03-02", "2026-03-03"}


@pytest.mark.parametrize("metric_set", ALL)
def test_report_windows_add_up(client: ReportClient, metric_set: str) -> None:
    """Requests for each of four days return the same rows as one request for all of them."""
    days = ("2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02")
    at_once = [tuple(row.values()) for row in client.read(metric_set, days[0], days[-1])]
    one_by_one = [tuple(row.values()) for day in days for row in client.read(metric_set, day, day)]

    assert len(at_once) > 10
    assert sorted(one_by_one) == sorted(at_once)


@pytest.mark.parametrize("metric_set", [WORK, "ContactExportReportV3"])
def test_report_minute_windows_add_up(client: ReportClient, metric_set: str) -> None:
    """Requests for each hour return the same rows as one request for the day."""
    hours = [
        client.read_minutes(metric_set, f"2026-03-03T{hour:02}:00Z", f"2026-03-03T{hour:02}:59Z")
        for hour in range(24)
    ]
    at_once = client.read_minutes(metric_set, "2026-03-03T00:00Z", "2026-03-03T23:59Z")

    assert sorted(tuple(row.values()) for rows in hours for row in rows) == sorted(
        tuple(row.values()) for row in at_once
    )


@pytest.mark.parametrize("metric_set", ALL)
def test_report_depends_on_the_seed(metric_set: str) -> None:
    """The same seed returns the same report, and another seed returns another."""
    first, again, other = (
        ReportClient(GeneratedExports(seed)).fetch(metric_set, "2026-03-03", "2026-03-03")
        for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


@pytest.mark.parametrize("metric_set", ALL)
def test_report_lags_one_hour(afternoon: ReportClient, metric_set: str) -> None:
    """Times in a report, except due dates, are at least one hour old. The newest is not much older."""
    rows = afternoon.read(metric_set, "2026-03-04", "2026-03-04")
    times = [
        parse_instant(cell)
        for row in rows
        for name, cell in row.items()
        if cell.startswith("2026-") and name != "Due At"
    ]
    known = instant_of(NOW) + 4 * HOUR

    assert max(times) <= known
    assert metric_set.startswith(("Agent", "Task")) or max(times) > known - HOUR // 4


@pytest.mark.parametrize("metric_set", ALL)
def test_report_rows_have_unique_keys(afternoon: ReportClient, metric_set: str) -> None:
    """No two rows have the same key, or, in reports without a key, the same cells."""
    rows = afternoon.read(metric_set, "2026-02-27", "2026-03-04")
    keys = {
        "ConversationExportReport": ("Conversation ID",),
        "ContactExportReportV3": ("Contact ID",),
        "GladlyAISessionsDetailReport": ("Session ID",),
        "TaskExportReport": ("Task ID",),
        WORK: ("contact_session_id", "agent_id"),
    }.get(metric_set, tuple(rows[0]))

    assert len({tuple(row[name] for name in keys) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("metric_set", "key"),
    [
        ("ConversationExportReport", "Conversation ID"),
        ("ContactExportReportV3", "Contact ID"),
        ("TaskExportReport", "Task ID"),
    ],
)
def test_rows_change_later(client: ReportClient, afternoon: ReportClient, metric_set: str, key: str) -> None:
    """Five hours later, the report has the same keys, and some open rows are closed."""
    before = {row[key]: row for row in client.read(metric_set, "2026-03-02", "2026-03-03")}
    after = {row[key]: row for row in afternoon.read(metric_set, "2026-03-02", "2026-03-03")}
    changed = [
        (before[each]["Status"], after[each]["Status"]) for each in before if before[each] != after[each]
    ]

    assert before.keys() == after.keys()
    assert len(changed) > 3
    assert {status for status, _ in changed} <= {"OPEN", "CLOSED", ""}
    assert {"CLOSED", "ANSWERED"} & {status for _, status in changed}


def test_work_sessions_move_to_the_window_of_their_end(client: ReportClient, afternoon: ReportClient) -> None:
    """An open contact has a row without id, agent and end at its start; later, at its end."""
    tuesday = client.read(WORK, "2026-03-03", "2026-03-03")
    later = afternoon.read(WORK, "2026-03-03", "2026-03-03")
    ended = {row["contact_session_id"]: row for row in afternoon.read(WORK, "2026-03-04", "2026-03-04")}
    open_rows = [row for row in tuesday if not row["contact_session_ended_at"]]
    moved = [row["contact_session_id"] for row in open_rows if row["contact_session_id"] in ended]
    left = {row["contact_session_id"] for row in later}

    assert len(moved) > 3
    assert all(row["id"] == row["agent_id"] == row["status"] == "" for row in open_rows)
    assert all(ended[each]["id"] and ended[each]["contact_session_ended_at"] for each in moved)
    assert sum(bool(ended[each]["agent_id"]) for each in moved) > len(moved) / 2
    assert left.isdisjoint(moved)


def test_work_sessions_have_one_row_per_agent(client: ReportClient) -> None:
    """Some contacts have two agents, with one row for each."""
    rows = client.read(WORK, "2026-02-23", "2026-03-02")
    contacts = [row["contact_session_id"] for row in rows]

    assert 5 < len(contacts) - len(set(contacts)) < len(contacts) / 4


def test_report_times_are_in_the_requested_zone(client: ReportClient) -> None:
    """Days and times are in the requested time zone, by default the organization's."""
    rows = client.read("ConversationExportReport", "2026-03-03", "2026-03-03", timezone="Asia/Kolkata")
    day = {"metricSet": "TaskExportReport", "startAt": "2026-03-03", "endAt": "2026-03-03"}
    tasks = client.read("TaskExportReport", day["startAt"], day["endAt"], timezone="America/New_York")

    assert {row["Created At"][:10] for row in rows} == {"2026-03-03"}
    assert {row["Created At"][-6:] for row in rows} == {"+05:30"}
    assert {row["Timezone Filter"] for row in rows} == {"Asia/Kolkata"}
    assert {row["Created At"][-6:] for row in tasks} == {"-05:00"}


def test_report_filters_select_rows(client: ReportClient) -> None:
    """Inbox, team and channel filters select rows, and the report lists the filtered inboxes by name."""
    phones = next(inbox for inbox in client.list("inboxes") if inbox["name"] == "Phones")
    workshop = next(team for team in client.list("teams") if team["name"] == "Workshop")
    days = ("2026-03-02", "2026-03-03")
    inboxes, teams = {"inboxes": [phones["id"]]}, {"teams": [workshop["id"]]}
    calls = client.read("ConversationExportReport", *days, filters=inboxes)
    tasks = client.read("TaskExportReport", *days, filters={**inboxes, **teams})
    mails = client.read("ContactExportReportV3", *days, filters={"channel": "email"})
    shifts = client.read("AgentDurationsReportV2", *days, filters=teams)

    assert {(row["Inboxes Filter"], row["Inbox ID - Current"]) for row in calls} == {("Phones", phones["id"])}
    assert {row["Inbox Name - Current"] for row in tasks} == {"Phones"}
    assert {row["Assigned Agent ID - Current"] for row in tasks} <= set(workshop["agentIds"])
    assert {row["Channel"] for row in mails} == {"EMAIL"}
    assert {row["Agent ID"] for row in shifts} == set(workshop["agentIds"])


def test_report_stops_generating_at_the_row_cap() -> None:
    """A request for two years generates only as many rows as the cap allows."""
    exports = GeneratedExports()
    exports.reports.row_cap = 50
    rows = ReportClient(exports).read("ContactTimestampsReport", "2024-03-04", "2026-03-03")

    assert len(rows) == 50
    assert rows[0]["Timestamp"].startswith("2024-03-04")


def test_report_in_the_future_is_empty(client: ReportClient) -> None:
    """A window without rows has an empty body."""
    assert client.fetch("ConversationExportReport", "2026-03-05", "2026-03-05") == b""


@pytest.mark.parametrize("metric_set", sorted(set(METRIC_SETS) - set(ALL)))
def test_other_reports_have_daily_counts_or_are_empty(client: ReportClient, metric_set: str) -> None:
    """Other aggregated reports have one count per day, and the rest are empty."""
    if METRIC_SETS[metric_set].needs_phone_number:
        assert (
            client.fetch(metric_set, "2026-03-02", "2026-03-03", filters={"phoneNumber": "+15550100000"})
            == b""
        )
    elif METRIC_SETS[metric_set].aggregated:
        assert [row["Date"] for row in client.read(metric_set, "2026-03-02", "2026-03-03")] == [
            "2026-03-02",
            "2026-03-03",
        ]
    elif metric_set != "WorkSessionEventsReportV3":
        assert client.fetch(metric_set, "2026-03-02", "2026-03-03") == b""
