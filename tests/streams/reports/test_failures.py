"""Reports in trouble: answers that are none, that break off, or that lack what is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, Fault
from tap_gladly.streams.reports import base as reports

from .reported import event

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports

Asked = list[dict[str, Any]]
EVENTS, AGENTS = "conversation_timestamps_report", "agent_timestamps_report"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait briefly for an answer, and long enough for another try."""
    monkeypatch.setattr(reports, "TIMEOUT_SECONDS", (0.3, 0.3))
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 10)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (Fault("body", body=b'{"errors": []}'), "JSON or a web page"),
        (Fault("body", body=b"  <html>\n<body>\nservice unavailable\n</body>"), "JSON or a web page"),
        (Fault("status", status=200, content_type="text/html", body=b"down, for now"), "JSON or a web page"),
        (Fault("status", status=200, content_type="text/html", body=b""), "JSON or a web page"),
        (Fault("body", body=b"The report, sadly, could not be made."), "a sentence"),
        (Fault("body", body=b"service unavailable"), "a sentence"),
        (Fault("body", body=b'Timestamp,Agent ID\n"2026'), "CSV that ends inside quotes"),
        (
            Fault("body", body=b"Timestamp,Agent ID,Agent\n2026-11-24T01:00:00Z,a"),
            "CSV that breaks off in a row",
        ),
        (Fault("status", status=429), "Gladly answered 429 for /api/v1/reports"),
        (Fault("status", status=429, headers={"Retry-After": "0.01"}), "429 for /api/v1/reports"),
        (Fault("status", status=500), "Gladly answered 500 for /api/v1/reports"),
        (Fault("cut", at_byte=20), "the answer broke off"),
        (Fault("reset", at_byte=20), "the answer broke off"),
        (Fault("gzip", at_byte=30), "the answer's compression is broken"),
        (Fault("stall", at_byte=20, seconds=1), "no answer came in time"),
        (Fault("delay", seconds=1), "no answer came in time"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_a_wrong_answer_is_asked_for_again(
    emulator: Emulator,
    exports: StaticExports,
    read: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    fault: Fault,
    what: str,
) -> None:
    """The rows come once, and the log says what went wrong."""
    exports.reports.put("AgentTimestampsReport", b"Timestamp,Agent ID\r\n2026-11-24T01:00:00Z,a1\r\n")
    emulator.faults.add(fault)

    run = read(AGENTS, start_date="2026-11-24")

    assert [row["agent_id"] for row in run.rows(AGENTS)] == ["a1"]
    assert len(emulator.requests) >= 2
    assert f"{what}; trying again" in log.text


@pytest.mark.parametrize(
    ("body", "content_type", "what"),
    [
        (b'{"message": "busy"}', "text/csv", "JSON or a web page"),
        (b"[]", "text/csv", "JSON or a web page"),
        (b"Timestamp,Agent ID\n", "application/json; charset=utf-8", "JSON or a web page"),
        (b"<!DOCTYPE html>busy", "text/html", "JSON or a web page"),
        (b"No report was made: busy. Please try again later.", "text/csv", "a sentence"),
    ],
)
def test_an_answer_that_stays_wrong_ends_its_stream_alone(
    exports: StaticExports,
    read: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    body: bytes,
    content_type: str,
    what: str,
) -> None:
    """It is retried, told in one line without anything of the body, and the run fails at its end."""
    exports.reports.put("AgentTimestampsReport", body, content_type=content_type)
    exports.reports.put("ConversationTimestampsReport", [event("2026-11-24T01:00:00Z")])

    with pytest.raises(SystemExit) as ended:
        read(AGENTS, EVENTS, start_date="2026-11-24")

    assert ended.value.code == 1
    (error,) = [record.getMessage() for record in log.records if record.levelname == "ERROR"]
    assert "2026-11-24T00:00Z to 2026-11-25T00:00Z, is no usable report but " + what in error
    assert "; trying again in" in log.text
    assert "agent_timestamps_report 0, conversation_timestamps_report 1;" in log.text
    assert "failed: agent_timestamps_report" in log.text
    assert "busy" not in log.text


def test_a_header_without_the_key_columns_ends_the_stream(
    exports: StaticExports,
    asked: Callable[[], Asked],
    log: pytest.LogCaptureFixture,
    read: Callable[..., Sync],
) -> None:
    """The line names the columns; asking again would not bring them."""
    body = b"Contact Session ID,Channel,Status\ns1,CHAT,ANSWERED\n"
    exports.reports.put("WorkSessionEventsReportV4", body)

    with pytest.raises(SystemExit):
        read("work_session_events_report_v4", start_date="2026-11-24")

    assert len(asked()) == 1
    assert (
        "WorkSessionEventsReportV4, 2026-11-24T00:00Z to 2026-11-24T12:00Z, lacks what its rows are told "
        "apart by: column agent_id, contact_session_ended_at." in log.text
    )


def test_a_header_that_is_wholly_unknown_ends_the_stream(
    exports: StaticExports,
    asked: Callable[[], Asked],
    log: pytest.LogCaptureFixture,
    read: Callable[..., Sync],
) -> None:
    """Columns without any known one among them are a header all the same."""
    exports.reports.put("ConversationExportReport", b"Foo,Bar\r\n1,2\r\n")

    with pytest.raises(SystemExit):
        read("conversation_export_report", start_date="2026-11-24")

    assert len(asked()) == 1
    assert "lacks what its rows are told apart by: column conversation_id." in log.text


def test_a_report_has_five_minutes_to_be_made() -> None:
    """And one that never comes is asked for again: an outage lasts longer than one wait."""
    assert reports.TIMEOUT_SECONDS == (15, 300)


def test_a_report_of_something_else_ends_the_stream(
    exports: StaticExports, read: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A header with none of a report's columns is not its, also where rows have no key of their own."""
    exports.reports.put("ConversationTimestampsReport", b"Foo,Bar,Baz\n1,2,3\n")

    run = read(EVENTS, start_date="2026-11-24", ends_badly=True)

    assert run.rows(EVENTS) == []
    assert "ConversationTimestampsReport, 2026-11-24T00:00Z to 2026-11-25T00:00Z, has none" in log.text


def test_an_answer_without_content_is_an_empty_window(emulator: Emulator, read: Callable[..., Sync]) -> None:
    """204 says no more than an empty body does."""
    emulator.faults.add(Fault("status", status=204, times=None))

    run = read(EVENTS, start_date="2026-11-22")

    assert run.bookmark(EVENTS)["replication_key_value"] == "2026-11-24T00:00:00.000000Z"
