"""Reports follow Gladly's clock, whatever this machine's clock shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import Sync, list_warnings

from gladly_emulator import Fault

from .report_rows import bookmark, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

EVENTS = "conversation_timestamps_report"


@pytest.mark.parametrize(
    "machine",
    ["2026-11-27T12:00:30Z", "2026-12-14T00:00:00Z", "2026-11-20T12:00:30Z", "1970-01-01T00:00:00Z"],
)
def test_bookmark_follows_gladlys_clock(
    exports: StaticExports,
    machine_clock: Callable[[str], None],
    requested_days: Callable[[], list[str]],
    sync_streams: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    machine: str,
) -> None:
    """A machine that is days ahead or behind requests and commits the same windows as any other."""
    exports.reports.put("ConversationTimestampsReport", [event("2026-11-23T09:00:00Z")], anchor="Timestamp")
    machine_clock(machine)

    run = sync_streams(EVENTS, start_date="2026-11-22")

    assert requested_days() == ["11-22..11-22", "11-23..11-23", "11-24..11-24"]
    assert run.state == bookmark(EVENTS, "2026-11-24T00:00:00.000000Z")
    assert len(run.rows(EVENTS)) == 1
    (warning,) = [text for text in list_warnings(log) if "This machine's clock" in text]
    assert ("ahead of Gladly's" in warning) == (machine > "2026-11-24")


def test_first_sync_starts_by_gladlys_clock(
    machine_clock: Callable[[str], None],
    requested_days: Callable[[], list[str]],
    sync_streams: Callable[..., Sync],
) -> None:
    """The initial 90 days end today at Gladly's, so a fast clock leaves no rows out."""
    machine_clock("2026-12-14T00:00:00Z")

    sync_streams(EVENTS)

    assert requested_days()[0] == "08-26..08-26"
    assert requested_days()[-1] == "11-24..11-24"


def test_clocks_minutes_apart_are_no_problem(
    machine_clock: Callable[[str], None], sync_streams: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Up to five minutes of difference are normal."""
    machine_clock("2026-11-24T12:04:30Z")

    sync_streams(EVENTS, start_date="2026-11-24")

    assert "clock" not in log.text


def test_clock_is_known_from_the_job_list(emulator: Emulator, sync_streams: Callable[..., Sync]) -> None:
    """If a run has already sent another request, it needs none for the clock."""
    sync_streams("jobs", EVENTS, start_date="2026-11-24")

    assert [request.path for request in emulator.requests] == ["/api/v1/export/jobs", "/api/v1/reports"]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_clock_needs_no_success(emulator: Emulator, sync_streams: Callable[..., Sync], status: int) -> None:
    """Any response has a date, so the request for the clock fails no report."""
    emulator.faults.add(Fault("status", path="/organization$", status=status, times=None))

    run = sync_streams(EVENTS, start_date="2026-11-23")

    assert run.state == bookmark(EVENTS, "2026-11-24T00:00:00.000000Z")
    assert len([request for request in emulator.requests if "organization" in request.path]) == 1


def test_response_without_a_valid_date_changes_nothing(
    emulator: Emulator, machine_clock: Callable[[str], None], sync_streams: Callable[..., Sync]
) -> None:
    """Without Gladly's clock, this machine's counts."""
    date = {"Date": "yesterday"}
    for path in ("/organization$", "/reports$"):
        emulator.faults.add(Fault("status", path=path, status=204, headers=date, times=None))
    machine_clock("2026-11-25T12:00:30Z")

    run = sync_streams(EVENTS, start_date="2026-11-23")

    assert run.state == bookmark(EVENTS, "2026-11-25T00:00:00.000000Z")
