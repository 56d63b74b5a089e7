"""Events when Gladly's clock and this machine's differ."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support import HOUR, MINUTE, ago, event_bookmark, list_warnings, make_event

from gladly_emulator import Fault
from tap_gladly.timestamps import DAY, SECOND, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set this machine's clock ten days ahead of Gladly's `Date` header."""
    now = time.time_ns() + 10 * DAY
    monkeypatch.setattr(time, "time_ns", lambda: now)


def test_fast_clock_does_not_load_the_last_minute(
    exports: StaticExports, sync_events: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If Gladly's `Date` is earlier, events and bookmark end a minute before it."""
    exports.events.add(make_event("e1", ago(10 * SECOND)))
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + HOUR)

    run = sync_events()

    assert run.ids("events") == []
    assert parse_instant(run.bookmark("events")["replication_key_value"]) <= now - MINUTE + 5 * SECOND


def test_fast_clock_does_not_skip_the_oldest_events(
    exports: StaticExports,
    sync_events: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Gladly keeps events for 24 hours by its own clock, and the first sync loads all of them."""
    exports.events.add(make_event("e1", ago(22 * HOUR)))
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 3 * HOUR)

    run = sync_events()

    assert run.ids("events") == ["e1"]
    [warning] = list_warnings(log)
    assert warning.startswith("This machine's clock is 3.0 hours ahead of Gladly's")


@pytest.mark.usefixtures("days_later")
def test_clock_days_ahead_is_a_warning(
    exports: StaticExports,
    emulator: Emulator,
    sync_events: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
) -> None:
    """If the clocks are days apart, the tap warns, and sends the events."""
    emulator.advance(timedelta(days=10))
    at = ago(HOUR)
    exports.events.add(make_event("e1", at))

    run = sync_events()

    assert run.state == event_bookmark(at, "e1")
    [warning] = list_warnings(log)
    assert warning.startswith("This machine's clock is 240.0 hours ahead of Gladly's")


@pytest.mark.usefixtures("days_later")
@pytest.mark.parametrize("days", [None, 20])
def test_clock_days_ahead_keeps_the_bookmark_without_events(
    emulator: Emulator, sync_events: Callable[..., Sync], days: int | None
) -> None:
    """Without events, nothing shows which clock is right, so the bookmark stays."""
    emulator.faults.add(Fault("status", path="events", status=200, content_type="application/x-ndjson"))

    at = ago(days * DAY) if days else None

    run = sync_events(event_bookmark(at) if at else None)

    assert run.bookmark("events")["replication_key_value"] == at


@pytest.mark.parametrize("minutes", [20, 26 * 60])
def test_slow_clock_follows_gladlys(
    exports: StaticExports,
    emulator: Emulator,
    sync_events: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
) -> None:
    """If Gladly rejects a start that a slow clock sets too early, the tap takes the time from the response."""
    exports.events.add(make_event("e1", ago(HOUR)))
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - minutes * MINUTE)

    run = sync_events()

    assert run.ids("events") == ["e1"]
    assert len([request for request in emulator.requests if request.path == "/api/v1/events"]) == 2
    assert any("This machine's clock is" in line for line in list_warnings(log))


def test_rejected_events_with_a_true_clock_fail_the_stream(
    emulator: Emulator, sync_events: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A rejection that the clock doesn't explain is not repeated."""
    emulator.faults.add(Fault("status", path="events", status=400, times=None))

    sync_events(should_fail=True)

    assert len(emulator.requests) == 1
    assert "Gladly rejected /api/v1/events" in log.text
