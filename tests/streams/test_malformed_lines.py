"""Lines that aren't usable records: emitted, logged, and no reason to fail."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, jsonl, run_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

FIRST = "2026-11-20T07:15:19.07272933Z"
HUGE, LONG = "1e99999999999999999999999", "7" * 4000


def test_malformed_lines_are_emitted(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Every line that isn't a record goes to `malformed_lines`. The log names positions, not content."""
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


def test_nul_in_malformed_line_is_replaced(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """U+0000, which PostgreSQL can't store, becomes U+FFFD."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b'{"id":"c1"}\n{"id":"a\x00b"}\n'})

    run = sync()

    assert [line["line"] for line in run.rows("malformed_lines")] == ['{"id":"a\ufffdb"}']


def test_deselected_malformed_lines_are_logged(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """If the stream is deselected, no line is emitted, but the log names their positions."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b'{\n{"id":"c1"}\n'})

    run = sync(catalog=catalog("customers"))

    assert run.schemas == ["customers"]
    assert run.ids("customers") == ["c1"]
    assert "customers.jsonl of job j1, line 1" in log.text


@pytest.mark.parametrize("depth", [150, 400, 5000, 100_000])
def test_deeply_nested_line_is_malformed(
    exports: StaticExports, sync: Callable[..., Sync], depth: int
) -> None:
    """A line nested more than 200 deep is a malformed line."""
    deep = b'{"id":"deep","content":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    flat = b'{"id":"flat","content":' + json.dumps({"text": "[{" * 300, "list": [[]] * 300}).encode() + b"}"
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": deep + b"\n" + flat + b"\n"})

    run = sync()

    kept = depth < 200
    assert run.ids("conversation_items") == (["deep", "flat"] if kept else ["flat"])
    assert run.ids("conversation_items")[-1] == "flat"
    assert [line["line"] for line in run.rows("malformed_lines")] == ([] if kept else [deep.decode()])


def test_python_target_can_read_every_message(exports: StaticExports, emulator: Emulator) -> None:
    """The command line emits nothing that Python can't read because of its depth or its digits."""
    deep = b'{"id":"deep","name":%b}' % (b"[" * 1500 + b"]" * 1500)
    long = b'{"id":"long","name":%b}' % (b"9" * 5000)
    exports.add_job("j1", FIRST, {"customers.jsonl": b"%b\n%b\n" % (deep, long) + b'{"id":"c1"}\n'})

    run = Sync(run_command("--config=ENV", settings=emulator.settings).stdout)

    kept, malformed = run.ids("customers"), [line["line"][7:11] for line in run.rows("malformed_lines")]
    assert kept == ["long", "c1"]
    assert malformed == ["deep"]


def test_numbers_out_of_range_become_text(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A number that some target can't read goes to `_unmapped` as text."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b'{"id":"a","v":%b}\n{"id":"b"}\n' % HUGE.encode()})
    listed = exports.jobs(datetime.now(timezone.utc))
    more = f', "weight": {HUGE}, "count": {LONG}, "many": {LONG * 2}' + "}]"
    exports.list_as((json.dumps(listed)[:-2] + more).encode())

    run = sync()

    assert run.ids("customers") == ["a", "b"]
    assert f'"_unmapped":{{"v":"{HUGE}"}}' in run.output
    assert f'"_unmapped":{{"count":"{LONG}","many":"{LONG * 2}","weight":"{HUGE}"}}' in run.output


@pytest.mark.parametrize("text", [b"\\ud800", b"\xff"], ids=["lone surrogate", "invalid UTF-8"])
def test_invalid_characters_in_the_job_list_are_replaced(
    exports: StaticExports, sync: Callable[..., Sync], text: bytes
) -> None:
    """Invalid UTF-8 and lone surrogates become U+FFFD, and the job loads."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b'{"id":"a"}'}, scheduleId="here")
    listed = json.dumps(exports.jobs(datetime.now(timezone.utc))).encode()
    exports.list_as(listed.replace(b"here", "Z\u00fcrich ".encode() + text))

    run = sync()

    assert run.ids("customers") == ["a"]
    assert '"scheduleId":"Z\u00fcrich \ufffd"' in run.output


def test_unreadable_values_do_not_stop_the_sdks_path(
    exports: StaticExports, sync: Callable[..., Sync]
) -> None:
    """With flattening, a number out of range becomes text, and a line nested too deeply is malformed."""
    deep = b'{"id":"deep","content":' + b"[" * 300 + b"]" * 300 + b"}"
    body = b'{"id":"a"}\n{"id":"b","v":%b}\n%b\n{"id":"c"}\n' % (HUGE.encode(), deep)
    exports.add_job("j1", FIRST, {"conversation_items.jsonl": body})

    run = sync(flattening_enabled=True, flattening_max_depth=1)

    assert run.ids("conversation_items") == ["a", "b", "c"]
    assert json.loads(run.rows("conversation_items")[1]["_unmapped"]) == {"v": HUGE}
    assert [line["error"] for line in run.rows("malformed_lines")] == ["nested more than 200 deep"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"flattening_enabled": True, "flattening_max_depth": 0},
        {"stream_maps": {"customers": {"x": "id"}}},
    ],
    ids=["copied", "flattened", "mapped"],
)
def test_both_paths_send_the_same(
    exports: StaticExports, sync: Callable[..., Sync], settings: dict[str, object]
) -> None:
    """Passthrough, flattening and stream maps yield the same rows and malformed lines."""
    lines = [
        '{"id":"1","name":"\\u00e9 \\ud83d\\ude00 \\ud83d","externalCustomerIds":{"a":[1,{"b":1.10}]}}',
        '{"id":"2","name":"x\u2028y\u2029z\u0085","extra":{"\u0085":"\u2028"}}',
        '{"id":"3",\r"extra":{"a":\r1}}\r',
        '{"id":"4","name":null,"a":true,"b":-0.0,"c":1234567890123456789}',
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
    assert '"b":-0.0,"c":1234567890123456789' in run.output
    assert rows[5]["name"] == "\ufffd"
    assert [line["line_number"] for line in run.rows("malformed_lines")] == [7, 8, 9, 10, 11, 12]


def test_property_names_cannot_forge_log_lines(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A property's name is logged on one line, and truncated."""
    forged = "x\n2026-11-24 | ERROR | forged"
    body = jsonl({"id": "c1", forged: 1, "y" * 5000: 2})
    exports.add_job("j1", FIRST, {"customers.jsonl": body}, parameters={"startAt": forged, "endAt": forged})

    run = sync()

    assert run.rows("customers")[0]["_unmapped"] == {forged: 1, "y" * 5000: 2}
    assert all("\n" not in record.getMessage() for record in log.records)
    assert all(len(record.getMessage()) < 1000 for record in log.records)
