"""Records that stream maps and flattening make are valid for the SCHEMA that the SDK sends for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from support import Sync, jsonl, list_warnings

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import StaticExports

STREAM = "conversation_items"


@pytest.fixture
def sync_item(exports: StaticExports, sync: Callable[..., Sync]) -> Callable[..., dict[str, Any]]:
    """Load one record, and return the row, which is valid and has only columns of the SCHEMA."""

    def run(record: dict[str, Any], **settings: object) -> dict[str, Any]:
        exports.add_job("j1", "2026-11-20T07:00:00Z", {f"{STREAM}.jsonl": jsonl(record)})
        output = sync(**settings)
        (schema,) = (it["schema"] for it in output.of_type("SCHEMA") if it["stream"] == STREAM)
        (row,) = output.rows(STREAM)
        Draft202012Validator({**schema, "additionalProperties": False}).validate(row)
        return row

    return run


def map_items(**columns: str) -> dict[str, Any]:
    """Return a setting that maps the stream's columns."""
    return {"stream_maps": {STREAM: columns}}


def test_value_of_another_type_than_its_column_moves(
    sync_item: Callable[..., dict[str, Any]], log: pytest.LogCaptureFixture
) -> None:
    """An expression may return what the SDK doesn't derive from it; the warning names the map."""
    row = sync_item(
        {"id": "i1", "content": {"score": 9}, "new": 1}, **map_items(score="record['content']['score']")
    )

    assert row["score"] is None
    assert row["_unmapped"] == {"new": 1, "score": 9}
    assert (
        "conversation_items: 'score' is declared as string or null, but a stream map returned integer. "
        "Such values go to _unmapped." in list_warnings(log)
    )


def test_moved_value_joins_unmapped_values_that_are_text(sync_item: Callable[..., dict[str, Any]]) -> None:
    """If a map makes `_unmapped` a JSON text, it stays one."""
    maps = map_items(score="record['content']['score']", _unmapped="json.dumps(record.get('_unmapped'))")
    row = sync_item({"id": "i1", "content": {"score": 9}, "new": 1}, **maps)

    assert json.loads(row["_unmapped"]) == {"new": 1, "score": 9}


def test_moved_value_joins_any_text_that_a_map_gives_unmapped(
    sync_item: Callable[..., dict[str, Any]],
) -> None:
    """Text that isn't JSON is kept under the column's own name."""
    maps = map_items(score="record['content']['score']", _unmapped="'none'")
    row = sync_item({"id": "i1", "content": {"score": 9}, "new": 1}, **maps)

    assert json.loads(row["_unmapped"]) == {"_unmapped": "none", "score": 9}


def test_column_unmapped_of_another_type_holds_no_moved_value(
    sync_item: Callable[..., dict[str, Any]],
) -> None:
    """A map that makes it a number takes its place away."""
    row = sync_item(
        {"id": "i1", "content": {"score": 9}},
        **map_items(score="record['content']['score']", _unmapped="float(1.5)"),
    )

    assert row["score"] is None
    assert row["_unmapped"] == 1.5


def test_lone_surrogate_that_a_map_returns_is_replaced(sync_item: Callable[..., dict[str, Any]]) -> None:
    """The record's own text has none, but JSON in that text may have an escape for one."""
    record = {"id": "i1", "content": {"body": '{"a": "x\\ud800\\ud83d\\ude00"}'}}
    row = sync_item(record, **map_items(a="json.loads(record['content']['body'])['a']"))

    assert row["a"] == "x\ufffd\U0001f600"


def test_value_without_unmapped_column_is_dropped(
    sync_item: Callable[..., dict[str, Any]], log: pytest.LogCaptureFixture
) -> None:
    """The warning reports the loss."""
    row = sync_item(
        {"id": "i1", "content": {"score": 9}},
        **map_items(score="record['content']['score']", _unmapped="__NULL__"),
    )

    assert "_unmapped" not in row
    assert any(warning.endswith("because _unmapped isn't selected.") for warning in list_warnings(log))


def test_flattened_null_object_has_no_column(sync_item: Callable[..., dict[str, Any]]) -> None:
    """SCHEMA has only the columns of its properties."""
    row = sync_item({"id": "i1", "content": None}, flattening_enabled=True, flattening_max_depth=2)

    assert [name for name in row if name.startswith("content")] == []


def test_flattened_values_that_do_not_fit_move(sync_item: Callable[..., dict[str, Any]]) -> None:
    """Undeclared nested properties and wrong types go to `_unmapped` under their dotted paths."""
    content = {"type": 7, "content": "kept", "newText": "x", "attachments": [{"a": 1}]}
    row = sync_item({"id": "i1", "content": content}, flattening_enabled=True, flattening_max_depth=1)

    assert row["content__content"] == "kept"
    assert row["content__type"] is None
    assert json.loads(row["_unmapped"]).items() >= {"content.type": 7, "content.newText": "x"}.items()
