"""What is sent: schemas, rows, their provenance, and in which order."""

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


def test_sync_sends_one_schema_a_stream_before_its_rows(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """However many jobs there are, each selected stream has one SCHEMA, ahead of its first RECORD."""
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


def test_sync_of_nothing_sends_schemas_and_no_rows(sync: Callable[..., Sync]) -> None:
    """An account without jobs gets its tables, no rows, and an empty STATE to go on from."""
    run = sync()

    assert sorted(run.schemas) == sorted(["jobs", *FILE_STREAMS, *LISTS])
    assert len(run.messages) == len(run.schemas) + 1
    assert run.state == {"bookmarks": {}}


def test_file_rows_carry_job_and_time(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """`_job_updated_at` is in UTC with six digits, cut and not rounded; jobs keep Gladly's own text."""
    exports.add_job("j1", "2026-11-20T09:15:19.0727299+02:00", {"customers.jsonl": rows_named("c1")})

    run = sync()

    assert run.rows("customers") == [
        {"id": "c1", "_job_id": "j1", "_job_updated_at": "2026-11-20T07:15:19.072729Z"}
    ]
    assert run.rows("jobs")[0]["updatedAt"] == "2026-11-20T09:15:19.0727299+02:00"


def test_jobs_are_read_oldest_first(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """The order is that of the instants, whatever the list's order and the number of digits."""
    exports.add_job("d", "2026-11-20T08:00:01Z", {"customers.jsonl": rows_named("c4")})
    exports.add_job("b", "2026-11-20T08:00:00.000000001Z", {"customers.jsonl": rows_named("c2")})
    exports.add_job("c", "2026-11-20T08:00:00.5Z", {"customers.jsonl": rows_named("c3")})
    exports.add_job("a", "2026-11-20T08:00:00Z", {"customers.jsonl": rows_named("c1")})

    run = sync()

    assert run.ids("customers") == ["c1", "c2", "c3", "c4"]
    assert run.ids("jobs") == ["a", "b", "c", "d"]


def test_jobs_of_every_status_are_rows_but_only_completed_are_read(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """A file that an unfinished or failed job lists is not asked for."""
    for status in ("PENDING", "IN_PROGRESS", "FAILED", "SOMETHING_NEW", "COMPLETED"):
        exports.add_job(status, FIRST, {"agents.jsonl": rows_named(status)}, status=status)

    run = sync()

    assert len(run.rows("jobs")) == 5
    assert run.ids("agents") == ["COMPLETED"]
    assert len(export_requests(emulator)) == 2


def test_unlisted_files_are_not_asked_for(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """A job offers what its `files` names, and a name the tap does not know is left alone."""
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
    """One request for the list and one for each file are all there are."""
    for name, updated_at in (("j1", FIRST), ("j2", SECOND)):
        exports.add_job(name, updated_at, {f"{stream}.jsonl": rows_named("a") for stream in FILE_STREAMS})

    sync()

    paths = [request.path for request in export_requests(emulator)]
    assert len(paths) == 9
    assert len(set(paths)) == 9


def test_unknown_fields_go_to_unmapped(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Nothing that Gladly adds is lost, and its name, not its value, is told once."""
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


def test_provenance_fields_of_a_line_do_not_pass_for_the_taps_own(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """A line that brings `_job_id` or `_unmapped` itself keeps them, in `_unmapped`."""
    line = {"id": "c1", "_job_id": "forged", "_job_updated_at": "never", "_unmapped": {"x": 1}}
    exports.add_job("j1", FIRST, {"customers.jsonl": jsonl(line)})

    row = sync().rows("customers")[0]

    assert row["_job_id"] == "j1"
    assert row["_job_updated_at"] == "2026-11-20T07:15:19.072729Z"
    assert row["_unmapped"] == {"_job_id": "forged", "_job_updated_at": "never", "_unmapped": {"x": 1}}


def test_nested_objects_stay_as_they_are(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """What Gladly writes below the top level arrives unchanged, documented or not, to the last digit."""
    content = (
        '{"type":"KIOSK","new":{"deep":[1,{"x":null}]},"n":1.10,"big":1234567890123456789,'
        '"tiny":0.1000000000000000055511151231257827,"disabled":"false"}'
    )
    body = f'{{"id":"i1","content":{content},"timestamp":"2026-11-20T06:00:00.01Z"}}\n'
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": body.encode()})

    run = sync()

    assert content in run.output


def test_stream_maps_apply_and_do_not_starve_the_files(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """`__else__` may drop the jobs themselves; what is mapped still gets its rows, the rest no request."""
    customers = jsonl({"id": "c1", "name": "Anna"})
    exports.add_job("j1", FIRST, {"customers.jsonl": customers, "topics.jsonl": rows_named("t1")})
    maps = {"customers": {"name": "md5(name)"}, "__else__": None}

    run = sync(stream_maps=maps)

    assert run.schemas == ["customers"]
    assert list(run.state["bookmarks"]) == ["customers"]
    assert len(export_requests(emulator)) == 2
    assert run.rows("customers")[0]["name"] == "97a9d330e236c8d067f01da1894a5438"


def test_flattening_applies(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """Nested documented fields become columns when the SDK's flattening is on."""
    item = {"id": "i1", "initiator": {"id": "a1", "type": "AGENT"}}
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": jsonl(item)})

    run = sync(flattening_enabled=True, flattening_max_depth=1)

    assert run.rows("conversation_items")[0]["initiator__type"] == "AGENT"


def test_batches_precede_the_state_that_covers_them(
    exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path
) -> None:
    """With BATCH the rows of a file are all written before its STATE, also when they fill batches evenly."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1", "c2", "c3", "c4")})
    exports.add_job("j2", SECOND, {"customers.jsonl": rows_named("c5")})
    encoding = {"format": "jsonl", "compression": "none"}
    batch = {"encoding": encoding, "storage": {"root": tmp_path.as_uri()}, "batch_size": 2}

    run = sync(batch_config=batch)

    assert [len(message["manifest"]) for message in run.of_type("BATCH")] == [1, 1, 1]
    story = "".join(
        message["type"][0] for message in run.messages if message.get("stream") not in {"jobs", *LISTS}
    )
    assert story.endswith("BBSBS")


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "soon", ""])
def test_a_job_without_a_usable_time_stops_nothing(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, time: str
) -> None:
    """It is left out, and told."""
    exports.add_job("odd", FIRST, {"customers.jsonl": rows_named("c0")}, updatedAt=time)
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})

    run = sync()

    assert run.ids("customers") == ["c1"]
    assert "1 of 2 listed jobs have no usable id or updatedAt" in log.text


def test_a_job_listed_twice_is_read_once(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """Of two entries with one id, the newer one counts."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})
    listed = exports.jobs(emulator.now)
    exports.list_as(json.dumps([{**listed[0], "updatedAt": SECOND}, *listed]).encode())

    run = sync()

    assert [row["_job_updated_at"] for row in run.rows("customers")] == ["2026-11-20T08:15:19.000000Z"]
    assert len(export_requests(emulator)) == 2
