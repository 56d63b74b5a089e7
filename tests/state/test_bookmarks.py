"""Which jobs are due for a bookmark, and what the state keeps."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from tap_gladly.state.bookmarks import Bookmark, JobVersion
from tap_gladly.timestamps import format_instant, parse_instant


def job(job_id: str, updated_at: str) -> JobVersion:
    """Return a listed job."""
    return JobVersion(parse_instant(updated_at), job_id, updated_at)


def test_empty_bookmark_makes_every_job_due() -> None:
    """A stream without a bookmark loads every listed job."""
    jobs = [job("a", "2026-11-06T00:00:00Z"), job("b", "2026-11-20T00:00:00Z")]
    bookmark = Bookmark({}, jobs)

    assert all(bookmark.is_due(each) for each in jobs)
    assert not list(bookmark.iter_late_jobs())


def test_loaded_job_is_not_due() -> None:
    """A loaded job isn't due again, and another job with the same timestamp is."""
    jobs = [job("a", "2026-11-20T00:00:00.1Z"), job("b", "2026-11-20T00:00:00.1Z")]
    bookmark = Bookmark({}, jobs)
    bookmark.mark_loaded(jobs[0], "-")
    bookmark = Bookmark({**bookmark.to_state(), "replication_key_value": "2026-11-20T00:00:00.100000Z"}, jobs)

    assert [bookmark.is_due(each) for each in jobs] == [False, True]


def test_state_keeps_jobs_of_24_hours() -> None:
    """`jobs_read` lists the jobs loaded within 24 hours before the bookmark, inclusive."""
    jobs = [
        job("older", "2026-11-19T11:59:59.999999999Z"),
        job("edge", "2026-11-19T12:00:00Z"),
        job("newest", "2026-11-20T12:00:00Z"),
    ]
    bookmark = Bookmark({}, jobs)
    for each in jobs:
        bookmark.mark_loaded(each, format_instant(each.instant))

    state = bookmark.to_state()
    assert state["jobs_read"] == {"edge": "2026-11-19T12:00:00Z", "newest": "2026-11-20T12:00:00Z"}
    assert state["replication_key_value"] == "2026-11-20T12:00:00.000000Z"


def test_bookmark_never_moves_back() -> None:
    """A job listed late joins `jobs_read`, and the bookmark stays."""
    newest, late = job("newest", "2026-11-20T12:00:00Z"), job("late", "2026-11-20T02:00:00Z")
    bookmark = Bookmark({}, [newest])
    bookmark.mark_loaded(newest, "new")
    bookmark.mark_loaded(late, "old")

    assert bookmark.to_state()["replication_key_value"] == "new"
    assert list(bookmark.to_state()["jobs_read"]) == ["late", "newest"]


@pytest.mark.parametrize(
    ("state", "part"),
    [
        ({"replication_key_value": "soon"}, "replication_key_value"),
        ({"replication_key_value": 1795158919}, "replication_key_value"),
        ({"replication_key_value": "2026-11-20T12:00:00Z", "jobs_read": ["a"]}, "jobs_read"),
        ({"replication_key_value": "2026-11-20T12:00:00Z", "jobs_read": {"a": "then"}}, "jobs_read"),
        ({"replication_key_value": "2026-11-20T12:00:00Z", "jobs_read": {"a": None}}, "jobs_read"),
    ],
)
def test_invalid_state_names_its_part(state: dict[str, object], part: str) -> None:
    """An invalid state raises an error that names the invalid property."""
    with pytest.raises(ValueError, match=rf"^{part} "):
        Bookmark(state, [])


def run_hourly(hours: int) -> dict[str, object]:
    """Simulate hourly runs of an hourly schedule, with 14 days of listed jobs; return the last state."""
    start = datetime(2026, 11, 20, tzinfo=timezone.utc)
    state: dict[str, object] = {}
    for hour in range(hours):
        now = start + timedelta(hours=hour)
        listed = [
            job(f"job-{(now - timedelta(hours=age)).strftime('%Y%m%d%H%M%S')}-id", _time(now, age))
            for age in range(336)
        ]
        bookmark = Bookmark(state, listed)
        due = [each for each in sorted(listed) if bookmark.is_due(each)]
        assert len(due) == (336 if hour == 0 else 1)
        assert not list(bookmark.iter_late_jobs())
        for each in due:
            bookmark.mark_loaded(each, format_instant(each.instant))
        state = {"replication_key": "_job_updated_at", **json.loads(json.dumps(bookmark.to_state()))}
    return state


def _time(now: datetime, age: int) -> str:
    return (now - timedelta(hours=age)).strftime("%Y-%m-%dT%H:%M:%S.072729331Z")


def test_state_stays_small_over_a_month() -> None:
    """In a month of hourly runs, each job is due once, none is late, and five streams stay under 16 KB."""
    state = run_hourly(24 * 30)

    assert 5 * len(json.dumps(state)) < 16 * 1024


def test_late_jobs_exclude_jobs_listed_before() -> None:
    """A job is late if it is over a day behind the bookmark and wasn't listed before."""
    old = [job(f"old-{day}", f"2026-11-{day:02d}T00:00:00Z") for day in range(10, 21)]
    bookmark = Bookmark({}, old)
    for each in old:
        bookmark.mark_loaded(each, format_instant(each.instant))
    late = job("late", "2026-11-18T12:00:00Z")

    bookmark = Bookmark(bookmark.to_state(), [*old, late])

    assert list(bookmark.iter_late_jobs()) == [late]
    assert not bookmark.is_due(late)
