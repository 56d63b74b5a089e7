"""Static reports: request validation, row selection and CSV format."""

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
def request_report(send_request: Call) -> Call:
    """Return a function that requests a report for March 1 and 2: `(metric_set, **other keys)`."""

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
    """Return a response's status and the parameter and code of its error."""
    fields = response.json()["errors"][0]
    return response.status_code, fields["attr"], fields["code"]


def test_report_rows_are_selected_by_anchor(exports: StaticExports, request_report: Call) -> None:
    """The window includes all of both days. Rows without a time are in every window."""
    times = ("2026-02-28T23:59:59.999Z", "2026-03-01T00:00:00.000Z", "2026-03-02T23:59:59.999999999Z")
    rows = [{"Task ID": str(number), "Created At": time} for number, time in enumerate((*times, "", None))]
    rows.append({"Task ID": "5", "Created At": "2026-03-03T00:00:00Z"})
    exports.reports.put("TaskExportReport", rows, anchor="Created At")
    response = request_report()

    assert [row[0] for row in read(response)] == ["Task ID", "1", "2", "3", "4"]
    assert response.headers["Content-Type"] == "text/csv"
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="TaskExportReport_2026-03-01_2026-03-02.csv"'
    )


def test_report_days_are_in_the_time_zone(exports: StaticExports, request_report: Call) -> None:
    """The window starts at midnight in the requested time zone, by default the organization's."""
    rows = [{"At": "2026-03-01T06:59:59Z"}, {"At": "2026-03-01T07:00:00Z"}, {"At": "2026-03-03T06:59:59Z"}]
    exports.reports.put("TaskExportReport", rows, anchor="At")
    exports.lists["organization"] = {"timezone": "America/Denver"}
    requested = read(request_report(timezone="America/Denver"))

    assert requested == [["At"], ["2026-03-01T07:00:00Z"], ["2026-03-03T06:59:59Z"]]
    assert read(request_report(timezone=...)) == requested
    assert len(read(request_report())) == 3


def test_report_window_includes_the_end_minute(exports: StaticExports, request_report: Call) -> None:
    """A window in minutes includes its end minute."""
    rows = [{"At": "2026-03-01T00:00:00Z"}, {"At": "2026-03-01T00:59:59.9Z"}, {"At": "2026-03-01T01:00:00Z"}]
    exports.reports.put(TIMES, rows, anchor="At")

    assert len(read(request_report(TIMES, startAt=..., endAt=..., timezone=..., **MINUTES))) == 3


def test_report_cells_are_quoted_where_needed(exports: StaticExports, request_report: Call) -> None:
    """CSV quotes commas, quotes and line breaks, ends lines with CRLF and writes null as an empty cell."""
    exports.reports.put("TaskExportReport", [{"a": 'x, "y"\nz', "b": True}, {"b": None, "c": 1.5}])

    assert request_report().content == b'a,b,c\r\n"x, ""y""\nz",true,\r\n,,1.5\r\n'


def test_report_without_rows_is_empty_or_a_header(exports: StaticExports, request_report: Call) -> None:
    """A window without rows has an empty body, or only the header if the test set one."""
    exports.reports.put("TaskExportReport", [])
    exports.reports.put("TaskTimestampsReport", [], header=["Timestamp", "Task ID"])

    assert request_report("TaskExportReport").content == b""
    assert request_report("TaskTimestampsReport").content == b"Timestamp,Task ID\r\n"
    assert request_report("AgentTimestampsReport").content == b""


@pytest.mark.parametrize(
    "body", [b"", b"\r\n", b"\r\n\r\nA,B\r\n1,2", b"\xef\xbb\xbfA, B \n1,2\n", b"<html>"]
)
def test_report_can_be_any_bytes(exports: StaticExports, request_report: Call, body: bytes) -> None:
    """A body set as bytes is sent unchanged, with its length and content type."""
    exports.reports.put("TaskExportReport", body, content_type="text/odd")
    response = request_report()

    assert response.content == body
    assert response.headers["Content-Length"] == str(len(body))
    assert response.headers["Content-Type"] == "text/odd"


def test_report_can_be_a_function(exports: StaticExports, request_report: Call) -> None:
    """A function of the query returns the report."""

    def make_content(query: ReportQuery) -> Content:
        if query.filters:
            return RawReport(b'{"report": "later"}', "application/json")
        return [{"level": query.aggregation_level, "zone": query.zone_name, "hours": query.end - query.start}]

    exports.reports.put("TaskSummaryReport", make_content)
    exports.lists["teams"] = [{"id": "t1", "name": "Team"}]
    day = 86_400_000_000_000

    assert read(request_report("TaskSummaryReport"))[1] == ["daily", "UTC", str(2 * day)]
    assert request_report("TaskSummaryReport", filters={"teams": ["t1"]}).json() == {"report": "later"}


def test_report_is_cut_at_the_row_cap(exports: StaticExports, request_report: Call) -> None:
    """Rows beyond the cap are silently missing."""
    exports.reports.put("TaskExportReport", [{"n": number} for number in range(2_000)])
    exports.reports.row_cap = 1_200

    assert [row[0] for row in read(request_report())] == ["n", *map(str, range(1_200))]


@pytest.mark.parametrize("metric_set", METRIC_SETS)
def test_report_supports_every_documented_metric_set(request_report: Call, metric_set: str) -> None:
    """Each metric set accepts a request with only its required parameters."""
    phone = {"filters": {"phoneNumber": "+15550100000"}} if METRIC_SETS[metric_set].needs_phone_number else {}
    times = {"startAt": ..., "endAt": ..., "timezone": ..., **MINUTES} if metric_set == TIMES else {}

    assert request_report(metric_set, **phone, **times).status_code == 200


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
def test_report_rejects_unsupported_parameters(
    request_report: Call, metric_set: str, document: dict[str, Any], attr: str, code: str
) -> None:
    """A parameter that the metric set doesn't support returns 400 and names it."""
    assert error(request_report(metric_set, **document)) == (400, attr, code)


@pytest.mark.parametrize(
    ("document", "attr"),
    [
        ({"startAtTime": "2026-03-01T00:00:00Z"}, "startAtTime"),
        ({"endAtTime": ...}, "endAtTime"),
        ({"endAtTime": "2026-02-28T23:59Z"}, "endAtTime"),
        ({"timezone": "UTC"}, "timezone"),
    ],
)
def test_report_rejects_invalid_minute_windows(
    request_report: Call, document: dict[str, Any], attr: str
) -> None:
    """A window in minutes needs both minutes, without seconds, and no window in days."""
    days: dict[str, Any] = {"startAt": ..., "endAt": ..., "timezone": ...}

    assert error(request_report(TIMES, **{**days, **MINUTES, **document}))[:2] == (400, attr)


@pytest.mark.parametrize("body", [b"", b"[]", b"metricSet=TaskExportReport"])
def test_report_rejects_other_bodies(send_request: Call, body: bytes) -> None:
    """The request must be a JSON object with a metric set."""
    assert error(send_request("POST", "/api/v1/reports", data=body))[:2] == (400, "body")
    assert error(send_request("POST", "/api/v1/reports", json={})) == (400, "metricSet", "blank")


def test_report_requests_are_recorded(emulator: Emulator, request_report: Call, send_request: Call) -> None:
    """Recorded requests contain a report's JSON and an events request's repeated keys."""
    request_report("TaskExportReport")
    send_request("GET", "/api/v1/events?entities=TASK&entities=CONTACT")
    report, events = emulator.requests

    assert (report.method, report.path, report.status) == ("POST", "/api/v1/reports", 200)
    assert report.document == {**MARCH, "metricSet": "TaskExportReport"}
    assert events.query_lists == {"entities": ["TASK", "CONTACT"]}
    assert events.document is None


def test_report_requires_post(send_request: Call) -> None:
    """Reports support only POST."""
    response = send_request("GET", "/api/v1/reports")

    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
