"""Bookmarks from run to run: each file is loaded exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, export_requests, rows_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports


def add(exports: StaticExports, job_id: str, updated_at: str, *, status: str = "COMPLETED") -> None:
    """Add a job whose customers.jsonl has one row, named after the job."""
    exports.add_job(job_id, updated_at, {"customers.jsonl": rows_named(f"of-{job_id}")}, status=status)


def test_bookmark_is_as_documented(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A bookmark has the newest `_job_updated_at` and the jobs loaded, with Gladly's own timestamps."""
    add(exports, "vZgCEQlDR6aQz_0HeWZ9_Q", "2026-11-20T07:15:19.07272933Z")

    run = sync()

    assert run.bookmark("customers") == {
        "replication_key": "_job_updated_at",
        "replication_key_value": "2026-11-20T07:15:19.072729Z",
        "jobs_read": {"vZgCEQlDR6aQz_0HeWZ9_Q": "2026-11-20T07:15:19.07272933Z"},
        "older_jobs": "",
    }
    assert run.bookmark("jobs")["replication_key_value"] == "2026-11-20T07:15:19.07272933Z"


def test_run_with_nothing_new_sends_one_request_and_no_rows(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """A second run over the same jobs requests only the job list."""
    for hour in range(10, 20):
        add(exports, f"j{hour}", f"2026-11-20T{hour}:00:00Z")
    first = sync()
    emulator.clear()

    second = sync(state=first.state)

    assert [request.path for request in export_requests(emulator)] == ["/api/v1/export/jobs"]
    assert not second.of_type("RECORD")
    assert second.state == first.state


@pytest.mark.parametrize("digits", range(10))
def test_jobs_with_any_number_of_digits_are_loaded_once(
    exports: StaticExports, sync: Callable[..., Sync], digits: int
) -> None:
    """Jobs within one second are ordered as instants, not as text, and each is loaded once."""
    fraction = f".{'000000001'[:digits]}" if digits else ""
    add(exports, "a", f"2026-11-20T07:00:00{fraction}Z")
    first = sync()
    add(exports, "b", "2026-11-20T07:00:00.000000002Z")
    add(exports, "c", "2026-11-20T07:00:01Z")

    second = sync(state=first.state)

    assert (first.ids("customers"), second.ids("customers")) == (["of-a"], ["of-b", "of-c"])
    assert not sync(state=second.state).of_type("RECORD")


def test_jobs_with_one_timestamp_are_all_loaded(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A job is loaded even if another with its timestamp was loaded before."""
    add(exports, "a", "2026-11-20T07:00:00Z")
    first = sync()
    add(exports, "b", "2026-11-20T07:00:00.000Z")

    second = sync(state=first.state)

    assert second.ids("customers") == ["of-b"]


def test_job_listed_up_to_a_day_late_is_loaded_once(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """A job up to 24 hours older than the bookmark is loaded once."""
    add(exports, "newest", "2026-11-20T12:00:00Z")
    first = sync()
    add(exports, "late", "2026-11-19T12:00:00Z")

    second = sync(state=first.state)

    assert second.ids("customers") == ["of-late"]
    assert second.bookmark("customers")["replication_key_value"] == "2026-11-20T12:00:00.000000Z"
    assert not sync(state=second.state).of_type("RECORD")


def test_job_listed_over_a_day_late_is_reported(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A warning names the job, which isn't loaded, and no job that was listed before."""
    add(exports, "old", "2026-11-12T12:00:00Z")
    add(exports, "newest", "2026-11-20T12:00:00Z")
    first = sync()
    add(exports, "too-late", "2026-11-19T11:59:59.999999999Z")
    emulator.clear()

    second = sync(state=first.state)

    assert second.ids("customers") == []
    assert (
        "too-late (2026-11-19T08:00:00Z to 2026-11-19T09:00:00Z) was listed over 24 hours behind" in log.text
    )
    assert "Job old" not in log.text
    assert len(export_requests(emulator)) == 1


def test_late_job_is_reported_in_one_run(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """After the bookmark advances, a late job counts as known."""
    add(exports, "newest", "2026-11-20T12:00:00Z")
    first = sync()
    add(exports, "too-late", "2026-11-15T00:00:00Z")
    add(exports, "next", "2026-11-20T13:00:00Z")
    second = sync(state=first.state)
    log.clear()

    sync(state=second.state)

    assert "too-late" not in log.text


def test_job_run_again_under_its_id_is_loaded_again(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """A loaded job with a later `updatedAt` is due again."""
    add(exports, "a", "2026-11-20T07:00:00.000000001Z")
    first = sync()
    add(exports, "a", "2026-11-20T07:00:00.000000002Z")

    second = sync(state=first.state)

    assert second.ids("customers") == ["of-a"]
    assert not sync(state=second.state).of_type("RECORD")


def test_job_that_completes_later_is_loaded(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A job in progress is a row of `jobs`. Once completed, it is a row again and its files are loaded."""
    add(exports, "a", "2026-11-20T07:00:00Z", status="IN_PROGRESS")
    add(exports, "b", "2026-11-20T08:00:00Z")
    first = sync()
    add(exports, "a", "2026-11-20T09:00:00Z")

    second = sync(state=first.state)

    assert first.ids("customers") == ["of-b"]
    assert [row["status"] for row in second.rows("jobs")] == ["COMPLETED"]
    assert second.ids("customers") == ["of-a"]


def test_stream_selected_later_loads_every_listed_job(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """Each stream follows its own bookmark."""
    files = {"customers.jsonl": rows_named("c"), "topics.jsonl": rows_named("t")}
    exports.add_job("a", "2026-11-10T07:00:00Z", files)
    exports.add_job("b", "2026-11-20T07:00:00Z", files)
    first = sync(catalog=catalog("customers"))

    second = sync(state=first.state, catalog=catalog("customers", "topics"))

    assert second.ids("customers") == []
    assert [row["_job_id"] for row in second.rows("topics")] == ["a", "b"]


def test_handwritten_bookmark_is_inclusive(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A bookmark without `jobs_read` loads jobs at its own instant or later, and never the earlier ones."""
    for job_id, updated_at in (("a", "2026-11-20T06:59:59.999Z"), ("b", "2026-11-20T07:00:00Z")):
        add(exports, job_id, updated_at)
    state = {"bookmarks": {"customers": {"replication_key_value": "2026-11-20T07:00:00Z"}}}

    first = sync(state=state)
    add(exports, "c", "2026-11-20T08:00:00Z")
    second = sync(state=first.state)

    assert first.ids("customers") == ["of-b"]
    assert second.ids("customers") == ["of-c"]


def test_bookmark_moved_back_by_hand_is_inclusive(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """An earlier `replication_key_value` beside the old `jobs_read` reloads the jobs since then."""
    for hour in ("05", "06", "07"):
        add(exports, hour, f"2026-11-20T{hour}:00:00Z")
    state = sync().state
    state["bookmarks"]["customers"]["replication_key_value"] = "2026-11-20T06:00:00Z"

    assert sync(state=state).ids("customers") == ["of-06", "of-07"]


@pytest.mark.parametrize(
    ("bounds", "read"),
    [
        ({"start_date": "2026-11-20T07:00:00Z"}, ["b", "c", "d"]),
        ({"start_date": "2026-11-20T07:00:00.000000001Z"}, ["c", "d"]),
        ({"end_date": "2026-11-20T07:00:00Z"}, ["a", "b"]),
        ({"start_date": "2026-11-20T09:00:00+02:00", "end_date": "2026-11-20T23:00:00Z"}, ["b", "c"]),
        ({"start_date": "2026-11-20", "end_date": "2026-11-20"}, ["b", "c"]),
    ],
)
def test_dates_bound_jobs_inclusively(
    exports: StaticExports, sync: Callable[..., Sync], bounds: dict[str, str], read: list[str]
) -> None:
    """`start_date` and `end_date` are compared with `updatedAt` as instants."""
    add(exports, "a", "2026-11-19T23:59:59.999999999Z")
    add(exports, "b", "2026-11-20T07:00:00Z")
    add(exports, "c", "2026-11-20T23:00:00.000Z")
    add(exports, "d", "2026-11-21T00:00:00Z")

    run = sync(**bounds)

    assert run.ids("jobs") == read
    assert run.ids("customers") == [f"of-{job_id}" for job_id in read]


def test_run_limited_by_end_date_is_resumed(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A later run without `end_date` loads the jobs that it excluded."""
    add(exports, "a", "2026-11-10T00:00:00Z")
    add(exports, "b", "2026-11-20T00:00:00Z")

    first = sync(end_date="2026-11-15")

    assert sync(state=first.state).ids("customers") == ["of-b"]


def test_empty_file_counts_as_loaded(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """A file without rows advances the bookmark, and isn't requested again."""
    exports.add_job("a", "2026-11-20T07:00:00Z", {"customers.jsonl": b"", "topics.jsonl": b"\n \r\n"})

    first = sync()
    emulator.clear()
    sync(state=first.state)

    assert first.bookmark("customers")["jobs_read"] == {"a": "2026-11-20T07:00:00Z"}
    assert len(export_requests(emulator)) == 1


def test_invalid_bookmark_ends_the_run(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The error names the stream and the invalid property."""
    add(exports, "a", "2026-11-20T07:00:00Z")

    sync(state={"bookmarks": {"customers": {"replication_key_value": "soon"}}}, should_fail=True)

    assert (
        "The bookmark of customers in the state is invalid: replication_key_value is not a timestamp"
        in log.text
    )


def test_job_24_hours_before_the_bookmark_is_loaded_once(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """The 24 hours are counted from the newest job's full timestamp, not from the truncated bookmark."""
    add(exports, "a", "2026-11-19T07:15:19.072729100Z")
    add(exports, "b", "2026-11-20T07:15:19.072729331Z")
    first = sync()

    second = sync(state=first.state)

    assert first.ids("customers") == ["of-a", "of-b"]
    assert not second.of_type("RECORD")


def test_jobs_read_without_replication_key_value_is_no_bookmark(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """If the user removes `replication_key_value`, the stream starts over."""
    add(exports, "a", "2026-11-20T07:00:00Z")
    state = sync().state
    del state["bookmarks"]["customers"]["replication_key_value"]

    assert sync(state=state).ids("customers") == ["of-a"]


def test_bookmark_in_the_future_is_reported(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """If a bookmark is in the future, the tap loads nothing and logs a warning."""
    add(exports, "a", "2026-11-20T07:00:00Z")

    run = sync(state={"bookmarks": {"customers": {"replication_key_value": "2199-01-01T00:00:00Z"}}})

    assert run.ids("customers") == []
    assert "The bookmark lies in the future (customers)" in log.text
