"""The user's catalog: its required shape, and what the tap completes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT = {"type": ["string", "null"]}
_COLUMN = {"$ref": "#/$defs/column"}
CATALOG_SCHEMA: dict[str, Any] = {
    "$defs": {
        "column": {
            "type": "object",
            "properties": {
                "type": {"type": ["string", "array", "null"], "items": {"type": "string"}},
                "properties": {"type": "object", "additionalProperties": _COLUMN},
                "items": _COLUMN,
            },
        }
    },
    "properties": {
        "streams": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "tap_stream_id": {"type": "string"},
                    "stream": _TEXT,
                    "key_properties": {"type": ["array", "null"], "items": {"type": "string"}},
                    "replication_key": _TEXT,
                    "replication_method": _TEXT,
                    "schema": {
                        "type": "object",
                        "properties": {"properties": {"type": "object", "additionalProperties": _COLUMN}},
                    },
                    "metadata": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["breadcrumb", "metadata"],
                            "properties": {
                                "breadcrumb": {"type": "array", "items": {"type": "string"}},
                                "metadata": {"type": "object"},
                            },
                        },
                    },
                },
                "anyOf": [{"required": ["tap_stream_id"]}, {"required": ["stream"]}],
            },
        }
    },
}
"""The structure that the SDK expects of a catalog."""


def normalize_catalog(catalog: dict[str, Any], own: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Complete a catalog that an older version created or a user wrote by hand.

    Args:
        catalog: The user's catalog.
        own: The schemas of the tap's streams, by stream name.

    Returns:
        The catalog, in which each stream of the tap has a schema, a key, and the columns that the tap adds.
    """
    for entry in catalog.get("streams", ()):
        name = entry.get("tap_stream_id", entry.get("stream"))
        entry.setdefault("tap_stream_id", name)
        if name in own:
            fields = own[name]["properties"]
            keys = [field for field, schema in fields.items() if "null" not in schema["type"]]
            entry.setdefault("stream", name)
            declared = entry.setdefault("schema", own[name]).setdefault("properties", {})
            for field in fields:
                if field.startswith("_") or field in keys:
                    declared.setdefault(field, fields[field])
            if entry.get("key_properties") is None:
                entry["key_properties"] = keys
        _apply_replication_method(entry)
    return catalog


def _apply_replication_method(entry: dict[str, Any]) -> None:
    # Users set the method in the metadata, as Meltano does, or in the entry. The SDK would ignore the metadata if
    # the entry has a method, which a discovered catalog always has.
    metadata = entry.get("metadata") or ()
    own: dict[str, Any] = next((item["metadata"] for item in metadata if not item["breadcrumb"]), {})
    chosen = own.get("replication-method")
    if chosen is None and own.get("forced-replication-method") == REPLICATION_FULL_TABLE:
        chosen = REPLICATION_FULL_TABLE
    if chosen is not None:
        entry["replication_method"] = chosen


def pop_aliases(catalog: dict[str, Any]) -> dict[str, str]:
    """Remove the aliases from a catalog: entries whose `stream` differs from their `tap_stream_id`.

    The SDK looks a stream up by either name, and fails if they differ.

    Returns:
        The name under which a stream's messages are sent, by the name of the stream.
    """
    aliases: dict[str, str] = {}
    for entry in catalog.get("streams", ()):
        name = entry.get("tap_stream_id")
        if name and entry.get("stream") and entry["stream"] != name:
            aliases[name], entry["stream"] = entry["stream"], name
    return aliases
