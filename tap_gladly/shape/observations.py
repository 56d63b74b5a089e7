"""What is observed of records and cells: paths, types and patterns, never values."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# A key may be data, such as an id in a map. Ids contain digits; property names rarely do, except at the end.
_NAME = re.compile(r"[A-Za-z_]{1,40}[0-9]?")
_OTHER_KEY = "(other key)"
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_CELL_FORMATS = {
    "empty": re.compile(r"\s*"),
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
    str: "string",
    dict: "object",
    list: "array",
}


class PathTypes:
    """Counts the types found at each path of a stream's records, and compares them with its schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self.types: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Number of values of each type, by path."""
        self.fractions: Counter[int] = Counter()
        """Number of timestamps, by their number of fraction digits."""
        self._declared: dict[str, list[str] | None] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        """Count the values of a record."""
        self._add(record, "", self._schema)

    def iter_rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield each path with its types and how they differ from the schema."""
        for path, types in sorted(self.types.items()):
            declared = self._declared[path]
            accepted = {*(declared or ()), "integer" if "number" in (declared or ()) else ""}
            difference = f"declared {', '.join(declared or ())}" if set(types) - accepted else ""
            yield path, join_counts(types, " "), "undeclared" if declared is None else difference

    def _add(self, value: object, path: str, schema: Mapping[str, Any]) -> None:
        if path:
            self.types[path][_TYPE_NAMES.get(type(value), "number")] += 1
            self._declared[path] = schema.get("type")
        if isinstance(value, dict):
            # An object that the schema declares without properties is a map: its keys are data.
            properties = schema.get("properties", {} if "type" in schema else None)
            for key, inner in value.items():
                is_name = properties != {} and _NAME.fullmatch(key)
                name = key if is_name else _OTHER_KEY
                self._add(inner, f"{path}.{name}" if path else name, (properties or {}).get(key, {}))
        elif isinstance(value, list):
            for inner in value:
                self._add(inner, f"{path}[]", schema.get("items", {}))
        elif (digits := count_fraction_digits(value)) is not None:
            self.fractions[digits] += 1


def count_fraction_digits(value: object) -> int | None:
    """Return how many fraction digits a timestamp has; None if the value is no timestamp."""
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    return len(match[1] or ".") - 1 if match else None


def describe_cell(text: str) -> str:
    """Return the format of a report's cell, without its content."""
    if match := _TIMESTAMP.fullmatch(text):
        zone = "Z" if text.endswith("Z") else "offset" if match[2] else "no offset"
        return f"timestamp, {count_fraction_digits(text)} fraction digits, {zone}"
    return next((name for name, pattern in _CELL_FORMATS.items() if pattern.fullmatch(text)), "other text")


def describe_windows(spans: Iterable[tuple[int, int]]) -> str:
    """Return how neighboring windows meet: `adjacent: 3, gap: 1`.

    Args:
        spans: Start and end of each window in nanoseconds since 1970.
    """
    meetings = Counter(
        "adjacent" if later == end else "gap" if later > end else "overlap"
        for (_, end), (later, _) in pairwise(sorted(spans))
    )
    return join_counts(meetings) if meetings else "fewer than two windows"


def describe_order(values: Iterable[Any]) -> str:
    """Return whether values ascend, descend, or neither."""
    listed = list(values)
    if listed == sorted(listed):
        return "ascending"
    return "descending" if listed == sorted(listed, reverse=True) else "neither ascending nor descending"


def join_counts(counts: Mapping[Any, int], separator: str = ": ") -> str:
    """Return counts in one line."""
    return ", ".join(f"{name}{separator}{count}" for name, count in sorted(counts.items())) or "none"
