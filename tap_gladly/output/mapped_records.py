"""Make the records that stream maps and flattening return valid for the SCHEMA that the SDK sends for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.mapper import CustomStreamMap

from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.jsonl import decode_value
from tap_gladly.parsing.record_check import RecordCheck, find_free_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.mapper import StreamMap

    from tap_gladly.parsing.schema_validation import Problem

Record = dict[str, Any]
_UNMAPPED = "_unmapped"


class MappedRecordCheck:
    """Checks the records of one stream map."""

    def __init__(self, stream_map: StreamMap) -> None:
        schema = stream_map.transformed_schema
        self._columns = frozenset(schema["properties"])
        types = schema["properties"].get(_UNMAPPED, {}).get("type", ())
        self._has_unmapped = "object" in types or "string" in types  # else a map gave it another type
        self._has_text = "object" not in types
        self._check = RecordCheck(schema, keys=stream_map.transformed_key_properties or ())

    def conform(self, record: Record) -> tuple[Record, list[Problem]]:
        """Return a record that fits the schema, and what is wrong with the values that moved to `_unmapped`."""
        for name in [it for it, value in record.items() if value is None and it not in self._columns]:
            del record[name]  # flattening keeps a null object, whose own column doesn't exist
        line = encode(record)
        return (record, []) if self._check.is_valid(line) else self._move(decode_value(line))

    def _move(self, record: Any) -> tuple[Record, list[Problem]]:  # noqa: ANN401
        removed, problems = self._check.conform(record)
        if removed and self._has_unmapped:
            unmapped = _parse_unmapped(record.get(_UNMAPPED))
            for path, value in removed.items():
                unmapped[find_free_key(path, unmapped)] = value
            record[_UNMAPPED] = encode(unmapped).decode() if self._has_text else unmapped
        return record, problems


def make_checks(stream_maps: Iterable[StreamMap]) -> dict[str, MappedRecordCheck]:
    """Return a check for each table whose records a map or flattening changes."""
    return {
        it.stream_alias: MappedRecordCheck(it)
        for it in stream_maps
        if (isinstance(it, CustomStreamMap) or it.flattening_enabled)
        and it.transformed_schema.get("properties")
    }


def _parse_unmapped(unmapped: object) -> dict[str, Any]:
    """Return what `_unmapped` already holds; flattening makes it a JSON text, and a map may make it any text."""
    try:
        value = decode_value(unmapped.encode()) if isinstance(unmapped, str) else unmapped
    except (msgspec.DecodeError, ValueError):
        value = unmapped
    if isinstance(value, dict):
        return dict(value)
    return {} if value is None else {_UNMAPPED: unmapped}
