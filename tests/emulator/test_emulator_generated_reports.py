"""The reports of an invented organization: how their windows work, and how rows change."""

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
    """The default organization on a Wednesday at half past twelve."""
    return ReportClient(GeneratedExports())


@pytest.fixture(scope="module")
def afternoon() -> ReportClient:
    """The same organization five hours later."""
    return ReportClient(GeneratedExports(), NOW + timedelta(hours=5))


@pytest.mark.parametrize("metric_set", ANCHORS)
def test_report_rows_lie_in_the_window(client: ReportClient, metric_set: str) -> None:
    """Every row's anchor lies within the days asked for, and there are rows."""
    days = {row[ANCHORS[metric_set]][:10] for row in client.read(metric_set, "2026-03-02", "2026-03-03")}

    assert days == {"2026-03-02", "2026-03-03"}


@pytest.mark.parametrize("metric_set", ALL)
def test_report_windows_add_up(client: ReportClient, metric_set: str) -> None:
    """Three days asked for one by one, over a weekend, are the same rows as asked for at once."""
    days = ("2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02")
    at_once = [tuple(row.values()) for row in client.read(metric_set, days[0], days[-1])]
    one_by_one = [tuple(row.values()) for day in days for row in client.read(metric_set, day, day)]

    assert len(at_once) > 10
    assert sorted(one_by_one) == sorted(at_once)


@pytest.mark.parametrize("metric_set", [WORK, "ContactExportReportV3"])
def test_report_windows_of_minutes_add_up(client: ReportClient, metric_set: str) -> None:
    """A day asked for hour by hour is the same rows as asked for at once, whatever crosses the hour."""
    hours = [
        client.read_minutes(metric_set, f"2026-03-03T{hour:02}:00Z", f"2026-03-03T{hour:02}:59Z")
        for hour in range(24)
    ]
    at_once = client.read_minutes(metric_set, "2026-03-03T00:00Z", "2026-03-03T23:59Z")

    assert sorted(tuple(row.values()) for rows in hours for row in rows) == sorted(
        tuple(row.values()) for row in at_once
    )


@pytest.mark.parametrize("metric_set", ALL)
def test_report_is_the_same_for_a_seed(metric_set: str) -> None:
    """A seed makes the same report again; another seed makes another."""
    first, again, other = (
        ReportClient(GeneratedExports(seed)).fetch(metric_set, "2026-03-03", "2026-03-03")
        for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


@pytest.mark.parametrize("metric_set", ALL)
def test_report_is_an_hour_behind(afternoon: ReportClient, metric_set: str) -> None:
    """No time in a report is less than an hour ago, but what is due; the newest is not much older."""
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
def test_report_rows_have_keys_of_their_own(afternoon: ReportClient, metric_set: str) -> None:
    """No two rows are the same, and what is told once has a key that no other row has."""
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
def test_rows_are_told_anew(client: ReportClient, afternoon: ReportClient, metric_set: str, key: str) -> None:
    """Asked again five hours later, the same keys are there, and open ones have been closed."""
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
    """An open contact has a row without id, agent and end on the day of its start, and later elsewhere."""
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


def test_work_sessions_have_a_row_for_each_agent(client: ReportClient) -> None:
    """Some contacts were worked on by two agents, each with a row."""
    rows = client.read(WORK, "2026-02-23", "2026-03-02")
    contacts = [row["contact_session_id"] for row in rows]

    assert 5 < len(contacts) - len(set(contacts)) < len(contacts) / 4


def test_report_times_are_in_the_zone_asked_for(client: ReportClient) -> None:
    """Days and times are those of the zone; without one, those of the organization's."""
    rows = client.read("ConversationExportReport", "2026-03-03", "2026-03-03", timezone="Asia/Kolkata")
    day = {"metricSet": "TaskExportReport", "startAt": "2026-03-03", "endAt": "2026-03-03"}
    tasks = client.read("TaskExportReport", day["startAt"], day["endAt"], timezone="America/New_York")

    assert {row["Created At"][:10] for row in rows} == {"2026-03-03"}
    assert {row["Created At"][-6:] for row in rows} == {"+05:30"}
    assert {row["Timezone Filter"] for row in rows} == {"Asia/Kolkata"}
    assert {row["Created At"][-6:] for row in tasks} == {"-05:00"}


def test_report_filters_choose_rows(client: ReportClient) -> None:
    """Inboxes, teams and a channel leave only their rows, and the inboxes are repeated by name."""
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


def test_report_is_cut_at_the_row_cap_without_making_the_rest() -> None:
    """Two years are asked for, and only as many rows made as fit under the cap."""
    exports = GeneratedExports()
    exports.reports.row_cap = 50
    rows = ReportClient(exports).read("ContactTimestampsReport", "2024-03-04", "2026-03-03")

    assert len(rows) == 50
    assert rows[0]["Timestamp"].startswith("2024-03-04")


def test_report_of_the_future_is_empty(client: ReportClient) -> None:
    """A window without rows has an empty body."""
    assert client.fetch("ConversationExportReport", "2026-03-05", "2026-03-05") == b""


@pytest.mark.parametrize("metric_set", sorted(set(METRIC_SETS) - set(ALL)))
def test_other_reports_count_days_or_are_empty(client: ReportClient, metric_set: str) -> None:
    """Reports without rows of their own count something for each day if they sum up, and else are empty."""
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
