"""Fixtures of the report tests: a fixed clock, and the requests so far."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tap_gladly.timestamps import SECOND, parse_instant
from tap_gladly.transport import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator


@pytest.fixture
def machine_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set this machine's clock: `machine_clock("2026-11-24T12:00:30Z")`."""

    def set_clock(text: str) -> None:
        monkeypatch.setattr(clock, "time", SimpleNamespace(time_ns=lambda: parse_instant(text)))

    return set_clock


@pytest.fixture
def report_clock(
    emulator: Emulator, machine_clock: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Set this machine's clock and Gladly's: `report_clock("2026-11-24T12:00:30Z")`."""

    def set_clock(text: str) -> None:
        now = datetime.fromtimestamp(parse_instant(text) // SECOND, timezone.utc)
        monkeypatch.setattr(emulator, "_clock", lambda: now)
        machine_clock(text)

    return set_clock


@pytest.fixture
def sync_streams(
    report_clock: Callable[[str], None], sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> Callable[..., Sync]:
    """Sync some streams half a minute past noon on November 24, 2026: `sync_streams("jobs")`."""
    report_clock("2026-11-24T12:00:30Z")

    def run(*streams: str, **settings: object) -> Sync:
        return sync(catalog=catalog(*streams), **settings)

    return run


@pytest.fixture
def report_requests(emulator: Emulator) -> Callable[[], list[dict[str, Any]]]:
    """Return the report requests so far, as JSON."""

    def list_requested() -> list[dict[str, Any]]:
        return [request.document or {} for request in emulator.requests if request.path == "/api/v1/reports"]

    return list_requested


@pytest.fixture
def requested_days(report_requests: Callable[[], list[dict[str, Any]]]) -> Callable[[], list[str]]:
    """Return the days of the report requests so far, each as `first..last` without the year."""

    def list_days() -> list[str]:
        return [f"{document['startAt'][5:]}..{document['endAt'][5:]}" for document in report_requests()]

    return list_days
