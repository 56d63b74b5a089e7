"""The log lines about retries: whose request failed, why, and how long the wait is."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest
from support import Clock, list_warnings, rows_named

from gladly_emulator import Fault
from tap_gladly.transport import backoff, client
from tap_gladly.transport.backoff import RetryLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

LOGGER = logging.getLogger("tap-gladly.topics")
WAIT = re.compile(r"; retrying in ([0-9.]+) s, for up to ([0-9]+) s")


@pytest.fixture
def slow_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the clock of retries, too, and use the waits of a real run."""
    for module in (client, backoff):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(backoff, "FIRST_WAIT_SECONDS", 1.0)
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 300)
    return clock


@pytest.mark.parametrize(
    ("status", "headers"),
    [(503, {}), (503, {"Retry-After": "42"}), (429, {}), (429, {"Retry-After": "42"})],
    ids=str,
)
def test_retry_message_states_the_actual_wait(
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
    slow_clock: Clock,
    *,
    status: int,
    headers: dict[str, str],
) -> None:
    """The logged waits add up to the time that passes, rate limits included."""
    emulator.faults.add(Fault("status", path="/jobs", status=status, headers=headers, times=4))
    before = slow_clock.now

    sync(catalog=catalog("jobs"))

    waits = [float(WAIT.findall(line)[0][0]) for line in list_warnings(log)]
    assert len(waits) == 4
    assert sum(waits) == pytest.approx(slow_clock.now - before, abs=0.25)
    assert min(waits) >= 0.5


def test_retry_message_names_the_file(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The message starts with the stream and the path, and says how long the tap keeps trying."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"topics.jsonl": rows_named("t1")})
    emulator.faults.add(Fault("status", path="topics", status=503))

    sync()

    (line,) = list_warnings(log)
    assert line.startswith(
        "topics: /export/jobs/j1/files/topics.jsonl: Gladly returned 503; retrying in 0.0 s"
    )
    assert WAIT.search(line)


def test_retries_of_parallel_downloads_are_grouped(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Downloads that fail for the same reason at the same time share a line."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_SECONDS", 0.4)
    for number in range(6):
        exports.add_job(f"j{number}", f"2026-11-20T07:00:0{number}Z", {"topics.jsonl": rows_named("t1")})
    emulator.faults.add(Fault("status", path="topics", status=503, times=6))

    sync()

    assert "retries 6" in log.text
    assert len(list_warnings(log)) < 4


def test_retry_log_counts_requests_that_fail_for_the_same_reason(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next line for a reason says how many others it stands for; another reason has a line of its own."""
    clock = Clock()
    monkeypatch.setattr(backoff, "time", clock)
    retries = RetryLog()
    for request in ("topics: /a", "topics: /b", "topics: /c"):
        retries.log(LOGGER, request, "Gladly returned 503", wait=2, left=300)
    retries.log(LOGGER, "teams: /teams", "the request timed out", wait=2, left=300)
    clock.sleep(2)
    retries.log(LOGGER, "topics: /b", "Gladly returned 503", wait=4, left=298)
    clock.sleep(4)
    retries.log(LOGGER, "topics: /b", "Gladly returned 503", wait=8, left=2)

    assert list_warnings(log) == [
        "topics: /a: Gladly returned 503; retrying in 2.0 s, for up to 300 s",
        "teams: /teams: the request timed out; retrying in 2.0 s, for up to 300 s",
        "topics: /b: Gladly returned 503; retrying in 4.0 s, for up to 298 s (2 more failed for the same reason)",
        "topics: /b: Gladly returned 503; retrying in 8.0 s, for up to 8 s",
    ]
