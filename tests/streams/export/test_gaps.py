"""Warnings about missing data: expired, late, unfinished and regenerated jobs, and gaps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import list_warnings, rows_named

from tap_gladly.streams.export.gaps import iter_gaps
from tap_gladly.streams.export.job import parse_job

from .job_windows import add_window, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports

pytestmark = pytest.mark.usefixtures("stopped_clock")


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
    reported = [line for line in list_warnings(log) if "may be lost (customers)" in line]
    assert len(reported) == 1
    assert at(days=20)[:19] in reported[0]
    assert at(days=10)[:19] in reported[0]
    assert "Ask Gladly support" in reported[0]


def test_expired_bookmark_is_reported_without_jobs(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """An empty job list doesn't hide a bookmark older than the retention."""
    sync(state=bookmark_at(at(days=15)))

    assert any("may be lost (customers)" in line for line in list_warnings(log))


@pytest.mark.parametrize("days", [0.1, 5, 13.9])
def test_bookmark_within_retention_is_not_reported(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, days: float
) -> None:
    """A bookmark within 14 days loses nothing, even if no job followed it for a while."""
    exports.add_job("j1", at(days=0), {"customers.jsonl": rows_named("c1")})

    sync(state=bookmark_at(at(days=days)))

    assert not list_warnings(log)


def test_gap_between_windows_is_reported_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The first run that sees a gap names its span; the next run doesn't."""
    add_window(exports, "a", "01:00:00", "02:00:00")
    add_window(exports, "b", "05:00:00", "06:00:00")

    first = sync()

    assert len(list_warnings(log)) == 1
    assert "No job covers 2026-11-20T02:00:00.000000Z to 2026-11-20T05:00:00.000000Z" in list_warnings(log)[0]
    log.clear()
    sync(state=first.state)
    assert not list_warnings(log)


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
    """A recent job in progress will cover the span between the others."""
    add_window(exports, "a", "01:00:00", "02:00:00")
    add_window(exports, "b", "02:00:00", "03:00:00", status="IN_PROGRESS", updated_at=at(hours=1))
    add_window(exports, "c", "03:00:00", "04:00:00")

    sync()

    assert not list_warnings(log)


def test_late_job_is_reported_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A job listed more than a day late is named in one run, even if no newer job follows."""
    add_window(exports, "newest", "11:00:00", "12:00:00")
    first = sync()
    exports.add_job("late", "2026-11-18T00:00:00Z", {"customers.jsonl": rows_named("c")})

    second = sync(state=first.state)

    assert len([line for line in list_warnings(log) if "Job late " in line]) == 1
    log.clear()
    sync(state=second.state)
    assert "Job late" not in log.text


def test_unfinished_job_that_vanishes_is_reported_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A job seen in progress that is no longer listed leaves a gap, which a warning names."""
    updated_at = at(hours=1)
    add_window(exports, "a", "01:00:00", "02:00:00", status="IN_PROGRESS", updated_at=updated_at)
    first = sync()
    exports.list_as(b"[]")

    second = sync(state=first.state)

    assert first.state["bookmarks"]["jobs"]["pending_jobs"] == {
        "a": ["2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z", updated_at]
    }
    assert len(list_warnings(log)) == 1
    assert "Job a (2026-11-20T01:00:00Z to 2026-11-20T02:00:00Z) was unfinished" in list_warnings(log)[0]
    log.clear()
    sync(state=second.state)
    assert not list_warnings(log)


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

    assert not list_warnings(log)


def test_job_unfinished_for_a_day_is_reported_once(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A job in progress for over a day is named in one run."""
    add_window(exports, "a", "01:00:00", "02:00:00", status="IN_PROGRESS", updated_at=at(days=2))

    first = sync()

    assert len(list_warnings(log)) == 1
    assert "has been IN_PROGRESS since" in list_warnings(log)[0]
    log.clear()
    sync(state=first.state)
    assert not list_warnings(log)


def test_job_unfinished_for_a_day_is_reported_although_it_changes(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The day counts from the first `updatedAt` that a run saw, even if Gladly changes it in every run."""
    first_seen = at(hours=26)
    pending = {"a": ["2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z", first_seen]}
    add_window(exports, "a", "01:00:00", "02:00:00", status="IN_PROGRESS", updated_at=at(hours=2))

    second = sync(state={"bookmarks": {"jobs": {"pending_jobs": pending}}})
    exports.change_job("a", updatedAt=at(hours=1))
    third = sync(state=second.state)

    (warning,) = list_warnings(log)
    assert f"has been IN_PROGRESS since {first_seen}" in warning
    assert third.state["bookmarks"]["jobs"]["pending_jobs"] == pending


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
    assert len(list_warnings(log)) == 1
    assert (
        "Job again (2026-11-20T01:00:00Z to 2026-11-20T02:00:00Z) covers an earlier" in list_warnings(log)[0]
    )
    assert "(customers)" in list_warnings(log)[0]
