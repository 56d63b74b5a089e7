"""What the state keeps about unfinished jobs and reported problems."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gladly.state.job_watch import JobWatch, PendingJob


def restore(watch: JobWatch) -> JobWatch:
    """Return the watch of the next run, which restores the state of this one."""
    return JobWatch(json.loads(json.dumps(watch.add_to({}))))


def test_state_without_problems_is_empty() -> None:
    """A run that saw no unfinished job and no problem adds nothing to the state."""
    assert JobWatch({}).add_to({}) == {}


def test_problem_is_new_in_one_run() -> None:
    """A problem is new once, and stays known while every run asks about it."""
    first = JobWatch({})
    assert first.is_new("failed", "j1")
    assert not first.is_new("failed", "j1")

    second = restore(first)
    assert not second.is_new("failed", "j1")
    third = restore(second)

    assert not third.is_new("failed", "j1")


def test_problem_of_another_kind_is_new() -> None:
    """Problems differ by kind and by what they concern."""
    watch = JobWatch({})
    watch.is_new("failed", "j1")

    assert watch.is_new("late", "j1")
    assert watch.is_new("failed", "j2")


def test_problem_that_no_run_asks_about_is_forgotten() -> None:
    """A problem that a run doesn't ask about leaves the state, and is new if it returns."""
    first = JobWatch({})
    first.is_new("failed", "j1")
    second = restore(first)

    assert second.add_to({}) == {}
    assert restore(second).is_new("failed", "j1")


def test_pending_jobs_are_those_of_the_run_before() -> None:
    """The unfinished jobs are available to the next run, and to no later one."""
    first = JobWatch({})
    first.pending["j1"] = PendingJob("2026-11-20T04:00:00Z", "2026-11-20T05:00:00Z", "2026-11-20T06:00:00Z")
    second = restore(first)

    assert second.previous_pending == first.pending
    assert second.pending == {}
    assert restore(second).previous_pending == {}


@pytest.mark.parametrize(
    "state",
    [
        {"pending_jobs": ["j1"], "reported_jobs": ["j1"]},
        {"pending_jobs": "j1", "reported_jobs": 7},
        {"pending_jobs": {"j1": "2026-11-20"}, "reported_jobs": None},
        {"pending_jobs": {"j1": ["2026-11-20T04:00:00Z"]}, "reported_jobs": "abc"},
        {
            "pending_jobs": {"j1": ["2026-11-20T04:00:00Z", "2026-11-20T05:00:00Z", "soon"]},
            "reported_jobs": "",
        },
    ],
)
def test_invalid_state_counts_as_empty(state: dict[str, object]) -> None:
    """A part of the state that the tap can't read is ignored, because it only affects warnings."""
    watch = JobWatch(state)

    assert watch.previous_pending == {}
    assert watch.is_new("failed", "j1")


@given(st.lists(st.tuples(st.sampled_from(["failed", "late", "gap"]), st.text(max_size=5)), unique=True))
def test_every_reported_problem_is_known_to_the_next_run(problems: list[tuple[str, str]]) -> None:
    """However many problems there are, the next run knows each, at eight characters per problem."""
    watch = JobWatch({})
    for problem in problems:
        watch.is_new(*problem)

    assert len(watch.add_to({}).get("reported_jobs", "")) == 8 * len(problems)
    following = restore(watch)
    assert not any(following.is_new(*problem) for problem in problems)
