"""Fixtures: an emulated Gladly, and syncs in this process."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shifted_clock.sitecustomize import shift_clock
from support import Clock, Sync, stream_metadata

from gladly_emulator import Emulator, ReportLimits, StaticExports
from tap_gladly.exceptions import GladlyError
from tap_gladly.streams.reports import base as reports
from tap_gladly.tap import TapGladly
from tap_gladly.timestamps import SECOND, parse_instant
from tap_gladly.transport import backoff, client, rate_limit, session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

collect_ignore = ["e2e", "models", "package", "targets"]
"""They need other environments: `make e2e` and `make package` run them."""

SNAPSHOTS = Path(__file__).parent / "snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the tests' own options."""
    parser.addoption("--update-snapshots", action="store_true", help="write the golden files")
    parser.addoption("--clock", metavar="TIME", help="start at this time, such as 2028-02-28T23:59:30Z")


def pytest_configure(config: pytest.Config) -> None:
    """Shift the clock of this process and of its subprocesses, if `--clock` is set."""
    if start := config.getoption("--clock"):
        offset = (parse_instant(start) - time.time_ns()) / SECOND
        path = [str(Path(__file__).parent / "shifted_clock"), os.environ.get("PYTHONPATH", "")]
        os.environ |= {"CLOCK_OFFSET": str(offset), "PYTHONPATH": os.pathsep.join(filter(None, path))}
        shift_clock(offset)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a golden file: `golden("sync.jsonl", text)`."""

    def compare(name: str, text: str) -> None:
        path = SNAPSHOTS / name
        if request.config.getoption("--update-snapshots"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def exports() -> StaticExports:
    """Return the dataset that the emulator serves: a test fills it."""
    return StaticExports()


@pytest.fixture
def emulator(exports: StaticExports) -> Iterator[Emulator]:
    """Run an emulator that serves `exports`, without rate limits."""
    limits = ReportLimits(minute_seconds=0)
    with Emulator(exports, requests_per_second=None, report_limits=limits) as running:
        yield running


@pytest.fixture(autouse=True, scope="session")
def _short_waits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "REQUESTS_PER_SECOND", 100_000)
        patch.setattr(backoff, "FIRST_WAIT_SECONDS", 0.001)
        patch.setattr(client, "OUTAGE_SECONDS", 1)
        patch.setattr(session, "REPORT_MINUTE_SECONDS", 0)
        patch.setattr(reports, "OUTAGE_SECONDS", 1)
        yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the clock of the rate limiter."""
    clock = Clock()
    monkeypatch.setattr(rate_limit, "time", clock)
    return clock


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the time that the tap reads, and stop it: `set_clock("2026-11-20T10:00:00Z")`."""

    def freeze(text: str) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: parse_instant(text))

    return freeze


@pytest.fixture
def sync(emulator: Emulator) -> Callable[..., Sync]:
    """Run the tap in this process: `sync(state=..., catalog=..., should_fail=..., **settings)`."""

    def run(
        *,
        state: dict[str, Any] | None = None,
        catalog: dict[str, Any] | None = None,
        should_fail: bool = False,
        **settings: object,
    ) -> Sync:
        config = {**emulator.settings, **settings}
        output = io.StringIO()
        expectation = pytest.raises(GladlyError) if should_fail else contextlib.nullcontext()
        with contextlib.redirect_stdout(output), expectation:
            tap = TapGladly(
                config=config,
                state=json.loads(json.dumps(state or {})),
                catalog=json.loads(json.dumps(catalog)),
            )
            tap.sync_all()
        return Sync(output.getvalue())

    return run


@pytest.fixture
def catalog() -> Callable[..., dict[str, Any]]:
    """Make a catalog: `catalog("customers", "jobs")` selects only these streams."""

    def make(*selected: str) -> dict[str, Any]:
        discovered: dict[str, Any] = TapGladly(validate_config=False).catalog_dict
        for stream in discovered["streams"]:
            stream_metadata(stream)["selected"] = stream["stream"] in selected
        return discovered

    return make


@pytest.fixture
def sync_events(sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]) -> Callable[..., Sync]:
    """Sync only events: `sync_events(state, **arguments_of_sync)`."""

    def run(state: dict[str, Any] | None = None, **settings: Any) -> Sync:
        return sync(**{"catalog": catalog("events"), "state": state, **settings})

    return run


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Capture log records at INFO and above."""
    caplog.set_level(logging.INFO)
    return caplog
