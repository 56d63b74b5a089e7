"""Reports given by hand: what is asked, which rows come, and in which shape."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, RawReport, ReportQuery, StaticExports
from gladly_emulator.server.metric_sets import METRIC_SETS

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gladly_emulator.dataset.static_reports import Content

    Call = Callable[..., requests.Response]

TIMES = "WorkSessionEventsReportV4"
MARCH = {"startAt": "2026-03-01", "endAt": "2026-03-02", "timezone": "UTC"}
MINUTES = {"startAtTime": "2026-03-01T00:00Z", "endAtTime": "2026-03-01T00:59Z"}


@pytest.fixture
def ask(send_request: Call) -> Call:
    """Ask for a report of the first two days of March: `(metric_set, **other keys)`."""

    def call(metric_set: str = "TaskExportReport", **document: Any) -> requests.Response:
        document = {**MARCH, **document, "metricSet": metric_set}
        kept = {key: value for key, value in document.items() if value is not ...}
        return send_request("POST", "/api/v1/reports", json=kept)

    return call


def read(response: requests.Response) -> list[list[str]]:
    """Return the cells of a CSV body."""
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.content.decode(), newline="")))


def error(response: requests.Response) -> tuple[int, str, str]:
    """Return what an answer refuses, and why."""
    fields = response.json()["errors"][0]
    return response.status_code, fields["attr"], fields["code"]


def test_report_rows_are_those_whose_anchor_is_in_the_window(exports: StaticExports, ask: Call) -> None:
    """Both days belong to the window whole; rows without a time come in every window."""
    times = ("2026-02-28T23:59:59.999Z", "2026-03-01T00:00:00.000Z", "2026-03-02T23:59:59.999999999Z")
    rows = [{"Task ID": str(number), "Created At": time} for number, time in enumerate((*times, "", None))]
    rows.append({"Task ID": "5", "Created At": "2026-03-03T00:00:00Z"})
    exports.reports.put("TaskExportReport", rows, anchor="Created At")
    response = ask()

    assert [row[0] for row in read(response)] == ["Task ID", "1", "2", "3", "4"]
    assert response.headers["Content-Type"] == "text/csv"
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="TaskExportReport_2026-03-01_2026-03-02.csv"'
    )


def test_report_days_are_those_of_the_time_zone(exports: StaticExports, ask: Call) -> None:
    """The window starts at midnight of the zone asked for, or else of the organization's."""
    rows = [{"At": "2026-03-01T06:59:59Z"}, {"At": "2026-03-01T07:00:00Z"}, {"At": "2026-03-03T06:59:59Z"}]
    exports.reports.put("TaskExportReport", rows, anchor="At")
    exports.lists["organization"] = {"timezone": "America/Denver"}
    asked = read(ask(timezone="America/Denver"))

    assert asked == [["At"], ["2026-03-01T07:00:00Z"], ["2026-03-03T06:59:59Z"]]
    assert read(ask(timezone=...)) == asked
    assert len(read(ask())) == 3


def test_report_minutes_include_the_last(exports: StaticExports, ask: Call) -> None:
    """A window of minutes ends with the end of the minute named."""
    rows = [{"At": "2026-03-01T00:00:00Z"}, {"At": "2026-03-01T00:59:59.9Z"}, {"At": "2026-03-01T01:00:00Z"}]
    exports.reports.put(TIMES, rows, anchor="At")

    assert len(read(ask(TIMES, startAt=..., endAt=..., timezone=..., **MINUTES))) == 3


def test_report_cells_are_quoted_where_needed(exports: StaticExports, ask: Call) -> None:
    """Commas, quotes and line breaks come back; lines end in CRLF; booleans are small, nothing is empty."""
    exports.reports.put("TaskExportReport", [{"a": 'x, "y"\nz', "b": True}, {"b": None, "c": 1.5}])

    assert ask().content == b'a,b,c\r\n"x, ""y""\nz",true,\r\n,,1.5\r\n'


def test_report_without_rows_is_empty_or_a_header(exports: StaticExports, ask: Call) -> None:
    """An empty window has an empty body, and only a header if the header was given."""
    exports.reports.put("TaskExportReport", [])
    exports.reports.put("TaskTimestampsReport", [], header=["Timestamp", "Task ID"])

    assert ask("TaskExportReport").content == b""
    assert ask("TaskTimestampsReport").content == b"Timestamp,Task ID\r\n"
    assert ask("AgentTimestampsReport").content == b""


@pytest.mark.parametrize(
    "body", [b"", b"\r\n", b"\r\n\r\nA,B\r\n1,2", b"\xef\xbb\xbfA, B \n1,2\n", b"<html>"]
)
def test_report_can_be_any_bytes(exports: StaticExports, ask: Call, body: bytes) -> None:
    """A body given as bytes is sent as it is, with its length and its type."""
    exports.reports.put("TaskExportReport", body, content_type="text/odd")
    response = ask()

    assert response.content == body
    assert response.headers["Content-Length"] == str(len(body))
    assert response.headers["Content-Type"] == "text/odd"


def test_report_can_be_a_function_or_an_answer(exports: StaticExports, ask: Call) -> None:
    """A function sees the query, and decides."""

    def decide(query: ReportQuery) -> Content:
        if query.filters:
            return RawReport(b'{"report": "later"}', "application/json")
        return [{"level": query.aggregation_level, "zone": query.zone_name, "hours": query.end - query.start}]

    exports.reports.put("TaskSummaryReport", decide)
    exports.lists["teams"] = [{"id": "t1", "name": "Team"}]
    day = 86_400_000_000_000

    assert read(ask("TaskSummaryReport"))[1] == ["daily", "UTC", str(2 * day)]
    assert ask("TaskSummaryReport", filters={"teams": ["t1"]}).json() == {"report": "later"}


def test_report_is_cut_at_the_row_cap(exports: StaticExports, ask: Call) -> None:
    """Rows beyond the cap are missing, and nothing says so."""
    exports.reports.put("TaskExportReport", [{"n": number} for number in range(2_000)])
    exports.reports.row_cap = 1_200

    assert [row[0] for row in read(ask())] == ["n", *map(str, range(1_200))]


@pytest.mark.parametrize("metric_set", METRIC_SETS)
def test_report_knows_every_documented_metric_set(ask: Call, metric_set: str) -> None:
    """Each metric set answers a request without more than it needs."""
    phone = {"filters": {"phoneNumber": "+15550100000"}} if METRIC_SETS[metric_set].needs_phone_number else {}
    times = {"startAt": ..., "endAt": ..., "timezone": ..., **MINUTES} if metric_set == TIMES else {}

    assert ask(metric_set, **phone, **times).status_code == 200


@pytest.mark.parametrize(
    ("metric_set", "document", "attr", "code"),
    [
        ("NoReport", {}, "metricSet", "invalid"),
        ("TaskExportReport", {"startAt": ...}, "startAt", "blank"),
        ("TaskExportReport", {"endAt": None}, "endAt", "blank"),
        ("TaskExportReport", {"startAt": "2026-3-1"}, "startAt", "invalid"),
        ("TaskExportReport", {"endAt": "2026-02-30"}, "endAt", "invalid"),
        ("TaskExportReport", {"endAt": "2026-02-28"}, "endAt", "invalid"),
        ("TaskExportReport", {"timezone": "Mars/Olympus"}, "timezone", "invalid"),
        ("TaskExportReport", {"startDate": "2026-03-01"}, "startDate", "invalid"),
        ("TaskExportReport", {"startAtTime": "2026-03-01T00:00Z"}, "startAtTime", "invalid"),
        ("TaskExportReport", {"aggregationLevel": "daily"}, "aggregationLevel", "invalid"),
        ("TaskSummaryReport", {"aggregationLevel": "hourly"}, "aggregationLevel", "invalid"),
        ("TaskExportReport", {"filters": {"channel": "chat"}}, "filters.channel", "invalid"),
        ("TaskExportReport", {"filters": {"inboxes": ["unknown"]}}, "filters.inboxes", "invalid"),
        ("ContactExportReportV3", {"filters": {"channel": "fax"}}, "filters.channel", "invalid"),
        ("ContactExportReportV3", {"filters": ["chat"]}, "filters", "invalid"),
        ("ContactExportReportV3", MINUTES, "startAt", "invalid"),
        ("IvrEndStatesReportV2", {}, "filters.phoneNumber", "blank"),
        ("IvrEndStatesReportV2", {"filters": {"phoneNumber": "0555"}}, "filters.phoneNumber", "invalid"),
        (
            "AgentSummaryV2",
            {"aggregationLevel": "halfHourly", "endAt": "2026-04-02"},
            "aggregationLevel",
            "invalid",
        ),
        (TIMES, {}, "startAtTime", "blank"),
    ],
)
def test_report_refuses_what_is_documented_otherwise(
    ask: Call, metric_set: str, document: dict[str, Any], attr: str, code: str
) -> None:
    """A request that does not fit its metric set gets 400 and the name of what is wrong."""
    assert error(ask(metric_set, **document)) == (400, attr, code)


@pytest.mark.parametrize(
    ("document", "attr"),
    [
        ({"startAtTime": "2026-03-01T00:00:00Z"}, "startAtTime"),
        ({"endAtTime": ...}, "endAtTime"),
        ({"endAtTime": "2026-02-28T23:59Z"}, "endAtTime"),
        ({"timezone": "UTC"}, "timezone"),
    ],
)
def test_report_refuses_odd_minutes(ask: Call, document: dict[str, Any], attr: str) -> None:
    """A window of minutes has two of them, without seconds, and nothing of a window of days."""
    days: dict[str, Any] = {"startAt": ..., "endAt": ..., "timezone": ...}

    assert error(ask(TIMES, **{**days, **MINUTES, **document}))[:2] == (400, attr)


@pytest.mark.parametrize("body", [b"", b"[]", b"metricSet=TaskExportReport"])
def test_report_refuses_what_is_no_object(send_request: Call, body: bytes) -> None:
    """The request is a JSON object, and names a metric set."""
    assert error(send_request("POST", "/api/v1/reports", data=body))[:2] == (400, "body")
    assert error(send_request("POST", "/api/v1/reports", json={})) == (400, "metricSet", "blank")


def test_report_requests_are_recorded(emulator: Emulator, ask: Call, send_request: Call) -> None:
    """The log holds each report's JSON and each events request's repeated keys."""
    ask("TaskExportReport")
    send_request("GET", "/api/v1/events?entities=TASK&entities=CONTACT")
    report, events = emulator.requests

    assert (report.method, report.path, report.status) == ("POST", "/api/v1/reports", 200)
    assert report.document == {**MARCH, "metricSet": "TaskExportReport"}
    assert events.query_lists == {"entities": ["TASK", "CONTACT"]}
    assert events.document is None


def test_report_is_posted(send_request: Call) -> None:
    """Reports are made by POST alone."""
    response = send_request("GET", "/api/v1/reports")

    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
