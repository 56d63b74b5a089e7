"""What a run tells of data that it cannot load, and of what it has done."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from support import FILE_STREAMS, LISTS, rows_named

from gladly_emulator import Fault
from tap_gladly.streams.export.gaps import iter_gaps
from tap_gladly.streams.export.job import parse_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

NOW = datetime.now(timezone.utc).replace(microsecond=0)


def at(**ago: float) -> str:
    """Give a time before now."""
    return (NOW - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def warnings(log: pytest.LogCaptureFixture) -> list[str]:
    """Give the warnings so far."""
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
    """Make a state in which customers have been read up to a time."""
    return {"bookmarks": {"customers": {"replication_key_value": time}}}


def test_a_bookmark_older_than_what_is_listed_is_told(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The warning names the span that may be lost, the stream and what to do."""
    exports.add_job("j1", at(days=10), {"customers.jsonl": rows_named("c1")})

    run = sync(state=bookmark_at(at(days=20)))

    assert run.ids("customers") == ["c1"]
    told = [line for line in warnings(log) if "may be lost (customers)" in line]
    assert len(told) == 1
    assert at(days=20)[:19] in told[0]
    assert at(days=10)[:19] in told[0]
    assert "Ask Gladly support" in told[0]


def test_a_bookmark_from_before_an_empty_list_is_told(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Nothing listed, and the bookmark is older than anything could be: that is told, too."""
    sync(state=bookmark_at(at(days=15)))

    assert any("may be lost (customers)" in line for line in warnings(log))


@pytest.mark.parametrize("days", [0.1, 5, 13.9])
def test_a_bookmark_within_the_14_days_is_not_told(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, days: float
) -> None:
    """What Gladly still has is not lost, also when no job has come for a while."""
    exports.add_job("j1", at(days=0), {"customers.jsonl": rows_named("c1")})

    sync(state=bookmark_at(at(days=days)))

    assert not warnings(log)


def test_a_hole_between_windows_is_told_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The run that reads the job after the hole names its span; the next one does not."""
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
    ids=["next", "nanosecond", "second", "overlap", "inside", "covered later", "covered whole"],
)
def test_windows_without_a_hole_are_not_told(
    exports: StaticExports,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    windows: list[tuple[str, str]],
) -> None:
    """Overlaps, a missing instant at the edge, and spans that another job covers are no holes."""
    for number, (start, end) in enumerate(windows):
        add_window(exports, f"j{number}", start, end, updated_at=f"2026-11-21T0{number}:00:00Z")

    sync()

    assert not warnings(log)


def test_an_old_window_generated_once_is_not_the_edge_of_a_hole() -> None:
    """An export of some past year does not make a hole of the years since."""
    records = [
        {"id": "once", "updatedAt": "2026-11-20T01:00:00Z", "parameters": window}
        for window in (
            {"startAt": "2023-01-01T00:00:00Z", "endAt": "2023-06-30T23:59:59Z"},
            {"startAt": "2026-11-19T22:00:00Z", "endAt": "2026-11-19T23:00:00Z"},
        )
    ]

    assert not list(iter_gaps([job for job in map(parse_job, records) if job]))


def test_a_window_that_is_on_its_way_is_no_hole(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A job in progress will bring what is between the others."""
    add_window(exports, "a", "01:00:00", "02:00:00")
    add_window(exports, "b", "02:00:00", "03:00:00", status="IN_PROGRESS")
    add_window(exports, "c", "03:00:00", "04:00:00")

    sync()

    assert not warnings(log)


def test_a_failed_job_is_told(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """It is named with its window and what to do, once and not as a hole besides."""
    add_window(exports, "a", "01:00:00", "02:00:00")
    add_window(exports, "b", "02:00:00", "03:00:00", status="FAILED")
    add_window(exports, "c", "03:00:00", "04:00:00")

    sync()

    assert len(warnings(log)) == 1
    assert "Job b (2026-11-20T02:00:00Z to 2026-11-20T03:00:00Z) has FAILED" in warnings(log)[0]


def test_a_failed_job_that_was_made_good_is_not_told(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A later job with the same window has what it lacks."""
    add_window(exports, "a", "02:00:00", "03:00:00", status="FAILED")
    add_window(exports, "b", "02:00:00", "03:00:00", updated_at="2026-11-20T09:00:00Z")

    sync()

    assert not warnings(log)


def test_a_job_without_a_window_is_read_all_the_same(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """`parameters` may be missing or odd; it is for people to read, and for nothing else."""
    oddities: list[object] = [None, [], {"startAt": 7}, {"startAt": "x", "endAt": "y"}]
    for number, parameters in enumerate(oddities):
        files = {"customers.jsonl": rows_named(f"c{number}")}
        exports.add_job(f"j{number}", f"2026-11-20T0{number}:00:00Z", files, parameters=parameters)

    run = sync()

    assert run.ids("customers") == ["c0", "c1", "c2", "c3"]
    assert not warnings(log)


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
    assert age == pytest.approx(5 * 3600, abs=1800)  # the suite takes a while
    assert summary.pop("retry_seconds") > 0
    assert summary == {
        "jobs_listed": 2,
        "jobs_loaded": 1,
        "jobs_skipped": 1,
        "rows": {"jobs": 2, **dict.fromkeys((*FILE_STREAMS, *LISTS), 0), "customers": 2},
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
    """How old the data is can be told without reading any."""
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
