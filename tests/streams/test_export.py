"""What is sent: schemas, rows, their provenance, and in which order."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from support import (
    FILE_STREAMS,
    LISTS,
    Sync,
    catalog_entry,
    export_requests,
    jsonl,
    rows_named,
    stream_metadata,
)

from gladly_emulator import Fault
from tap_gladly import client
from tap_gladly.tap import TapGladly

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
        '{"type":"KIOSK","new":{"deep":[1,{"x":null}]},"n":1.10,"big":123456789012345678901234567890,'
        '"tiny":0.1000000000000000055511151231257827,"disabled":"false"}'
    )
    body = f'{{"id":"i1","content":{content},"timestamp":"2026-11-20T06:00:00.01Z"}}\n'
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": body.encode()})

    run = sync()

    assert content in run.output


def test_malformed_lines_are_kept_and_stop_nothing(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Every line that is no record arrives in `malformed_lines`, and is told by place, not by content."""
    body = b'{"id":"c1"}\n{"secret-of-anna\n\n[1]\n{"name":"bo"}\n{"id":""}\n{"id":7}\n\xff\xfe\n{"id":"c2"}'
    exports.add_job("j1", FIRST, {"customers.jsonl": body})

    run = sync()

    assert run.ids("customers") == ["c1", "c2"]
    lines = run.rows("malformed_lines")
    assert [line["line_number"] for line in lines] == [2, 4, 5, 6, 7, 8]
    assert [line["line"] for line in lines[1:]] == [
        "[1]",
        '{"name":"bo"}',
        '{"id":""}',
        '{"id":7}',
        "\ufffd\ufffd",
    ]
    assert {(line["_job_id"], line["file"], line["_job_updated_at"]) for line in lines} == {
        ("j1", "customers.jsonl", "2026-11-20T07:15:19.072729Z")
    }
    assert run.schemas.count("malformed_lines") == 1
    assert "customers.jsonl of job j1, line 2" in log.text
    assert "anna" not in log.text


def test_malformed_lines_deselected_are_told_all_the_same(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """Without the stream the lines are not sent, but the log names their places."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b'{\n{"id":"c1"}\n'})

    run = sync(catalog=catalog("customers"))

    assert run.schemas == ["customers"]
    assert run.ids("customers") == ["c1"]
    assert "customers.jsonl of job j1, line 1" in log.text


def test_deselected_jobs_still_feed_their_files(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """Without `jobs` there is no row, no SCHEMA and no bookmark of it, and the file streams are read."""
    exports.add_job("j1", FIRST, {"topics.jsonl": rows_named("t1"), "agents.jsonl": rows_named("a1")})

    run = sync(catalog=catalog("topics"))

    assert run.schemas == ["topics"]
    assert run.ids("topics") == ["t1"]
    assert list(run.state["bookmarks"]) == ["topics"]


def test_deselected_files_are_not_downloaded(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """A stream that is not wanted costs no request."""
    exports.add_job("j1", FIRST, {"topics.jsonl": rows_named("t1"), "agents.jsonl": rows_named("a1")})

    sync(catalog=catalog("jobs", "agents"))

    assert [request.path.rsplit("/", 1)[1] for request in export_requests(emulator)] == [
        "jobs",
        "agents.jsonl",
    ]


def test_deselected_fields_are_left_out(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A field that is declared and deselected is neither a column nor in `_unmapped`."""
    chosen = catalog("customers")
    stream_metadata(catalog_entry(chosen, "customers"), "properties", "name")["selected"] = False
    exports.add_job("j1", FIRST, {"customers.jsonl": jsonl({"id": "c1", "name": "Anna", "address": "Row 1"})})

    run = sync(catalog=chosen)

    assert run.rows("customers")[0].keys() == {"id", "address", "_job_id", "_job_updated_at"}
    assert "name" not in run.of_type("SCHEMA")[0]["schema"]["properties"]


def test_deselected_nested_fields_are_left_out(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A field within an object can be deselected, and leaves the rest of the object as it is."""
    chosen = catalog("conversation_items")
    entry = catalog_entry(chosen, "conversation_items")
    stream_metadata(entry, "properties", "content", "properties", "from")["selected"] = False
    item = {"id": "i1", "content": {"type": "SMS", "from": "+1555", "to": "+1556", "new": [1]}}
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": jsonl(item)})

    run = sync(catalog=chosen)

    assert run.rows("conversation_items")[0]["content"] == {"type": "SMS", "to": "+1556", "new": [1]}


def test_catalog_without_replication_key_stays_incremental(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A catalog written by hand need not repeat the key for the bookmark to be kept."""
    chosen = catalog("customers")
    entry = catalog_entry(chosen, "customers")
    del entry["replication_key"], entry["replication_method"]
    stream_metadata(entry).pop("replication-key", None)
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})

    run = sync(catalog=chosen)

    assert run.bookmark("customers")["replication_key"] == "_job_updated_at"


def test_full_table_reads_all_that_is_listed_and_keeps_no_bookmark(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A file stream set to FULL_TABLE is read anew each run, and sends no ACTIVATE_VERSION."""
    chosen = catalog("customers", "topics")
    catalog_entry(chosen, "customers")["replication_method"] = "FULL_TABLE"
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1"), "topics.jsonl": rows_named("t1")})

    first = sync(catalog=chosen)
    second = sync(catalog=chosen, state=first.state)

    assert (first.ids("customers"), second.ids("customers")) == (["c1"], ["c1"])
    assert (first.ids("topics"), second.ids("topics")) == (["t1"], [])
    assert list(second.state["bookmarks"]) == ["topics"]
    assert not first.of_type("ACTIVATE_VERSION")


def test_a_file_that_is_gone_is_told_and_passed(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """404 for a listed file names job, file and window, and the rest is read."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1"), "topics.jsonl": rows_named("t1")})
    exports.add_job("j2", SECOND, {"customers.jsonl": rows_named("c2")})
    exports.remove_file("j1", "customers.jsonl")

    run = sync()

    assert run.ids("customers") == ["c2"]
    assert run.ids("topics") == ["t1"]
    assert (
        "customers.jsonl of job j1, 2026-11-20T04:00:00Z to 2026-11-20T05:00:00Z, is gone (404)" in log.text
    )


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=429, path="files"),
        Fault("status", status=503, path="files", times=2),
        Fault("status", status=500, path="jobs$"),
        Fault("cut", at_byte=12, path="files"),
        Fault("reset", path="files"),
        Fault("reset", at_byte=12, path="files"),
        Fault("length", difference=7, path="files"),
        Fault("length", difference=-7, path="files"),
        Fault("gzip", at_byte=20, path="files"),
        Fault("gzip", body=b"no gzip", path="files"),
        Fault("body", body=b"<!DOCTYPE html><title>Busy</title>", path="files"),
        Fault("body", body=b'{"errors":[{"code":"temporary_failure"}]}', path="files"),
        Fault("body", body=b'{"error":"busy"}', path="files"),
        Fault("status", status=200, body=b'{"message":"busy"}', path="files"),
        Fault("status", status=200, body=b"null", path="files"),
        Fault("status", status=200, body=b"[]", path="files"),
        Fault("status", status=204, path="files"),
        Fault("status", status=408, path="jobs$"),
        Fault("stall", at_byte=12, seconds=5, path="files"),
        Fault("delay", seconds=5, path="jobs$"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.at_byte}-{fault.difference}",
)
def test_what_passes_is_sat_out_and_leaves_no_trace(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    """A file is whole before its first row is sent, so that trying again repeats nothing."""
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", (0.2, 0.2))
    exports.add_job(
        "j1", FIRST, {"customers.jsonl": rows_named("c1", "c2"), "topics.jsonl": rows_named("t1")}
    )
    emulator.faults.add(fault)

    run = sync()

    assert run.ids("customers") == ["c1", "c2"]
    assert run.ids("topics") == ["t1"]
    assert run.ids("jobs") == ["j1"]


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
    assert story.endswith("SBBSSBS")


def test_a_file_that_breaks_off_for_good_keeps_what_it_has(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A last line without an end that is no JSON is asked for again, once, and then is a malformed line."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b'{"id":"c1"}\n{"id":"c2","na'})

    run = sync()

    assert run.ids("customers") == ["c1"]
    assert [line["line"] for line in run.rows("malformed_lines")] == ['{"id":"c2","na']
    assert len(export_requests(emulator)) == 3
    assert "customers.jsonl of job j1 breaks off" in log.text


def test_a_file_that_never_is_one_ends_the_run(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A web page in place of a file is neither rows nor malformed lines, and its job stays to be read."""
    exports.add_job("j1", FIRST, {"agents.jsonl": rows_named("a1")})
    emulator.faults.add(Fault("body", body=b"<html>Anna</html>", path="files", times=None))

    with pytest.raises(SystemExit):
        sync()

    assert "something that is not an export file" in log.text
    assert "Anna" not in log.text


def test_one_job_that_fails_does_not_cost_those_before(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], capsys: pytest.CaptureFixture[str]
) -> None:
    """What was sent before a fatal error stands, with its STATE, and the next run goes on from there."""
    for number in range(1, 6):
        exports.add_job(
            f"j{number}", f"2026-11-20T0{number}:00:00Z", {"agents.jsonl": rows_named(f"a{number}")}
        )
    emulator.faults.add(Fault("status", status=403, path="j3/files", times=None))
    output = io.StringIO()
    tap = TapGladly(config=emulator.settings)
    with contextlib.redirect_stdout(output), pytest.raises(SystemExit):
        tap.sync_all()
    emulator.faults.clear()
    begun = Sync(output.getvalue())

    gone_on = sync(state=begun.state)

    assert begun.ids("agents") == ["a1", "a2"]
    assert gone_on.ids("agents") == ["a3", "a4", "a5"]
    assert not capsys.readouterr().out


@pytest.mark.parametrize("depth", [150, 400, 5000, 100_000])
def test_nesting_of_any_depth_stops_nothing(
    exports: StaticExports, sync: Callable[..., Sync], depth: int
) -> None:
    """As deep as it can be sent on it is sent; deeper, it arrives as a malformed line."""
    deep = b'{"id":"deep","content":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    flat = b'{"id":"flat","content":' + json.dumps({"text": "[{" * 300, "list": [[]] * 300}).encode() + b"}"
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": deep + b"\n" + flat + b"\n"})

    run = sync()

    kept = run.ids("conversation_items") == ["deep", "flat"]
    assert kept or depth > 900  # beyond that it is the interpreter's word
    assert run.ids("conversation_items")[-1] == "flat"
    assert [line["line"] for line in run.rows("malformed_lines")] == ([] if kept else [deep.decode()])


HUGE, LONG = "1e99999999999999999999999", "7" * 4000


def test_numbers_beyond_all_bounds_arrive(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """What no Python number can hold is passed on as it came; in the job list it is text."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b'{"id":"a","v":%b}\n{"id":"b"}\n' % HUGE.encode()})
    listed = exports.jobs(datetime.now(timezone.utc))
    exports.list_as((json.dumps(listed)[:-2] + f', "weight": {HUGE}, "count": {LONG}' + "}]").encode())

    run = sync()

    assert run.ids("customers") == ["a", "b"]
    assert f'"_unmapped":{{"v":{HUGE}}}' in run.output
    assert f'"_unmapped":{{"count":{LONG},"weight":"{HUGE}"}}' in run.output


def test_what_the_sdk_could_not_handle_stops_nothing(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """Where records are taken apart, for flattening here, what cannot be is a malformed line."""
    deep = b'{"id":"deep","content":' + b"[" * 300 + b"]" * 300 + b"}"
    body = b'{"id":"a"}\n{"id":"b","v":%b}\n%b\n{"id":"c"}\n' % (HUGE.encode(), deep)
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": body})

    run = sync(flattening_enabled=True, flattening_max_depth=1)

    assert run.ids("conversation_items") == ["a", "c"]
    assert [line["error"] for line in run.rows("malformed_lines")] == [
        "a number beyond all bounds",
        "nested more than 200 deep",
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"flattening_enabled": True, "flattening_max_depth": 0},
        {"stream_maps": {"customers": {"x": "id"}}},
    ],
    ids=["passed on", "flattened", "mapped"],
)
def test_both_ways_send_the_same(
    exports: StaticExports, sync: Callable[..., Sync], settings: dict[str, object]
) -> None:
    """Whether records are passed on or taken apart, the same rows and malformed lines arrive."""
    lines = [
        '{"id":"1","name":"\\u00e9 \\ud83d\\ude00 \\ud83d","externalCustomerIds":{"a":[1,{"b":1.10}]}}',
        '{"id":"2","name":"x\u2028y\u2029z\u0085","extra":{"\u0085":"\u2028"}}',
        '{"id":"3",\r"extra":{"a":\r1}}\r',
        '{"id":"4","name":null,"a":true,"b":-0.0,"c":12345678901234567890123}',
        '{"id":"\\u0061","id":"5"}',
        '{"id":"6","name":"\\ud800"}',
        '{"id":7}',
        '{"id":"8","x":[NaN]}',
        '{"id":"9","x":"\t"}',
        "[]",
        '{"id":"cr","x":{"y":"a\rb"}}',
    ]
    body = "\n".join(lines).encode() + b'\n{"id":"10","x":{"y":"\xff"}}'
    exports.add_job("j1", FIRST, {"customers.jsonl": body})

    run = sync(**settings)

    assert "\r" not in run.output.replace("\\r", "")
    assert len(run.output.splitlines()) == run.output.count("\n")
    rows = [{name: value for name, value in row.items() if name != "x"} for row in run.rows("customers")]
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert rows[0]["name"] == "\u00e9 \U0001f600 \ufffd"
    assert rows[1]["name"] == "x\u2028y\u2029z\u0085"
    assert rows[1]["_unmapped"] == {"extra": {"\u0085": "\u2028"}}
    assert rows[2]["_unmapped"] == {"extra": {"a": 1}}
    assert '"a":[1,{"b":1.10}]' in run.output
    assert '"b":-0.0,"c":12345678901234567890123' in run.output
    assert rows[5]["name"] == "\ufffd"
    assert [line["line_number"] for line in run.rows("malformed_lines")] == [7, 8, 9, 10, 11, 12]


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


def test_names_from_the_data_cannot_forge_the_log(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A field's name is told on one line, and not at any length."""
    forged = "x\n2026-11-24 | ERROR | forged"
    body = jsonl({"id": "c1", forged: 1, "y" * 5000: 2})
    exports.add_job("j1", FIRST, {"customers.jsonl": body}, parameters={"startAt": forged, "endAt": forged})

    run = sync()

    assert run.rows("customers")[0]["_unmapped"] == {forged: 1, "y" * 5000: 2}
    assert all("\n" not in record.getMessage() for record in log.records)
    assert all(len(record.getMessage()) < 1000 for record in log.records)


def test_a_minimal_catalog_is_completed(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """Whatever a catalog leaves out, rows have their key, their provenance and `_unmapped` declared."""
    exports.add_job("j1", FIRST, {"customers.jsonl": jsonl({"id": "c1", "name": "Anna", "new": 1})})
    selected = [{"breadcrumb": [], "metadata": {"selected": True}}]
    schema = {"properties": {"name": {"type": ["string", "null"]}}}
    catalogs = [
        {"streams": [{"tap_stream_id": "customers", "schema": schema, "metadata": selected}]},
        {"streams": [{"tap_stream_id": "customers", "metadata": selected}]},
        {"streams": [{"stream": "customers", "schema": {}, "metadata": selected}]},
    ]

    for catalog in catalogs:
        run = sync(catalog=catalog)
        message = next(it for it in run.of_type("SCHEMA") if it["stream"] == "customers")
        row = run.rows("customers")[0]
        assert message["key_properties"] == ["id"]
        assert message["bookmark_properties"] == ["_job_updated_at"]
        assert row.keys() <= message["schema"]["properties"].keys()
        assert {**row.get("_unmapped", {}), **row}["name"] == "Anna"
        assert row["_unmapped"]["new"] == 1
