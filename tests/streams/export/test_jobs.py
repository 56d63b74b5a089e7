"""Export streams: schemas, rows, metadata columns, and order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support import (
    FILE_STREAMS,
    LISTS,
    Sync,
    export_requests,
    jsonl,
    rows_named,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gladly_emulator import Emulator, StaticExports

FIRST, SECOND, THIRD = "2026-11-20T07:15:19.07272933Z", "2026-11-20T08:15:19Z", "2026-11-20T09:15:19.5Z"


def test_sync_sends_one_schema_per_stream_before_its_rows(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """However many jobs there are, each selected stream has one SCHEMA, before its first RECORD."""
    for name, updated_at in (("j1", FIRST), ("j2", SECOND), ("j3", THIRD)):
        exports.add_job(name, updated_at, {f"{stream}.jsonl": rows_named("a") for stream in FILE_STREAMS})

    run = sync()

    assert sorted(run.schemas) == sorted(["jobs", *FILE_STREAMS, *LISTS])
    seen: set[str] = set()
    for message in run.messages:
        if message["type"] == "SCHEMA":
            seen.add(message["stream"])
        if message["type"] == "RECORD":
            assert message["stream"] in seen


def test_sync_without_jobs_sends_schemas_and_state(sync: Callable[..., Sync]) -> None:
    """An account without jobs gets a SCHEMA per stream, no rows, and an empty STATE."""
    run = sync()

    assert sorted(run.schemas) == sorted(["jobs", *FILE_STREAMS, *LISTS])
    assert len(run.messages) == len(run.schemas) + 1
    assert run.state == {"bookmarks": {}}


def test_file_rows_have_job_and_timestamp(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """`_job_updated_at` is in UTC, truncated to six digits; `jobs.updatedAt` keeps Gladly's text."""
    exports.add_job("j1", "2026-11-20T09:15:19.0727299+02:00", {"customers.jsonl": rows_named("c1")})

    run = sync()

    assert run.rows("customers") == [
        {"id": "c1", "_job_id": "j1", "_job_updated_at": "2026-11-20T07:15:19.072729Z"}
    ]
    assert run.rows("jobs")[0]["updatedAt"] == "2026-11-20T09:15:19.0727299+02:00"


def test_jobs_are_loaded_oldest_first(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """Jobs are ordered as instants, whatever the order of the list and the number of digits."""
    exports.add_job("d", "2026-11-20T08:00:01Z", {"customers.jsonl": rows_named("c4")})
    exports.add_job("b", "2026-11-20T08:00:00.000000001Z", {"customers.jsonl": rows_named("c2")})
    exports.add_job("c", "2026-11-20T08:00:00.5Z", {"customers.jsonl": rows_named("c3")})
    exports.add_job("a", "2026-11-20T08:00:00Z", {"customers.jsonl": rows_named("c1")})

    run = sync()

    assert run.ids("customers") == ["c1", "c2", "c3", "c4"]
    assert run.ids("jobs") == ["a", "b", "c", "d"]


def test_only_completed_jobs_are_loaded(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """Every job is a row, and only files of COMPLETED jobs are requested."""
    for status in ("PENDING", "IN_PROGRESS", "FAILED", "SOMETHING_NEW", "COMPLETED"):
        exports.add_job(status, FIRST, {"agents.jsonl": rows_named(status)}, status=status)

    run = sync()

    assert len(run.rows("jobs")) == 5
    assert run.ids("agents") == ["COMPLETED"]
    assert len(export_requests(emulator)) == 2


def test_only_listed_known_files_are_requested(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """The tap requests the files in `files` that it knows, and skips other values."""
    exports.add_job("j1", FIRST, {"topics.jsonl": rows_named("t1"), "else.jsonl": b"{}"})
    exports.change_job(
        "j1", files=["topics.jsonl", "else.jsonl", "../../teams", "a/b", 7, None, ["agents.jsonl"]]
    )
    jobs = exports.jobs(emulator.now)
    exports.list_as(json.dumps([*jobs, {"id": "j2", "status": "COMPLETED", "updatedAt": SECOND}]).encode())

    run = sync()

    assert run.ids("topics") == ["t1"]
    assert [request.path for request in export_requests(emulator)] == [
        "/api/v1/export/jobs",
        "/api/v1/export/jobs/j1/files/topics.jsonl",
    ]


def test_each_file_is_downloaded_once(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """A sync sends one request for the list and one per file."""
    for name, updated_at in (("j1", FIRST), ("j2", SECOND)):
        exports.add_job(name, updated_at, {f"{stream}.jsonl": rows_named("a") for stream in FILE_STREAMS})

    sync()

    paths = [request.path for request in export_requests(emulator)]
    assert len(paths) == 9
    assert len(set(paths)) == 9


def test_undeclared_properties_go_to_unmapped(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """An undeclared property is kept, and one warning has its name but not its value."""
    exports.add_job(
        "j1",
        FIRST,
        {
            "customers.jsonl": jsonl(
                {"id": "c1", "tier": "oak-tree", "n": 1}, {"id": "c2", "tier": "elm-tree"}
            )
        },
        region="us-1",
    )

    run = sync()

    first, second = run.rows("customers")
    assert first["_unmapped"] == {"tier": "oak-tree", "n": 1}
    assert second["_unmapped"] == {"tier": "elm-tree"}
    assert "tier" not in first
    assert run.rows("jobs")[0]["_unmapped"] == {"region": "us-1"}
    assert log.text.count("tier") == 1
    assert "oak-tree" not in log.text


def test_metadata_columns_of_a_line_go_to_unmapped(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """`_job_id` or `_unmapped` in a line don't replace the tap's own columns."""
    line = {"id": "c1", "_job_id": "forged", "_job_updated_at": "never", "_unmapped": {"x": 1}}
    exports.add_job("j1", FIRST, {"customers.jsonl": jsonl(line)})

    row = sync().rows("customers")[0]

    assert row["_job_id"] == "j1"
    assert row["_job_updated_at"] == "2026-11-20T07:15:19.072729Z"
    assert row["_unmapped"] == {"_job_id": "forged", "_job_updated_at": "never", "_unmapped": {"x": 1}}


def test_nested_objects_are_unchanged(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """Nested values arrive unchanged to the last digit, whether documented or not."""
    content = (
        '{"type":"KIOSK","new":{"deep":[1,{"x":null}]},"n":1.10,"big":1234567890123456789,'
        '"tiny":0.1000000000000000055511151231257827,"disabled":"false"}'
    )
    body = f'{{"id":"i1","content":{content},"timestamp":"2026-11-20T06:00:00.01Z"}}\n'
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": body.encode()})

    run = sync()

    assert content in run.output


def test_stream_map_without_jobs_keeps_file_streams(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """If `__else__` removes `jobs`, mapped streams still get rows, and the others cost no request."""
    customers = jsonl({"id": "c1", "name": "Anna"})
    exports.add_job("j1", FIRST, {"customers.jsonl": customers, "topics.jsonl": rows_named("t1")})
    maps = {"customers": {"name": "md5(name)"}, "__else__": None}

    run = sync(stream_maps=maps)

    assert run.schemas == ["customers"]
    assert list(run.state["bookmarks"]) == ["customers"]
    assert len(export_requests(emulator)) == 2
    assert run.rows("customers")[0]["name"] == "97a9d330e236c8d067f01da1894a5438"


def test_flattening_creates_columns(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """With flattening enabled, declared nested properties become columns."""
    item = {"id": "i1", "initiator": {"id": "a1", "type": "AGENT"}}
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": jsonl(item)})

    run = sync(flattening_enabled=True, flattening_max_depth=1)

    assert run.rows("conversation_items")[0]["initiator__type"] == "AGENT"


def test_batches_precede_the_state_that_covers_them(
    exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path
) -> None:
    """BATCH messages with all rows of a job precede its STATE, even if the rows fill the last batch."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1", "c2", "c3", "c4")})
    exports.add_job("j2", SECOND, {"customers.jsonl": rows_named("c5")})
    encoding = {"format": "jsonl", "compression": "none"}
    batch = {"encoding": encoding, "storage": {"root": tmp_path.as_uri()}, "batch_size": 2}

    run = sync(batch_config=batch)

    assert [len(message["manifest"]) for message in run.of_type("BATCH")] == [1, 1, 1]
    types = "".join(
        message["type"][0] for message in run.messages if message.get("stream") not in {"jobs", *LISTS}
    )
    assert types.endswith("BBSBS")


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "soon", ""])
def test_job_with_an_invalid_timestamp_is_skipped(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, time: str
) -> None:
    """A job without a usable `updatedAt` is skipped with a warning, and the others load."""
    exports.add_job("odd", FIRST, {"customers.jsonl": rows_named("c0")}, updatedAt=time)
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})

    run = sync()

    assert run.ids("customers") == ["c1"]
    assert "1 of 2 listed jobs have no usable id or updatedAt" in log.text


def test_job_list_without_a_usable_job_fails(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Otherwise, files would expire unnoticed. Other streams still load."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")}, updatedAt=1764140400)
    exports.add_job("j2", FIRST, {"customers.jsonl": rows_named("c2")}, updatedAt=None)
    exports.lists["teams"] = b'[{"id":"t1"}]'

    run = sync(should_fail=True)

    assert run.ids("teams") == ["t1"]
    assert run.state.get("bookmarks", {}).get("customers", {}).get("replication_key_value") is None
    assert "None of the 2 listed jobs has a usable id and updatedAt" in log.text


def test_job_listed_twice_is_loaded_once(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """Of two entries with the same id, the newer one counts."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})
    listed = exports.jobs(emulator.now)
    exports.list_as(json.dumps([{**listed[0], "updatedAt": SECOND}, *listed]).encode())

    run = sync()

    assert [row["_job_updated_at"] for row in run.rows("customers")] == ["2026-11-20T08:15:19.000000Z"]
    assert len(export_requests(emulator)) == 2
