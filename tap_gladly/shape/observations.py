"""What is observed of records and cells: paths, types and patterns, never values."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_CELL_FORMATS = {
    "integer": re.compile(r"[+-]?\d+", re.ASCII),
    "decimal number": re.compile(r"[+-]?\d+\.\d+", re.ASCII),
    "true or false": re.compile(r"true|false"),
    "TRUE or FALSE": re.compile(r"TRUE|FALSE"),
    "True or False": re.compile(r"True|False"),
    "yes or no": re.compile(r"yes|no", re.IGNORECASE),
    "date": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "list in brackets": re.compile(r"\[.*\]", re.DOTALL),
}
_TYPE_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
}


class PathTypes:
    """Counts the types found at each path of a stream's records, and compares them with its schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self.records = 0
        self.types: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Number of values of each type, by path."""
        self.fractions: Counter[int] = Counter()
        """Number of timestamps with so many fraction digits."""

    def add(self, record: Mapping[str, Any]) -> None:
        """Count the values of a record."""
        self.records += 1
        for path, value in _iter_values(record):
            self.types[path][_TYPE_NAMES.get(type(value), "number")] += 1
            digits = count_fraction_digits(value)
            if digits is not None:
                self.fractions[digits] += 1

    def declared_types(self, path: str) -> list[str] | None:
        """Return the types that the schema declares at a path; None if it declares nothing there."""
        schema: Mapping[str, Any] = self._schema
        for part in path.replace("[]", ".[]").split("."):
            schema = schema.get("items", {}) if part == "[]" else schema.get("properties", {}).get(part, {})
        return schema.get("type")

    def iter_rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield each path with its types and what the schema says of them."""
        for path, types in sorted(self.types.items()):
            declared = self.declared_types(path)
            unexpected = set(types) - {
                *(declared or ()),
                *(("integer",) if "number" in (declared or ()) else ()),
            }
            note = "undeclared" if declared is None else f"declared {_join(declared)}" if unexpected else ""
            yield path, ", ".join(f"{name} {count}" for name, count in sorted(types.items())), note


def _iter_values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            # A key may be data, such as an id in a map. Only what looks like a property name is shown.
            shown = name if _NAME.fullmatch(name) else "(other key)"
            inner_path = f"{path}.{shown}" if path else shown
            yield inner_path, inner
            yield from _iter_values(inner, inner_path)
    elif isinstance(value, list):
        for inner in value:
            yield f"{path}[]", inner
            yield from _iter_values(inner, f"{path}[]")


def count_fraction_digits(value: object) -> int | None:
    """Return how many fraction digits a timestamp has; None if the value is no timestamp."""
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    return len(match[1] or ".") - 1 if match else None


def describe_cell(text: str) -> str:
    """Return the format of a report's cell, without its content."""
    if not text.strip():
        return "empty"
    digits = count_fraction_digits(text)
    if digits is not None:
        zone = "Z" if text.endswith("Z") else "no offset" if _has_no_offset(text) else "offset"
        return f"timestamp, {digits} fraction digits, {zone}"
    return next((name for name, pattern in _CELL_FORMATS.items() if pattern.fullmatch(text)), "other text")


def _has_no_offset(text: str) -> bool:
    match = _TIMESTAMP.fullmatch(text)
    return match is not None and match[2] is None


def describe_windows(spans: Iterable[tuple[int, int]]) -> str:
    """Return how neighboring windows meet: `3 adjacent, 1 gap`.

    Args:
        spans: Start and end of each window in nanoseconds since 1970.
    """
    ordered = sorted(spans)
    meetings = Counter(
        "adjacent" if later == end else "gap" if later > end else "overlap"
        for (_, end), (later, _) in pairwise(ordered)
    )
    return _join(f"{count} {name}" for name, count in sorted(meetings.items())) or "fewer than two windows"


def describe_order(values: Iterable[object]) -> str:
    """Return whether values ascend, descend, or neither."""
    listed: list[Any] = list(values)
    if listed == sorted(listed):
        return "ascending"
    return "descending" if listed == sorted(listed, reverse=True) else "neither ascending nor descending"


def _join(words: Iterable[str]) -> str:
    return ", ".join(words)
