"""Warnings about missing data, and the run summary."""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import FILE_STREAMS, LISTS, rows_named

from gladly_emulator import Fault
from tap_gladly.state.job_watch import JobWatch
from tap_gladly.streams.export import gaps
from tap_gladly.streams.export.gaps import iter_gaps, warn_failed
from tap_gladly.streams.export.job import COMPLETED, FAILED, Job, parse_job
from tap_gladly.timestamps import SECOND, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _stopped_clock(set_clock: Callable[[str], None]) -> None:
    """Stop the clock, so that no warning depends on when or how fast a test runs."""
    set_clock(NOW.isoformat())


def at(**ago: float) -> str:
    """Return a timestamp before now."""
    return (NOW - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def warnings(log: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings so far."""
    return [record.getMessage() for record in log.records if record.levelname == "WARNING"]


def add_window(exports: StaticExports, job_id: str, start: str, end: str, **more: Any) -> None:
    """Add a job of 20 November with a window between two times of the day."""
    day = "2026-11-20T"
    exports.add_job(
        job_id,
        more.pop("updated_at", f"{day}{end}Z"),
        {"customers.jsonl": rows_named(job_id)} if more.get("status", "COMPLETED") == "COMPLETED" else {},
        start_at=f"{day}{start}Z",
        end_at=f"{day}{end}Z",
        **more,
    )


def bookmark_at(time: str) -> dict[str, Any]:
    """Return a state with a bookmark of customers."""
    return {"bookmarks": {"customers": {"replication_key_value": time}}}


def test_expired_bookmark_is_reported(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The warning names the span that may be lost, the stream, and what to do."""
    exports.add_job("j1", at(days=10), {"customers.jsonl": rows_named("c1")})

    run = sync(state=bookmark_at(at(days=20)))

    assert run.ids("customers") == ["c1"]
    reported = [line for line in warnings(log) if "may be lost (customers)" in line]
    assert len(reported) == 1
    assert at(days=20)[:19] in reported[0]
    assert at(days=10)[:19] in reported[0]
    assert "Ask Gladly support" in reported[0]


def test_expired_bookmark_is_reported_without_jobs(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """An empty job list doesn't hide a bookmark older than the retention."""
    sync(state=bookmark_at(at(days=15)))

    assert any("may be lost (customers)" in line for line in warnings(log))


@pytest.mark.parametrize("days", [0.1, 5, 13.9])
def test_bookmark_within_retention_is_not_reported(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, days: float
) -> None:
    """A bookmark within 14 days loses nothing, even if no job followed it for a while."""
    exports.add_job("j1", at(days=0), {"customers.jsonl": rows_named("c1")})

    sync(state=bookmark_at(at(days=days)))

    assert not warnings(log)


def test_gap_between_windows_is_reported_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The first run that sees a gap names its span; the next run doesn't."""
    add_window(exports, "a", "01:00:00", "02:00:00")
    add_window(exports, "b", "05:00:00", "06:00:00")

    first = sync()

    assert len(warnings(log)) == 1
    assert "No job covers 2026-11-20T02:00:00.000000Z to 2026-11-20T05:00:00.000000Z" in warnings(log)[0]
    log.clear()
    sync(state=first.state)
    assert not warnings(log)


@pytest.mark.parametrize(
    "windows",
    [
        [("01:00:00", "02:00:00"), ("02:00:00", "03:00:00")],
        [("01:00:00", "01:59:59.999999999"), ("02:00:00", "03:00:00")],
        [("01:00:00", "01:59:59"), ("02:00:00", "03:00:00")],
        [("01:00:00", "02:30:00"), ("02:00:00", "03:00:00")],
        [("01:00:00", "05:00:00"), ("02:00:00", "03:00:00"), ("05:00:00", "06:00:00")],
        [("01:00:00", "02:00:00"), ("04:00:00", "05:00:00"), ("02:00:00", "04:00:00")],
        [("01:00:00", "02:00:00"), ("04:00:00", "05:00:00"), ("00:00:00", "23:00:00")],
    ],
    ids=["adjacent", "nanosecond", "second", "overlap", "inside", "covered later", "covered whole"],
)
def test_covered_span_is_no_gap(
    exports: StaticExports,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    windows: list[tuple[str, str]],
) -> None:
    """Overlaps, a missing instant at the edge, and spans that another job covers are no gaps."""
    for number, (start, end) in enumerate(windows):
        add_window(exports, f"j{number}", start, end, updated_at=f"2026-11-21T0{number}:00:00Z")

    sync()

    assert "No job covers" not in log.text


def test_old_window_exported_once_starts_no_gap() -> None:
    """An export of an earlier year doesn't turn the years since into a gap."""
    records = [
        {"id": "once", "updatedAt": "2026-11-20T01:00:00Z", "parameters": window}
        for window in (
            {"startAt": "2023-01-01T00:00:00Z", "endAt": "2023-06-30T23:59:59Z"},
            {"startAt": "2026-11-19T22:00:00Z", "endAt": "2026-11-19T23:00:00Z"},
        )
    ]

    assert not list(iter_gaps([job for job in map(parse_job, records) if job]))


def test_unfinished_job_covers_its_window(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A recent job in progress will bring what lies between the others."""
    add_window(exports, "a", "01:00:00", "02:00:00")
    add_window(exports, "b", "02:00:00", "03:00:00", status="IN_PROGRESS", updated_at=at(hours=1))
    add_window(exports, "c", "03:00:00", "04:00:00")

    sync()

    assert not warnings(log)


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

    assert len(warnings(log)) == 1
    assert "Job b (2026-11-20T02:00:00Z to 2026-11-20T03:00:00Z) has FAILED" in warnings(log)[0]
    log.clear()
    sync(state=first.state, catalog=catalog(*selected))
    assert not warnings(log)


def test_failed_job_with_a_later_job_is_not_reported(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A later job with the same window offers the files that a failed job lacks."""
    add_window(exports, "a", "02:00:00", "03:00:00", status="FAILED")
    add_window(exports, "b", "02:00:00", "03:00:00", updated_at="2026-11-20T09:00:00Z")

    sync()

    assert not warnings(log)


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

    assert len(warnings(log)) == 3000 - 51
    assert steps == 6000


def make_job(number: int, start: int, length: int, instant: int, status: str) -> Job:
    """Make a job whose window begins, and that was updated, so many seconds after a fixed time."""
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


def test_late_job_is_reported_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A job listed more than a day late is named in one run, even if no newer job follows."""
    add_window(exports, "newest", "11:00:00", "12:00:00")
    first = sync()
    exports.add_job("late", "2026-11-18T00:00:00Z", {"customers.jsonl": rows_named("c")})

    second = sync(state=first.state)

    assert len([line for line in warnings(log) if "Job late " in line]) == 1
    log.clear()
    sync(state=second.state)
    assert "Job late" not in log.text


def test_unfinished_job_that_vanishes_is_reported_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A job seen in progress that is no longer listed leaves a gap, which a warning names."""
    add_window(exports, "a", "01:00:00", "02:00:00", status="IN_PROGRESS", updated_at=at(hours=1))
    first = sync()
    exports.list_as(b"[]")

    second = sync(state=first.state)

    assert first.state["bookmarks"]["jobs"]["pending_jobs"] == {
        "a": ["2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z"]
    }
    assert len(warnings(log)) == 1
    assert "Job a (2026-11-20T01:00:00Z to 2026-11-20T02:00:00Z) was unfinished" in warnings(log)[0]
    log.clear()
    sync(state=second.state)
    assert not warnings(log)


def test_unfinished_job_replaced_by_another_is_not_reported(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A completed job that covers the window of a vanished job leaves no gap."""
    add_window(exports, "a", "01:00:00", "02:00:00", status="PENDING", updated_at=at(hours=2))
    first = sync()
    exports.list_as(
        json.dumps(
            [
                {
                    "id": "b",
                    "status": "COMPLETED",
                    "updatedAt": at(hours=1),
                    "files": [],
                    "parameters": {"startAt": "2026-11-20T01:00:00Z", "endAt": "2026-11-20T02:00:00Z"},
                }
            ]
        ).encode()
    )

    sync(state=first.state)

    assert not warnings(log)


def test_job_unfinished_for_a_day_is_reported_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A job in progress for over a day is named in one run."""
    add_window(exports, "a", "01:00:00", "02:00:00", status="IN_PROGRESS", updated_at=at(days=2))

    first = sync()

    assert len(warnings(log)) == 1
    assert "has been IN_PROGRESS since" in warnings(log)[0]
    log.clear()
    sync(state=first.state)
    assert not warnings(log)


def test_regenerated_job_is_reported(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A job with an earlier window than a loaded one is loaded, and a warning names job, window and streams."""
    add_window(exports, "a", "01:00:00", "02:00:00")
    add_window(exports, "b", "02:00:00", "03:00:00")
    first = sync()
    add_window(exports, "again", "01:00:00", "02:00:00", updated_at="2026-11-20T09:00:00Z")

    second = sync(state=first.state)

    assert second.ids("customers") == ["again"]
    assert len(warnings(log)) == 1
    assert "Job again (2026-11-20T01:00:00Z to 2026-11-20T02:00:00Z) covers an earlier" in warnings(log)[0]
    assert "(customers)" in warnings(log)[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"files": ["tasks.jsonl"]}, "The file 'tasks.jsonl' is unknown and not loaded"),
        ({"files": None}, "A COMPLETED job has no list of files"),
        ({"files": [["agents.jsonl"]]}, "The file of type list is unknown and not loaded"),
        ({"status": "ARCHIVED"}, "The job status 'ARCHIVED' is unknown"),
        ({"status": 7}, "The job status of type int is unknown"),
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

    reported = [line for line in warnings(log) if words in line]
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


def test_summary_has_everything(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The last line counts what was done, in words and, for structured logging, as fields."""
    body = b'{"id":"c1","tier":"oak"}\n{\n{"id":"c2"}\n'
    exports.add_job("j1", at(hours=3), {"customers.jsonl": body}, start_at=at(hours=6), end_at=at(hours=5))
    exports.add_job("j2", at(hours=2), status="PENDING", start_at=at(hours=5), end_at=at(hours=4))
    emulator.faults.add(Fault("status", status=503, path="files"))

    sync()

    record = next(record for record in log.records if hasattr(record, "summary"))
    summary = record.summary
    age = summary.pop("newest_window_age_seconds")
    assert age == 5 * 3600
    assert summary.pop("retry_seconds") > 0
    assert summary.pop("duration_seconds") >= 0
    assert summary == {
        "jobs_listed": 2,
        "jobs_loaded": 1,
        "jobs_skipped": 1,
        "rows": {"jobs": 2, **dict.fromkeys((*FILE_STREAMS, *LISTS), 0), "customers": 2},
        "rows_sent": {"jobs": 2, **dict.fromkeys((*FILE_STREAMS, *LISTS), 0), "customers": 2},
        "bytes": {**dict.fromkeys(FILE_STREAMS, 0), "customers": len(body)},
        "malformed_lines": 1,
        "unknown_properties": {"customers": ["tier"]},
        "unexpected_types": {},
        "retries": 1,
        "newest_window_end": at(hours=5).replace("Z", ".000000Z"),
        "failed_streams": [],
    }
    line = record.getMessage()
    assert re.search(r"Jobs listed 2, loaded 1, skipped 1; rows: .*customers 2, jobs 2, .*retries 1", line)
    assert "5.0 h ago" in line
    json.dumps(summary)


def test_summary_of_a_run_with_nothing_new_knows_the_newest_window(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The summary has the age of the data even if the run loads nothing."""
    exports.add_job("j1", at(hours=3), {"customers.jsonl": b""}, start_at=at(hours=6), end_at=at(hours=5))
    first = sync()
    log.clear()

    sync(state=first.state)

    assert "newest window loaded: to" in log.text
    assert "5.0 h ago" in log.text


def test_summary_takes_the_newest_window_of_those_read(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Neither an old window that was generated again last, nor a job that was not wanted, counts."""
    add_window(exports, "a", "08:00:00", "09:00:00", updated_at="2026-11-20T11:00:00Z")
    add_window(exports, "again", "01:00:00", "02:00:00", updated_at="2026-11-20T12:00:00Z")
    add_window(exports, "later", "09:00:00", "10:00:00", updated_at="2026-11-20T13:00:00Z")

    sync(end_date="2026-11-20T12:30:00Z")

    assert "newest window loaded: to 2026-11-20T09:00:00.000000Z" in log.text
