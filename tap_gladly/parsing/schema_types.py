"""msgspec types that accept exactly the JSON values that a JSON schema accepts."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_gladly.parsing.date_times import is_date_time
from tap_gladly.parsing.numbers import MAX_INTEGER, MIN_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Schema = Mapping[str, Any]

NonEmptyText = Annotated[str, msgspec.Meta(min_length=1)]
_Integer = Annotated[int, msgspec.Meta(ge=MIN_INTEGER, le=MAX_INTEGER)]
_Nothing = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
"""Accepts no value, so that jsonschema decides."""
_Scalar = bool | str | _Integer | None
_Shallow = bool | str | _Integer | list[_Scalar] | dict[str, _Scalar] | None
_SIMPLE_TYPES: dict[str, Any] = {"null": None, "boolean": bool, "integer": _Integer, "string": str}
# JSON schema's other keywords, such as enum, are left to jsonschema.
_KEYWORDS = {"type", "format", "properties", "items", "additionalProperties"}
_ANNOTATIONS = {
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
}


class DateTime:
    """Stands for a valid timestamp."""


DATE_TIME = DateTime()


def is_simple(schema: object) -> bool:
    """Return whether a schema uses only keywords that these types cover."""
    return (
        isinstance(schema, dict)
        and "type" in schema
        and not any(
            keyword not in _KEYWORDS | _ANNOTATIONS and not keyword.startswith("x-") for keyword in schema
        )
        and schema.get("additionalProperties", True) in (True, False)
    )


def is_simple_throughout(schema: object) -> bool:
    """Return whether a schema and all schemas in it use only keywords that these types cover."""
    if not isinstance(schema, dict) or not is_simple(schema):
        return schema in ({}, True)
    inner = [*schema.get("properties", {}).values(), schema.get("items", {})]
    return all(map(is_simple_throughout, inner))


class TypeFactory:
    """Makes the types of schemas."""

    def __init__(self, *, is_closed: bool) -> None:
        """Choose how undeclared nested values are treated.

        Args:
            is_closed: Whether types reject undeclared nested properties, deep nesting in undeclared places, and
                numbers with a fraction. What they accept needs no other check. Otherwise, they skip undeclared
                values, which may contain numbers out of range.
        """
        self._is_closed = is_closed

    def make_struct(self, properties: Schema, *, keys: Mapping[str, Any], is_closed: bool) -> Any:  # noqa: ANN401
        """Return the type of an object.

        Args:
            properties: Schema of each property.
            keys: Types of properties that are required.
            is_closed: Whether undeclared properties are rejected.
        """
        names = [name for name in properties if name not in keys and _can_name_field(name)]
        fields = {f"field_{number}": name for number, name in enumerate([*keys, *names])}
        types = [(field, keys[name]) for field, name in fields.items() if name in keys]
        optional = [
            (field, self.make_type(properties[name]), msgspec.UNSET)
            for field, name in fields.items()
            if name not in keys
        ]
        # A property that can't be a field is undeclared to a closed type, and skipped by an open one.
        is_complete = len(names) + len(keys) == len({**properties, **keys})
        return msgspec.defstruct(
            "Object",
            [*types, *optional] if is_complete or is_closed else [("never", _Nothing)],
            rename=fields if is_complete or is_closed else None,
            forbid_unknown_fields=is_closed,
            gc=False,
        )

    def make_type(self, schema: Any) -> Any:  # noqa: ANN401
        """Return the type of a value."""
        if not is_simple(schema):
            return self._anything if schema in ({}, True) else _Nothing
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        return reduce(or_, [self._make_one(name, schema) for name in names])

    @property
    def _anything(self) -> Any:  # noqa: ANN401
        return _Shallow if self._is_closed else msgspec.Raw

    def _make_one(self, name: str, schema: Schema) -> Any:  # noqa: ANN401
        if name == "string" and schema.get("format") == "date-time":
            return DateTime
        if name == "number":
            return _Integer if self._is_closed else float | _Integer
        if name == "array":
            item = self.make_type(schema.get("items", {}))
            return list[item]  # type: ignore[valid-type]
        if name == "object":
            return self._make_object(schema)
        return _SIMPLE_TYPES[name]

    def _make_object(self, schema: Schema) -> Any:  # noqa: ANN401
        properties = schema.get("properties", {})
        is_closed = schema.get("additionalProperties") is False
        if not properties and not is_closed:
            anything = self._anything
            return dict[str, anything]  # type: ignore[valid-type]
        return self.make_struct(properties, keys={}, is_closed=is_closed or self._is_closed)


def decode_date_time(_type: type, value: Any) -> DateTime:  # noqa: ANN401
    """Check one timestamp."""
    if is_date_time(value):
        return DATE_TIME
    raise ValueError


def make_decoder(
    value_type: Any,  # noqa: ANN401
    date_time_hook: Callable[[type, Any], DateTime] = decode_date_time,
) -> Callable[[bytes], object]:
    """Return a function that raises unless a JSON text is a value of a type.

    Args:
        value_type: The type.
        date_time_hook: Called with each value that must be a timestamp. It may collect them for a later check.
    """
    try:
        return msgspec.json.Decoder(value_type, dec_hook=date_time_hook).decode
    except TypeError:  # a union that msgspec doesn't support, such as a timestamp or a list
        return msgspec.json.Decoder(_Nothing).decode


def _can_name_field(name: str) -> bool:
    return '"' not in name and "\\" not in name and all(character >= " " for character in name)
