"""Instants, and which jobs a bookmark takes for due."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gladly.state.bookmarks import Bookmark, JobVersion
from tap_gladly.timestamps import format_instant, parse_instant, parse_last_instant


def job(job_id: str, updated_at: str) -> JobVersion:
    """Make a listed job."""
    return JobVersion(parse_instant(updated_at), job_id, updated_at)


@pytest.mark.parametrize("digits", range(10))
def test_parse_instant_reads_any_number_of_digits(digits: int) -> None:
    """0 to 9 fraction digits are read to the nanosecond."""
    fraction = "072729331"[:digits]
    text = f"2026-11-20T07:15:19{'.' if digits else ''}{fraction}Z"

    assert parse_instant(text) - parse_instant("2026-11-20T07:15:19Z") == int(fraction.ljust(9, "0") or 0)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-20T07:15:19+00:00", "2026-11-20T07:15:19Z"),
        ("2026-11-20T09:15:19+02:00", "2026-11-20T07:15:19Z"),
        ("2026-11-19T21:45:19-0930", "2026-11-20T07:15:19Z"),
        ("2026-11-20 07:15:19", "2026-11-20T07:15:19.000000000Z"),
        ("2026-11-20", "2026-11-20T00:00:00Z"),
        ("2026-11-20T07:15Z", "2026-11-20T07:15:00z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ],
)
def test_parse_instant_reads_every_spelling(text: str, same: str) -> None:
    """Offsets, lower case, dates and a leap second name the same instants."""
    assert parse_instant(text) == parse_instant(same)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-11-20T25:00:00Z",
        "2026-11-20T00:00:61Z",
        "1795158919",
        "\u0662\u0660\u0662\u0666-11-20",
    ],
)
def test_parse_instant_refuses_what_is_no_time(text: str) -> None:
    """Anything else is a ValueError."""
    with pytest.raises(ValueError, match=r"^is not a timestamp such as "):
        parse_instant(text)


@given(st.integers(min_value=0, max_value=4_000_000_000_000_000_000))
def test_format_instant_cuts_to_microseconds(instant: int) -> None:
    """What is written reads as the same instant, less its nanoseconds, and has always the same shape."""
    text = format_instant(instant)

    assert parse_instant(text) == instant // 1000 * 1000
    assert len(text) == len("2026-11-20T07:15:19.072729Z")


@given(st.lists(st.integers(min_value=0, max_value=4_000_000_000_000_000_000), min_size=2))
def test_format_instant_sorts_as_text(instants: list[int]) -> None:
    """The order of the texts is the order of the times, to the microsecond."""
    by_text = sorted(instants, key=format_instant)

    assert [value // 1000 for value in by_text] == [value // 1000 for value in sorted(instants)]


def test_parse_last_instant_takes_a_date_for_its_whole_day() -> None:
    """A span that ends with a date ends with the last nanosecond of it."""
    assert parse_last_instant("2026-11-20") == parse_instant("2026-11-20T23:59:59.999999999Z")
    assert parse_last_instant("2026-11-20T00:00:00Z") == parse_instant("2026-11-20T00:00:00Z")


def test_bookmark_without_state_takes_all_for_due() -> None:
    """A stream selected for the first time gets all that there is."""
    jobs = [job("a", "2026-11-06T00:00:00Z"), job("b", "2026-11-20T00:00:00Z")]
    bookmark = Bookmark({}, jobs)

    assert all(bookmark.is_due(each) for each in jobs)
    assert not list(bookmark.iter_late_jobs())


def test_bookmark_does_not_take_a_read_job_for_due() -> None:
    """A job read is done with, in this run and from the state in the next."""
    jobs = [job("a", "2026-11-20T00:00:00.1Z"), job("b", "2026-11-20T00:00:00.1Z")]
    bookmark = Bookmark({}, jobs)
    bookmark.mark_loaded(jobs[0], "-")
    bookmark = Bookmark({**bookmark.to_state(), "replication_key_value": "2026-11-20T00:00:00.100000Z"}, jobs)

    assert [bookmark.is_due(each) for each in jobs] == [False, True]


def test_bookmark_keeps_jobs_of_a_day() -> None:
    """`jobs_read` holds what changed in the 24 hours up to the place, the edge included, and no more."""
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
    """A job that was listed late is noted as read, and the place stays."""
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
def test_bookmark_says_which_part_of_a_state_is_unusable(state: dict[str, object], part: str) -> None:
    """A state that cannot be read is refused, not guessed at."""
    with pytest.raises(ValueError, match=rf"^{part} "):
        Bookmark(state, [])


def run_hourly(hours: int) -> dict[str, object]:
    """Run once an hour over an hourly schedule, with what is listed for 14 days."""
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


def test_bookmark_stays_small_and_reads_each_job_once() -> None:
    """A month of hourly runs: each job is due once, none is late, and five streams stay under 16 KB."""
    state = run_hourly(24 * 30)

    assert 5 * len(json.dumps(state)) < 16 * 1024


def test_bookmark_tells_only_what_turned_up_late() -> None:
    """A job over a day behind that was never listed is late; those that were there all along are not."""
    old = [job(f"old-{day}", f"2026-11-{day:02d}T00:00:00Z") for day in range(10, 21)]
    bookmark = Bookmark({}, old)
    for each in old:
        bookmark.mark_loaded(each, format_instant(each.instant))
    late = job("late", "2026-11-18T12:00:00Z")

    bookmark = Bookmark(bookmark.to_state(), [*old, late])

    assert list(bookmark.iter_late_jobs()) == [late]
    assert not bookmark.is_due(late)
