"""Strategies for records that a schema accepts, and for records that drift from it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tap_gladly.streams.base import load_schemas
from tap_gladly.streams.records import RecordStream
from tap_gladly.tap import TapGladly

Schema = dict[str, Any]
METADATA = {"_job_id", "_job_updated_at", "_unmapped", "_window_end", "_row_hash", "_row_key"}
KEYS: dict[str, tuple[str, ...]] = {
    name: tuple(key for key in stream.primary_keys if key not in METADATA)
    for name, stream in TapGladly(validate_config=False).streams.items()
    if isinstance(stream, RecordStream)
}
SCHEMAS: dict[str, Schema] = {
    name: {
        **schema,
        "properties": {key: it for key, it in schema["properties"].items() if key not in METADATA},
    }
    for name, schema in load_schemas().items()
    if name in KEYS
}
TIMES = st.sampled_from(
    ["2026-11-20T07:15:19Z", "2026-11-20T07:15:19.07272933Z", "2024-02-29T00:00:00+05:30"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.text(max_size=5)
    | st.floats(allow_nan=False)
)
ANYTHING = st.recursive(
    SCALARS | TIMES | st.sampled_from(["yesterday", "", "2026-11-20", "2026-11-20T07:15:60Z", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def values(schema: Schema) -> st.SearchStrategy[Any]:
    """Generate values that a schema accepts."""
    return st.one_of(*(typed_values(name, schema) for name in schema["type"]))


def typed_values(name: str, schema: Schema) -> st.SearchStrategy[Any]:
    """Generate values of one of a schema's types."""
    if name == "object":
        properties = {key: values(it) for key, it in schema.get("properties", {}).items()}
        return st.fixed_dictionaries({}, optional=properties)
    if name == "array":
        return st.lists(values(schema["items"]), max_size=2)
    scalars: dict[str, st.SearchStrategy[Any]] = {
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": st.integers(-(2**63), 2**63 - 1),
        "number": st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15, allow_subnormal=False),
        "string": TIMES if schema.get("format") == "date-time" else st.text(max_size=5),
    }
    return scalars[name]


def list_paths(schema: Schema, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """List the paths of the properties that a schema declares, without those inside arrays."""
    paths: list[tuple[str, ...]] = []
    for key, it in schema.get("properties", {}).items():
        paths += [(*path, key), *list_paths(it, (*path, key))]
    return paths


@st.composite
def valid_records(draw: st.DrawFn, stream: str) -> dict[str, Any]:
    """Generate a record that a stream's schema accepts."""
    keys = st.fixed_dictionaries({key: st.text(min_size=1, max_size=3) for key in KEYS[stream]})
    return {**draw(typed_values("object", SCHEMAS[stream])), **draw(keys)}


def put(record: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set a nested property, and make the objects around it."""
    for key in path[:-1]:
        if not isinstance(record.get(key), dict):
            record[key] = {}
        record = record[key]
    record[path[-1]] = value


@st.composite
def drifted_records(draw: st.DrawFn, stream: str) -> dict[str, Any]:
    """Generate a record with up to three values of any type at declared places, but not in the key."""
    record = draw(valid_records(stream))
    paths = [path for path in list_paths(SCHEMAS[stream]) if path[0] not in KEYS[stream]]
    for path in draw(st.lists(st.sampled_from(paths), max_size=3)):
        put(record, path, draw(ANYTHING))
    return record
