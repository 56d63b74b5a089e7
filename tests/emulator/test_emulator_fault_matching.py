"""Which requests a fault hits, and how often."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import requests

from gladly_emulator import AGENT_EMAIL, API_TOKEN, Emulator, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[..., requests.Response]


def test_fault_hits_matching_paths(emulator: Emulator, get_export: Call) -> None:
    """Other paths are unaffected and don't count."""
    emulator.faults.add(Fault("status", path=r"/jobs$"))

    assert [get_export(path).status_code for path in ("/schedules", "/jobs", "/jobs")] == [200, 500, 200]


def test_fault_skips_and_repeats(emulator: Emulator, get_export: Call) -> None:
    """A fault lets `after` requests pass and hits `times` requests."""
    emulator.faults.add(Fault("status", after=1, times=2))

    assert [get_export("/jobs").status_code for _ in range(4)] == [200, 500, 500, 200]


def test_faults_take_turns(emulator: Emulator, get_export: Call) -> None:
    """Only one fault hits a request. The next fault hits the next request."""
    emulator.faults.add(Fault("status", status=500), Fault("status", status=503, times=None))

    assert [get_export("/jobs").status_code for _ in range(3)] == [500, 503, 503]

    emulator.faults.clear()
    assert get_export("/jobs").status_code == 200


def test_fault_rate_is_repeatable(emulator: Emulator, get_export: Call) -> None:
    """A rate hits some requests. The same seed hits the same requests."""
    outcomes = []
    for _ in range(2):
        emulator.faults.clear()
        emulator.faults.add(Fault("status", rate=0.5, seed=3, times=None))
        outcomes.append([get_export("/schedules").status_code for _ in range(20)])

    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {200, 500}


def test_fault_skips_rejected_requests(emulator: Emulator, get_export: Call) -> None:
    """A request without credentials is rejected and consumes no fault."""
    emulator.faults.add(Fault("status"))

    assert requests.get(emulator.url + "/api/v1/export/jobs", timeout=20).status_code == 401
    assert get_export("/jobs").status_code == 500


def test_fault_kind_must_be_known() -> None:
    """An unknown kind is rejected with the list of known kinds."""
    with pytest.raises(ValueError, match=r"unknown kind of fault 'flood'; must be one of status, body"):
        Fault("flood")  # type: ignore[arg-type]


def test_faults_are_counted_once_under_concurrency(emulator: Emulator, get_export: Call) -> None:
    """Concurrent requests don't share a hit."""
    emulator.faults.add(Fault("status", times=5))
    statuses: list[int] = []

    def call() -> None:
        url = emulator.url + "/api/v1/export/schedules"
        statuses.append(requests.get(url, auth=(AGENT_EMAIL, API_TOKEN), timeout=20).status_code)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200] * 11 + [500] * 5
    assert get_export("/jobs").status_code == 200
