"""Warnings about FAILED jobs, unless a later job covers their window."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import list_warnings

from tap_gladly.state.job_watch import JobWatch
from tap_gladly.streams.export import gaps
from tap_gladly.streams.export.gaps import warn_failed
from tap_gladly.streams.export.job import COMPLETED, FAILED, Job, parse_job
from tap_gladly.timestamps import SECOND, format_instant, parse_instant

from .job_windows import add_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports


def make_job(number: int, start: int, length: int, instant: int, status: str) -> Job:
    """Make a job whose window begins, and that was updated, a number of seconds after a fixed time."""
    first, last, updated = (
        format_instant(parse_instant("2026-11-20T00:00:00Z") + seconds * SECOND)
        for seconds in (start, start + length, instant)
    )
    job = parse_job(
        {
            "id": f"j{number}",
            "updatedAt": updated,
            "status": status,
            "parameters": {"startAt": first, "endAt": last},
        }
    )
    assert job
    return job


@pytest.mark.usefixtures("stopped_clock")
@pytest.mark.parametrize("selected", [("jobs", "customers"), ("customers",)])
def test_failed_job_is_reported_once(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
    selected: tuple[str, ...],
) -> None:
    """The first run names the job and its window, also when `jobs` is deselected; the next run doesn't."""
    add_window(exports, "a", "01:00:00", "02:00:00")
    add_window(exports, "c", "03:00:00", "04:00:00")
    add_window(exports, "b", "02:00:00", "03:00:00", status="FAILED", updated_at="2026-11-20T05:00:00Z")

    first = sync(catalog=catalog(*selected))

    assert len(list_warnings(log)) == 1
    assert "Job b (2026-11-20T02:00:00Z to 2026-11-20T03:00:00Z) has FAILED" in list_warnings(log)[0]
    log.clear()
    sync(state=first.state, catalog=catalog(*selected))
    assert not list_warnings(log)


@pytest.mark.usefixtures("stopped_clock")
def test_failed_job_with_a_later_job_is_not_reported(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A later job with the same window offers the files that a failed job lacks."""
    add_window(exports, "a", "02:00:00", "03:00:00", status="FAILED")
    add_window(exports, "b", "02:00:00", "03:00:00", updated_at="2026-11-20T09:00:00Z")

    sync()

    assert not list_warnings(log)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9), st.integers(0, 9), st.integers(0, 5), st.sampled_from([COMPLETED, FAILED])
        )
    )
)
def test_failed_job_is_covered_by_any_later_window_around_it(
    rows: list[tuple[int, int, int, str]],
) -> None:
    """The search agrees with a comparison of each failed job with each completed one."""
    jobs = [make_job(number, *row) for number, row in enumerate(rows)]
    wanted = {
        f"j{number}"
        for number, (start, length, instant, status) in enumerate(rows)
        if status == FAILED
        and any(
            other_status == COMPLETED
            and other_instant > instant
            and other <= start
            and start + length <= other + other_length
            for other, other_length, other_instant, other_status in rows
        )
    }

    assert gaps._find_superseded(jobs) == wanted


def test_thousands_of_failed_jobs_are_checked_without_comparing_each_pair(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of steps grows with the number of jobs, not with its square."""
    steps = 0
    covers = gaps._Windows.covers

    def count(windows: gaps._Windows, start: int, end: int) -> bool:
        nonlocal steps
        steps += 1
        return covers(windows, start, end)

    monkeypatch.setattr(gaps._Windows, "covers", count)
    failed = [make_job(number, number, 1, 0, FAILED) for number in range(3000)]
    completed = [make_job(number, number % 50, 2, 1, COMPLETED) for number in range(3000, 6000)]

    warn_failed(logging.getLogger("tap-gladly"), [*failed, *completed], JobWatch({}))

    assert len(list_warnings(log)) == 3000 - 51
    assert steps == 6000
