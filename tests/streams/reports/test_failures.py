"""Report responses that are invalid, truncated, or lack columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, Fault
from tap_gladly.exceptions import GladlyError
from tap_gladly.streams.reports import base as reports

from .report_rows import event

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports

Requests = list[dict[str, Any]]
REPORTS = "/reports$"
EVENTS, AGENTS = "conversation_timestamps_report", "agent_timestamps_report"


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the timeout, and retry long enough for another attempt."""
    monkeypatch.setattr(reports, "TIMEOUT_SECONDS", (0.3, 0.3))
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 10)


@pytest.mark.usefixtures("short_timeouts")
@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (Fault("body", path=REPORTS, body=b'{"errors": []}'), "it is JSON or HTML"),
        (
            Fault("body", path=REPORTS, body=b"  <html>\n<body>\nservice unavailable\n</body>"),
            "it is JSON or HTML",
        ),
        (
            Fault("status", path=REPORTS, status=200, content_type="text/html", body=b"down, for now"),
            "it is JSON or HTML",
        ),
        (Fault("status", path=REPORTS, status=200, content_type="text/html", body=b""), "it is JSON or HTML"),
        (Fault("body", path=REPORTS, body=b"The report, sadly, could not be made."), "it is plain text"),
        (Fault("body", path=REPORTS, body=b"service unavailable"), "it is plain text"),
        (Fault("body", path=REPORTS, body=b'Timestamp,Agent ID\n"2026'), "it ends inside quotes"),
        (
            Fault("body", path=REPORTS, body=b"Timestamp,Agent ID,Agent\n2026-11-24T01:00:00Z,a"),
            "its last row is incomplete",
        ),
        (Fault("status", path=REPORTS, status=429), "Gladly returned 429"),
        (
            Fault("status", path=REPORTS, status=429, headers={"Retry-After": "0.01"}),
            "Gladly returned 429",
        ),
        (Fault("status", path=REPORTS, status=500), "Gladly returned 500"),
        (Fault("cut", path=REPORTS, at_byte=20), "the response was incomplete"),
        (Fault("reset", path=REPORTS, at_byte=20), "the response was incomplete"),
        (Fault("gzip", path=REPORTS, at_byte=30), "the response's compression is invalid"),
        (Fault("stall", path=REPORTS, at_byte=20, seconds=1), "the request timed out"),
        (Fault("delay", path=REPORTS, seconds=1), "the request timed out"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_invalid_response_is_retried(
    emulator: Emulator,
    exports: StaticExports,
    sync_streams: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    fault: Fault,
    what: str,
) -> None:
    """The rows arrive once, and the log names the reason."""
    exports.reports.put("AgentTimestampsReport", b"Timestamp,Agent ID\r\n2026-11-24T01:00:00Z,a1\r\n")
    emulator.faults.add(fault)

    run = sync_streams(AGENTS, start_date="2026-11-24")

    assert [row["agent_id"] for row in run.rows(AGENTS)] == ["a1"]
    assert len([request for request in emulator.requests if request.path == "/api/v1/reports"]) >= 2
    assert f"{what}; retrying" in log.text


@pytest.mark.parametrize(
    ("body", "content_type", "what"),
    [
        (b'{"message": "busy"}', "text/csv", "it is JSON or HTML"),
        (b"[]", "text/csv", "it is JSON or HTML"),
        (b"Timestamp,Agent ID\n", "application/json; charset=utf-8", "it is JSON or HTML"),
        (b"<!DOCTYPE html>busy", "text/html", "it is JSON or HTML"),
        (b"No report was made: busy. Please try again later.", "text/csv", "it is plain text"),
    ],
)
def test_persistent_invalid_response_fails_only_its_stream(
    exports: StaticExports,
    sync_streams: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    body: bytes,
    content_type: str,
    what: str,
) -> None:
    """The tap logs one error without any of the body; other streams sync, and the run fails at its end."""
    exports.reports.put("AgentTimestampsReport", body, content_type=content_type)
    exports.reports.put("ConversationTimestampsReport", [event("2026-11-24T01:00:00Z")])

    with pytest.raises(GladlyError):
        sync_streams(AGENTS, EVENTS, start_date="2026-11-24")

    (error,) = [record.getMessage() for record in log.records if record.levelname == "ERROR"]
    assert "2026-11-24T00:00Z to 2026-11-25T00:00Z, is not a report: " + what in error
    assert "; retrying in" in log.text
    assert "agent_timestamps_report 0, conversation_timestamps_report 1;" in log.text
    assert "failed: agent_timestamps_report" in log.text
    assert "busy" not in log.text


def test_missing_key_columns_fail_the_stream(
    exports: StaticExports,
    report_requests: Callable[[], Requests],
    log: pytest.LogCaptureFixture,
    sync_streams: Callable[..., Sync],
) -> None:
    """The error names the columns, and the tap does not retry."""
    body = b"Contact Session ID,Channel,Status\ns1,CHAT,ANSWERED\n"
    exports.reports.put("WorkSessionEventsReportV4", body)

    with pytest.raises(GladlyError):
        sync_streams("work_session_events_report_v4", start_date="2026-11-24")

    assert len(report_requests()) == 1
    assert (
        "WorkSessionEventsReportV4, 2026-11-24T00:00Z to 2026-11-24T12:00Z, lacks the key "
        "columns agent_id, contact_session_ended_at." in log.text
    )


def test_unknown_header_fails_the_stream(
    exports: StaticExports,
    report_requests: Callable[[], Requests],
    log: pytest.LogCaptureFixture,
    sync_streams: Callable[..., Sync],
) -> None:
    """A header without any declared column still counts as a header."""
    exports.reports.put("ConversationExportReport", b"Foo,Bar\r\n1,2\r\n")

    with pytest.raises(GladlyError):
        sync_streams("conversation_export_report", start_date="2026-11-24")

    assert len(report_requests()) == 1
    assert "lacks the key columns conversation_id." in log.text


def test_report_timeout_is_five_minutes() -> None:
    """Gladly may take five minutes to create a report."""
    assert reports.TIMEOUT_SECONDS == (15, 300)


def test_different_report_fails_the_stream(
    exports: StaticExports, sync_streams: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A header with none of the declared columns belongs to a different report."""
    exports.reports.put("ConversationTimestampsReport", b"Foo,Bar,Baz\n1,2,3\n")

    run = sync_streams(EVENTS, start_date="2026-11-24", should_fail=True)

    assert run.rows(EVENTS) == []
    assert "ConversationTimestampsReport, 2026-11-24T00:00Z to 2026-11-25T00:00Z, has none" in log.text


def test_no_content_is_an_empty_window(emulator: Emulator, sync_streams: Callable[..., Sync]) -> None:
    """A 204 response means the same as an empty body."""
    emulator.faults.add(Fault("status", path=REPORTS, status=204, times=None))

    run = sync_streams(EVENTS, start_date="2026-11-22")

    assert run.bookmark(EVENTS)["replication_key_value"] == "2026-11-24T00:00:00.000000Z"
