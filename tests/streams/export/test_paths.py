"""The passthrough and the SDK's record path send the same messages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from support import FILE_STREAMS, Sync, catalog_entry, stream_metadata

from tap_gladly.streams.export.files import ExportFileStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import StaticExports

KNOWN = {
    "customers": ["name", "emailAddresses", "externalCustomerIds"],
    "conversation_items": ["conversationId", "content", "initiator"],
    "agents": ["name", "emailAddress"],
    "topics": ["name", "parentId"],
}


def make_file(stream: str) -> bytes:
    """Return a file with a stream's properties and with unusual and malformed lines."""
    first, second, *_ = KNOWN[stream]
    lines = [
        f'{{"id":"1","{first}":"plain"}}',
        f'{{ "id" : "2", "{second}" : {{"a":[1,{{"b":1.10}},-0.0,1234567890123456789]}} }}',
        f'{{"id":"3","{first}":"\\u00e9 \\ud83d\\ude00","{second}":null}}',
        '{"id":"4","_job_id":"own","_unmapped":{"x":1},"new":{"deep":[true]},"other":1e5}',
        f'{{"id":"5","{first}":"x\u2028y\u2029z\u0085"}}',
        f'{{"id":"6","{first}":"half \\ud800"}}',
        '{"id":"7","id":"last"}',
        '{"id":"8"}\r',
        "",
        '{"id":9}',
        "{",
        f'{{"id":"10","{first}":NaN}}',
        f'{{"id":"11","{first}":"\t"}}',
        f'{{"id":"12","{first}":"end"}}',
    ]
    return "\ufeff".encode() + "\n".join(lines).encode() + b'\n{"id":"bad\xff"}\n{"id":"13"}'


def comparable(run: Sync) -> list[dict[str, Any]]:
    """Return all messages without their time, and numbers with their digits."""
    messages = [json.loads(line, parse_float=Decimal) for line in run.output.splitlines()]
    return [{key: value for key, value in it.items() if key != "time_extracted"} for it in messages]


@pytest.mark.parametrize("deselected", [[], ["name"], ["conversationId", "new", "_job_id", "_unmapped"]])
def test_both_paths_send_the_same_messages(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    deselected: list[str],
) -> None:
    """Every message is the same, in the same order, for every stream, with and without deselection."""
    chosen = catalog("jobs", *FILE_STREAMS, "malformed_lines")
    for stream in FILE_STREAMS:
        for field in deselected:
            if field in catalog_entry(chosen, stream)["schema"]["properties"]:
                stream_metadata(catalog_entry(chosen, stream), "properties", field)["selected"] = False
    for number in range(2):
        files = {f"{stream}.jsonl": make_file(stream) for stream in FILE_STREAMS}
        exports.add_job(f"j{number}", f"2026-11-20T0{7 + number}:00:00Z", files)

    copied = sync(catalog=chosen)
    monkeypatch.setattr(ExportFileStream, "_can_pass_through", False)
    rebuilt = sync(catalog=chosen)

    assert comparable(copied) == comparable(rebuilt)
    assert len(copied.rows("topics")) == 2 * 10
    assert len(copied.rows("malformed_lines")) == 4 * 2 * 5
    assert "1234567890123456789" in copied.output
    assert "1.10" in copied.output


def test_copied_record_has_the_fields_of_the_sdks(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A copied RECORD has the same fields in the same order, and a `time_extracted` with a zone."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": b'{"id":"a1"}\n{"id":"a2"}\n'})

    run = sync()

    job, first, second = (it for it in run.of_type("RECORD") if it["stream"] in {"jobs", "agents"})
    assert list(first) == list(second) == list(job) == ["type", "stream", "record", "time_extracted"]
    assert first["time_extracted"][:10] == job["time_extracted"][:10]
    assert first["time_extracted"].endswith("+00:00")


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the streams whose files were copied, one per file."""
    streams: list[str] = []
    send = ExportFileStream._send_copies

    def record_name(stream: ExportFileStream) -> None:
        streams.append(stream.name)
        send(stream)

    monkeypatch.setattr(ExportFileStream, "_send_copies", record_name)
    return streams


def add_customers(exports: StaticExports) -> None:
    """Add a job with two customers."""
    body = b'{"id":"c1","name":"Maud","emailAddresses":["m@example.com"],"externalCustomerIds":{"a":"1"}}\n'
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": body + b'{"id":"c2"}\n'})


@pytest.mark.parametrize(
    ("settings", "row"),
    [
        ({"stream_maps": {"customers": {"loud": "id.upper()"}}}, {"loud": "C1"}),
        ({"flattening_enabled": True, "flattening_max_depth": 1}, {"externalCustomerIds": '{"a":"1"}'}),
    ],
)
def test_maps_and_flattening_use_the_sdks_path(
    exports: StaticExports,
    sync: Callable[..., Sync],
    copied: list[str],
    settings: dict[str, Any],
    row: dict[str, Any],
) -> None:
    """Stream maps and flattening need decoded records."""
    add_customers(exports)

    run = sync(**settings)

    assert copied == []
    assert row.items() <= run.rows("customers")[0].items()


def test_path_is_chosen_per_stream(
    exports: StaticExports, sync: Callable[..., Sync], copied: list[str]
) -> None:
    """A map of one stream leaves the passthrough of the others."""
    add_customers(exports)
    exports.add_job("j2", "2026-11-20T08:00:00Z", {"agents.jsonl": b'{"id":"a1"}\n'})

    sync(stream_maps={"customers": {"name": "None"}})

    assert copied == ["agents"]


def test_alias_uses_the_passthrough(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A stream that is only renamed is copied under its alias."""
    add_customers(exports)

    run = sync(stream_maps={"customers": {"__alias__": "people"}})

    assert run.ids("people") == ["c1", "c2"]


@pytest.mark.parametrize(
    ("field", "is_copied"), [(("name",), True), (("content", "properties", "type"), False)]
)
def test_nested_deselection_uses_the_sdks_path(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    copied: list[str],
    field: tuple[str, ...],
    *,
    is_copied: bool,
) -> None:
    """A field that is deselected at the top level does not."""
    body = b'{"id":"i1","content":{"type":"SMS","content":"x"}}\n'
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"conversation_items.jsonl": body})
    exports.add_job("j2", "2026-11-20T07:30:00Z", {"customers.jsonl": b'{"id":"c1","name":"Maud"}\n'})
    stream = "customers" if is_copied else "conversation_items"
    chosen = catalog(stream)
    stream_metadata(catalog_entry(chosen, stream), "properties", *field)["selected"] = False

    run = sync(catalog=chosen)

    assert copied == ([stream] if is_copied else [])
    row = run.rows(stream)[0]
    assert "name" not in row
    assert row.get("content", {}).keys() <= {"content"}


def test_activate_version_uses_the_sdks_path(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    copied: list[str],
) -> None:
    """With ACTIVATE_VERSION, each RECORD carries the version."""
    add_customers(exports)
    chosen = catalog("customers")
    stream_metadata(catalog_entry(chosen, "customers"))["forced-replication-method"] = "FULL_TABLE"
    catalog_entry(chosen, "customers")["replication_method"] = "FULL_TABLE"

    run = sync(catalog=chosen, emit_activate_version_messages=True)

    assert copied == []
    assert all(message["version"] for message in run.of_type("RECORD"))
