"""Hold records to the schema that the tap sends: find the values that don't fit, and move them out of the way."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import extend

from tap_gladly.parsing.date_times import are_date_times, is_date_time
from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.jsonl import decode_value, may_be_too_deep
from tap_gladly.parsing.numbers import (
    Path,
    UnreadableNumber,
    is_readable,
    iter_unreadable,
    make_readable,
    may_have_unreadable_number,
)
from tap_gladly.parsing.schema_types import NonEmptyText, TypeFactory, is_simple, make_decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jsonschema import ValidationError

# msgspec's errors are ValueErrors only from 0.20 on.
DECODE_ERRORS = (msgspec.DecodeError, ValueError, RecursionError)
_MAX_KIND = 40

_formats = FormatChecker(formats=())
_formats.checks("date-time")(lambda value: not isinstance(value, str) or is_date_time(value))


def _is_integer(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and is_readable(value)


def _is_number(_checker: object, value: object) -> bool:
    is_number = Draft202012Validator.TYPE_CHECKER.is_type(value, "number")
    return is_number and is_readable(value)


_Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)


@dataclass(frozen=True)
class Misfit:
    """A value that the schema doesn't accept in its place."""

    path: str
    """Names of the property and of those that it is nested in, joined with dots: its key in `_unmapped`."""
    declared: str = ""
    """What the schema declares, such as "string or null"; empty for an undeclared property."""
    actual: str = ""
    """What the record holds, such as "array"; never the value."""


class RecordCheck:
    """Checks records against a schema, quickly if they are valid."""

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
            ignored: Properties that the tap adds itself. In a record they count as undeclared.
            keys: Properties that are never moved.
            depth: How deep nested objects are closed, so that their undeclared properties are moved, too.
        """
        properties = {name: it for name, it in schema.get("properties", {}).items() if name not in {*ignored}}
        self._properties = {name: _close(it, depth) for name, it in properties.items()}
        self._keys = frozenset(keys)
        root = _Validator(dict(schema), format_checker=_formats)
        self._validators = {name: root.evolve(schema=it) for name, it in self._properties.items()}
        self._decoders = {
            name: make_decoder(TypeFactory(is_closed=False).make_type(it))
            for name, it in self._properties.items()
        }
        self._date_times: list[object] = []
        self._collect = self._make_decoder(self._collect_date_time, is_closed=True)
        self._decode_closed = self._make_decoder(is_date_time, is_closed=True)
        self._decode_open = self._make_decoder(is_date_time, is_closed=False)

    def _collect_date_time(self, value: object) -> bool:
        self._date_times.append(value)
        return isinstance(value, str)

    def _make_decoder(
        self, accept: Callable[[object], bool], *, is_closed: bool
    ) -> Callable[[bytes], object]:
        keys = {
            name: NonEmptyText if name == "id" else msgspec.Raw
            for name in self._keys & self._properties.keys()
        }
        factory = TypeFactory(is_closed=is_closed)
        return make_decoder(factory.make_struct(self._properties, keys=keys, is_closed=True), accept)

    def find_valid(self, lines: Iterable[bytes]) -> list[bool]:
        """Return which lines are certainly valid: quickly, and without lines that need a closer look."""
        self._date_times.clear()
        found = _try_each(self._collect, lines)
        times = [text for text in self._date_times if isinstance(text, str)]
        return found if are_date_times(times) else _try_each(self._decode_closed, lines)

    def is_valid(self, line: bytes) -> bool:
        """Return whether a line is valid as it is. It may have undeclared nested properties."""
        try:
            self._decode_open(line)
        except DECODE_ERRORS:
            return False
        return not (may_be_too_deep(line) or may_have_unreadable_number(line))

    def conform(self, record: dict[str, Any]) -> tuple[dict[str, Any], list[Misfit]]:
        """Make a record valid: replace each value that doesn't fit by null.

        Args:
            record: The record, decoded to any depth. It is changed.

        Returns:
            The values that were removed, by the names of their properties joined with dots, and why.
        """
        removed: dict[str, Any] = {}
        misfits: list[Misfit] = []
        for name in sorted(record.keys() - self._properties.keys()):
            removed[name] = _readable(record.pop(name))
            misfits.append(Misfit(name))
        for name in [*record]:
            if name not in self._keys and not self._fits(name, record[name]):
                misfits += self._move(record, name, removed)
        return removed, misfits

    def _fits(self, name: str, value: object) -> bool:
        try:
            text = value if isinstance(value, msgspec.Raw) else encode(value)
            self._decoders[name](text)  # type: ignore[arg-type]
        except (*DECODE_ERRORS, TypeError):
            return False
        return not may_have_unreadable_number(bytes(text))

    def _move(self, record: dict[str, Any], name: str, removed: dict[str, Any]) -> list[Misfit]:
        value = decode_value(record[name]) if isinstance(record[name], msgspec.Raw) else record[name]
        misfits = dict(self._iter_misfits(name, value))
        if not misfits:
            return []
        # A schema with keywords such as anyOf may accept the value only as a whole.
        whole = None if is_simple(self._properties[name]) else deepcopy(value)
        holder, parts = {name: value}, {}
        for path in misfits:
            self._remove(holder, path, parts)
        if whole is not None and name in holder and not self._validators[name].is_valid(holder[name]):
            parts, holder = {name: make_readable(whole)}, {}
        del record[name]
        record.update(holder)
        for path, part in parts.items():
            removed[_unused(path, removed)] = part
        return [*misfits.values()]

    def _iter_misfits(self, name: str, value: object) -> Iterator[tuple[tuple[str, ...], Misfit]]:
        """Yield each property to move, outer ones first, with the first problem found in it."""
        problems = [(_property_path(path), *words) for path, *words in self._iter_problems(name, value)]
        moved: set[tuple[str, ...]] = set()
        for place, declared, actual in sorted(problems, key=lambda problem: len(problem[0])):
            if not any(place[:length] in moved for length in range(1, len(place) + 1)):
                moved.add(place)
                yield place, Misfit(_join(place), declared, actual)

    def _iter_problems(self, name: str, value: object) -> Iterator[tuple[Path, str, str]]:
        for error in self._validators[name].iter_errors(value):
            path = (name, *error.path)
            if error.validator == "additionalProperties" and error.validator_value is False:
                declared = error.schema.get("properties", {})
                yield from (((*path, key), "", "") for key in sorted(error.instance.keys() - declared.keys()))
            else:
                yield path, *_describe(error)
        for path in iter_unreadable(value):  # also in undeclared places
            yield (name, *path), "any value", "number out of range"

    def _remove(self, holder: dict[str, Any], path: Sequence[str], removed: dict[str, Any]) -> None:
        *outer, last = path
        parent: Any = holder
        for key in outer:
            parent = parent[key]
        removed[_unused(_join(path), removed)] = make_readable(parent[last])
        if self._accepts_null(path):
            parent[last] = None
        else:
            del parent[last]

    def _accepts_null(self, path: Sequence[str]) -> bool:
        schema: Any = {"properties": self._properties}
        for key in path:
            properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
            if key not in properties:
                return schema.get("additionalProperties") is not False
            schema = properties[key]
        is_nullable = isinstance(schema, dict) and "null" in schema.get("type", ())
        return (is_nullable and is_simple(schema)) or bool(_Validator(schema).is_valid(None))


def _try_each(decode: Callable[[bytes], object], lines: Iterable[bytes]) -> list[bool]:
    found = []
    for line in lines:
        try:
            decode(line)
            found.append(True)
        except DECODE_ERRORS:
            found.append(False)
    return found


def _close(schema: Any, depth: int) -> Any:  # noqa: ANN401
    """Return a schema whose objects reject undeclared properties, down to a depth."""
    if depth < 1 or not isinstance(schema, dict) or "properties" not in schema:
        return schema
    properties = {name: _close(it, depth - 1) for name, it in schema["properties"].items()}
    return {**schema, "properties": properties, "additionalProperties": False}


def _unused(key: str, taken: Mapping[str, Any]) -> str:
    while key in taken:  # the name of another property has dots
        key += "_"
    return key


def drop_property(record: object, outer: Iterable[str], name: str) -> None:
    """Remove a property of a nested object from a record, if it is there."""
    for key in outer:
        record = record.get(key) if isinstance(record, dict) else None
    if isinstance(record, dict):
        record.pop(name, None)


def _readable(value: object) -> object:
    if not isinstance(value, msgspec.Raw):
        return make_readable(value)
    return make_readable(decode_value(value)) if may_have_unreadable_number(bytes(value)) else value


def _property_path(path: Path) -> tuple[str, ...]:
    """Cut a path at the first array, which moves as a whole."""
    names: list[str] = []
    for key in path:
        if isinstance(key, int):
            break
        names.append(key)
    return tuple(names)


def _join(path: Iterable[str]) -> str:
    return ".".join(path)


def _describe(error: ValidationError) -> tuple[str, str]:
    """Return what a schema declares and what a value is."""
    declared = error.schema.get("type", error.validator) if isinstance(error.schema, dict) else "nothing"
    declared = declared if isinstance(declared, str) else " or ".join(declared)
    if error.validator != "type":
        return (
            f"{declared} ({error.validator} {str(error.validator_value)[:_MAX_KIND]})",
            f"other {_kind(error.instance)}",
        )
    items = any(isinstance(key, int) for key in error.path)
    return (
        (f"array of {declared}", f"array of {_kind(error.instance)}")
        if items
        else (declared, _kind(error.instance))
    )


def _kind(value: object) -> str:
    """Name a value's JSON type."""
    if isinstance(value, UnreadableNumber) or not is_readable(value):
        return "number out of range"
    for kind in ("null", "boolean", "integer", "number", "string", "array", "object"):
        if Draft202012Validator.TYPE_CHECKER.is_type(value, kind):
            return kind
    return "unknown"
