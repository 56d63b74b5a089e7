"""Catalogs: selection, replication methods, aliases, and omitted parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import (
    HOUR,
    Sync,
    ago,
    catalog_entry,
    export_requests,
    jsonl,
    make_event,
    rows_named,
    stream_metadata,
)

from tap_gladly.timestamps import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

FIRST = "2026-11-20T07:15:19.07272933Z"


def test_deselected_jobs_stream_still_drives_its_children(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A deselected `jobs` has no SCHEMA, row or bookmark, and the file streams load."""
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
    """A deselected stream sends no request."""
    exports.add_job("j1", FIRST, {"topics.jsonl": rows_named("t1"), "agents.jsonl": rows_named("a1")})

    sync(catalog=catalog("jobs", "agents"))

    assert [request.path.rsplit("/", 1)[1] for request in export_requests(emulator)] == [
        "jobs",
        "agents.jsonl",
    ]


def test_deselected_fields_are_left_out(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A deselected property is neither in SCHEMA nor in `_unmapped`."""
    chosen = catalog("customers")
    stream_metadata(catalog_entry(chosen, "customers"), "properties", "name")["selected"] = False
    exports.add_job("j1", FIRST, {"customers.jsonl": jsonl({"id": "c1", "name": "Anna", "address": "Row 1"})})

    run = sync(catalog=chosen)

    assert run.rows("customers")[0].keys() == {"id", "address", "_job_id", "_job_updated_at"}
    assert "name" not in run.of_type("SCHEMA")[0]["schema"]["properties"]


def test_deselected_nested_fields_are_left_out(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """Deselecting a nested property leaves the rest of the object unchanged."""
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
    """A hand-written catalog may omit the replication key, and the bookmark is kept."""
    chosen = catalog("customers")
    entry = catalog_entry(chosen, "customers")
    del entry["replication_key"], entry["replication_method"]
    stream_metadata(entry).pop("replication-key", None)
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})

    run = sync(catalog=chosen)

    assert run.bookmark("customers")["replication_key"] == "_job_updated_at"


def test_full_table_loads_every_listed_job_and_keeps_no_bookmark(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A FULL_TABLE file stream loads everything in each run and sends no ACTIVATE_VERSION."""
    chosen = catalog("customers", "topics")
    catalog_entry(chosen, "customers")["replication_method"] = "FULL_TABLE"
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1"), "topics.jsonl": rows_named("t1")})

    first = sync(catalog=chosen)
    second = sync(catalog=chosen, state=first.state)

    assert (first.ids("customers"), second.ids("customers")) == (["c1"], ["c1"])
    assert (first.ids("topics"), second.ids("topics")) == (["t1"], [])
    assert list(second.state["bookmarks"]) == ["topics"]
    assert not first.of_type("ACTIVATE_VERSION")


def test_replication_method_in_metadata_overrides_the_entry(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """`replication-method` in a stream's metadata wins over the INCREMENTAL of a discovered entry."""
    chosen = catalog("customers")
    entry = catalog_entry(chosen, "customers")
    stream_metadata(entry)["replication-method"] = "FULL_TABLE"
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})

    first = sync(catalog=chosen)
    second = sync(catalog=chosen, state=first.state)

    assert entry["replication_method"] == "INCREMENTAL"
    assert (first.ids("customers"), second.ids("customers")) == (["c1"], ["c1"])
    assert "customers" not in second.state["bookmarks"]


@pytest.mark.parametrize("stream", ["customers", "teams", "events", "task_export_report"])
def test_entry_with_another_stream_name_is_an_alias(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    stream: str,
) -> None:
    """An entry whose `stream` isn't its `tap_stream_id` sends its messages under `stream`."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})
    exports.lists["teams"] = [{"id": "t1"}]
    exports.events.add(make_event("e1", ago(HOUR)))
    chosen = catalog(stream)
    catalog_entry(chosen, stream)["stream"] = "gladly_alias"

    run = sync(catalog=chosen, start_date="2026-11-01" if stream == "customers" else ago(30 * DAY))

    assert run.schemas == ["gladly_alias"]
    assert {message.get("stream", "gladly_alias") for message in run.messages} == {"gladly_alias"}
    assert stream == "task_export_report" or len(run.rows("gladly_alias")) == 1


def test_alias_keeps_the_bookmark_of_its_stream(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """The state names the stream by its `tap_stream_id`, so an alias doesn't start over."""
    chosen = catalog("customers")
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})
    first = sync(catalog=chosen)
    catalog_entry(chosen, "customers")["stream"] = "gladly_alias"

    second = sync(catalog=chosen, state=first.state)

    assert not second.rows("gladly_alias")
    assert second.bookmark("customers") == first.bookmark("customers")


def test_minimal_catalog_is_completed(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """If a catalog omits them, the key, the metadata columns and `_unmapped` are still declared."""
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
