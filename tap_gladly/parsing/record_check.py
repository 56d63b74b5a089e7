"""Check records against the schema that the tap sends, and remove the values that don't fit."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec

from tap_gladly.parsing.date_times import are_date_times
from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.jsonl import decode_value, may_be_too_deep
from tap_gladly.parsing.numbers import make_readable, may_have_unreadable_number
from tap_gladly.parsing.schema_types import (
    DATE_TIME,
    DateTime,
    NonEmptyText,
    TypeFactory,
    decode_date_time,
    is_simple_throughout,
    make_decoder,
)
from tap_gladly.parsing.schema_validation import Problem, SchemaValidator, accepts_null, is_usable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Decode = Callable[[bytes], object]

# msgspec's errors are ValueErrors only from 0.20 on.
_DECODE_ERRORS = (msgspec.DecodeError, ValueError, RecursionError)


class RecordCheck:
    """Checks records against a schema. Valid records, nearly all of them, take the least time."""

    def __init__(
        self,
        schema: Mapping[str, Any],
        *,
        ignored: Iterable[str] = (),
        keys: Iterable[str] = (),
        depth: int = 0,
    ) -> None:
        """Prepare for a schema.

        Args:
            schema: An object's schema.
            ignored: Properties of the schema that count as undeclared, because the tap adds them itself.
            keys: Required properties, which aren't checked, except that `id` is a non-empty string.
            depth: How many levels of nested objects are closed, so that undeclared properties are removed.
        """
        declared = {name: it for name, it in schema.get("properties", {}).items() if name not in {*ignored}}
        self._properties = {name: _close(it, depth) if is_usable(it) else {} for name, it in declared.items()}
        self._keys = self._properties.keys() & {*keys}
        self._simple = {name for name, it in self._properties.items() if is_simple_throughout(it)}
        self._validator = SchemaValidator(self._properties, self._simple)
        self._nullable: dict[tuple[str, ...], bool] = {}
        self._date_times: list[Any] = []
        self._collect = self._make_decoder(self._collect_date_time, is_closed=True)
        self._decode_closed = self._make_decoder(decode_date_time, is_closed=True)
        self._decode_open = self._make_decoder(decode_date_time, is_closed=False)
        types = TypeFactory(is_closed=False)
        self._decoders = {name: make_decoder(types.make_type(it)) for name, it in self._properties.items()}

    def _collect_date_time(self, _type: type, value: Any) -> DateTime:  # noqa: ANN401
        self._date_times.append(value)
        return DATE_TIME

    def _make_decoder(self, date_time_hook: Callable[[type, Any], DateTime], *, is_closed: bool) -> Decode:
        keys = {name: NonEmptyText if name == "id" else msgspec.Raw for name in self._keys}
        record = TypeFactory(is_closed=is_closed).make_struct(self._properties, keys=keys, is_closed=True)
        return make_decoder(record, date_time_hook)

    def find_valid(self, lines: Iterable[bytes]) -> list[bool]:
        """Return for each line whether it is certainly valid. Other lines need `is_valid`."""
        self._date_times.clear()
        found = _try_each(self._collect, lines)
        return found if are_date_times(self._date_times) else _try_each(self._decode_closed, lines)

    def is_valid(self, line: bytes) -> bool:
        """Return whether a line is valid. Nested properties that aren't declared are valid."""
        return _can_decode(self._decode_open, line) and not (
            may_be_too_deep(line) or may_have_unreadable_number(line)
        )

    def conform(self, record: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Remove what doesn't fit from a record.

        Args:
            record: A record, decoded to any depth. A value that doesn't fit becomes null there. If the schema
                doesn't accept null either, the property is removed.

        Returns:
            The removed values, by the names of their properties joined with dots, and what is wrong with them.
        """
        undeclared = sorted(record.keys() - self._properties.keys())
        removed = {name: _make_readable(record.pop(name)) for name in undeclared}
        problems = [Problem((name,)) for name in undeclared]
        for name in [*record]:
            if name not in self._keys and not self._fits(name, record[name]):
                problems += self._remove_problems(record, name, removed)
        return removed, problems

    def _fits(self, name: str, value: object) -> bool:
        text = bytes(value if isinstance(value, msgspec.Raw) else encode(value))
        return _can_decode(self._decoders[name], text) and not may_have_unreadable_number(text)

    def _remove_problems(self, record: dict[str, Any], name: str, removed: dict[str, Any]) -> list[Problem]:
        value = decode_value(record[name]) if isinstance(record[name], msgspec.Raw) else record[name]
        problems = self._validator.find_problems(name, value)
        if not problems:
            record[name] = value  # without a number that a repeated name hides
            return []
        # A schema with a keyword such as anyOf may not accept the value without its parts.
        whole = None if name in self._simple else deepcopy(value)
        record[name], parts = value, {}
        for problem in problems:
            parts[".".join(problem.path)] = self._remove(record, problem.path)
        if whole is not None and name in record and not self._validator.is_valid(name, record[name]):
            parts = {name: make_readable(whole)}
            del record[name]
        for path, part in parts.items():
            removed[find_free_key(path, removed)] = part
        return problems

    def _remove(self, record: dict[str, Any], path: tuple[str, ...]) -> object:
        parent: Any = record
        for key in path[:-1]:
            parent = parent[key]
        value = parent[path[-1]]
        if self._is_nullable(path):
            parent[path[-1]] = None
        else:
            del parent[path[-1]]
        return make_readable(value)

    def _is_nullable(self, path: tuple[str, ...]) -> bool:
        is_nullable = self._nullable.get(path)
        if is_nullable is None:
            schema: Any = {"properties": self._properties}
            for key in path[:-1]:
                schema = _get_property(schema, key)
            is_nullable = _accepts_null(schema, path[-1])
            if _get_property(schema, path[-1]) is not None:  # other names come from the data
                self._nullable[path] = is_nullable
        return is_nullable


def find_free_key(key: str, taken: Mapping[str, Any]) -> str:
    """Return a key that isn't taken: the key itself, unless another property's name has dots."""
    while key in taken:
        key += "_"
    return key


def drop_property(record: object, outer: Iterable[str], name: str) -> None:
    """Remove a property of a nested object from a record, if it is there."""
    for key in outer:
        record = record.get(key) if isinstance(record, dict) else None
    if isinstance(record, dict):
        record.pop(name, None)


def _can_decode(decode: Decode, line: bytes) -> bool:
    try:
        decode(line)
    except _DECODE_ERRORS:
        return False
    return True


def _try_each(decode: Decode, lines: Iterable[bytes]) -> list[bool]:
    found: list[bool] = []
    for line in lines:
        try:  # a function call for each line would take a tenth of the time
            decode(line)
            found.append(True)
        except _DECODE_ERRORS:  # noqa: PERF203
            found.append(False)
    return found


def _close(schema: Any, depth: int) -> Any:  # noqa: ANN401
    """Return a schema whose objects reject undeclared properties, down to a depth."""
    if depth < 1 or not isinstance(schema, dict) or "properties" not in schema:
        return schema
    properties = {name: _close(it, depth - 1) for name, it in schema["properties"].items()}
    return {**schema, "properties": properties, "additionalProperties": False}


def _get_property(schema: Any, name: str) -> Any:  # noqa: ANN401
    return schema.get("properties", {}).get(name) if isinstance(schema, dict) else None


def _accepts_null(schema: Any, name: str) -> bool:  # noqa: ANN401
    declared = _get_property(schema, name)
    if declared is None:
        return not isinstance(schema, dict) or schema.get("additionalProperties") is not False
    return accepts_null(declared)


def _make_readable(value: object) -> object:
    if not isinstance(value, msgspec.Raw):
        return make_readable(value)
    return make_readable(decode_value(value)) if may_have_unreadable_number(bytes(value)) else value
