"""Jobs with files, statuses and windows that the tap doesn't know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import list_warnings, rows_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"files": ["tasks.jsonl"]}, "The file 'tasks.jsonl' is unknown and not loaded"),
        ({"files": None}, "A COMPLETED job has no list of files"),
        ({"files": [["agents.jsonl"]]}, "The file of type list is unknown and not loaded"),
        ({"status": "ARCHIVED"}, "The job status 'ARCHIVED' is unknown"),
        ({"status": 7}, "The job status of type int is unknown"),
        ({"status": {"state": "COMPLETED"}}, "The job status of type dict is unknown"),
        ({"status": ["COMPLETED"]}, "The job status of type list is unknown"),
    ],
)
def test_unsupported_job_is_reported_once_per_run(
    exports: StaticExports,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    words: str,
) -> None:
    """Unknown files and statuses, and jobs without a list of files, are one warning for all jobs together."""
    for number in (1, 2):
        exports.add_job(f"j{number}", f"2026-11-20T0{number}:00:00Z", {"customers.jsonl": b""})
        exports.change_job(f"j{number}", **changes)

    sync()

    reported = [line for line in list_warnings(log) if words in line]
    assert len(reported) == 1
    assert "2 of the listed jobs, the newest of them j2" in reported[0]


def test_job_without_a_window_is_loaded(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """`parameters` may be missing or of another type; only log lines use it."""
    variants: list[object] = [None, [], {"startAt": 7}, {"startAt": "x", "endAt": "y"}]
    for number, parameters in enumerate(variants):
        files = {"customers.jsonl": rows_named(f"c{number}")}
        exports.add_job(f"j{number}", f"2026-11-20T0{number}:00:00Z", files, parameters=parameters)

    run = sync()

    assert run.ids("customers") == ["c0", "c1", "c2", "c3"]
    assert "No job covers" not in log.text


def test_window_that_is_not_two_timestamps_is_not_logged(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A log line has a job's window only if both bounds are timestamps."""
    parameters = {"startAt": "2026-11-20T00:00:00Z", "endAt": "Oda Lamp"}
    exports.add_job("j1", "2026-11-20T01:00:00Z", {"customers.jsonl": b""}, parameters=parameters)
    exports.add_job("j2", "2026-11-20T02:00:00Z", {}, status="FAILED", parameters=parameters)

    sync()

    assert "Job 1 of 1, an unknown window: 0 rows" in log.text
    assert "Job j2 (an unknown window) has FAILED" in log.text
    assert "Oda" not in log.text


def test_deeply_nested_job_is_loaded(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A property that is nested too deeply becomes its text, and the other jobs and properties are unaffected."""
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    exports.add_job("j1", "2026-11-20T01:00:00Z", {"customers.jsonl": rows_named("c1")})
    exports.add_job("j2", "2026-11-20T02:00:00Z", {"customers.jsonl": rows_named("c2")})
    exports.change_job("j1", new=deep)

    run = sync()

    assert run.ids("customers") == ["c1", "c2"]
    assert run.ids("jobs") == ["j1", "j2"]
