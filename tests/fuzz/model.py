"""What the tap should send for a line, according to Python's own parser."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

MALFORMED = object()
_NUMBERS = {int, Decimal}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Unreadable:
    """A number that some target can't read, which the tap sends as text."""

    text: str


def expect(line: bytes) -> Any:
    """Return a line's record, None for a blank line, or MALFORMED."""
    if not line.strip(b" \t\r\n\x0b\x0c"):
        return None
    try:
        text = line.decode()
        record = json.loads(
            text,
            parse_float=_read_decimal,
            parse_int=_read_integer,
            parse_constant=_reject,
            object_pairs_hook=_repair,
        )
    except (ValueError, RecursionError):
        return MALFORMED
    if not isinstance(record, dict) or _depth(text) > 200:
        return MALFORMED
    identifier = record.get("id")
    is_usable = isinstance(identifier, str) and identifier
    return _without_surrogates(record) if is_usable else MALFORMED


def find_difference(expected: dict[str, Any], record: dict[str, Any], known: frozenset[str]) -> str:
    """Return the path of a value that isn't in its place or in `_unmapped` exactly once, or an empty string."""
    unmapped = dict(record.get("_unmapped", {}))
    nested = {name: value for name, value in expected.items() if name in known}
    undeclared = {name: value for name, value in expected.items() if name not in known}
    if record.keys() & known != nested.keys():
        return "the names of properties"
    moved = [*((name, value) for name, value in undeclared.items()), *_iter_moved(nested, record, "")]
    for path, value in moved:
        keys = [
            key for key in unmapped if key.rstrip("_") == path.rstrip("_") and _is_same(unmapped[key], value)
        ]
        if not keys:
            return path or "an empty name"
        del unmapped[keys[0]]
    return next(iter(unmapped), "") and "a value too many"


def _iter_moved(expected: dict[str, Any], record: dict[str, Any], outer: str) -> Iterator[tuple[str, Any]]:
    for name, value in expected.items():
        got = record.get(name, ...)
        if isinstance(value, dict) and isinstance(got, dict) and value.keys() == got.keys():
            yield from _iter_moved(value, got, f"{outer}{name}.")
        elif not _is_same(got, value, is_exact=True):
            yield f"{outer}{name}", value if got is None else ...


def _is_same(got: Any, expected: Any, *, is_exact: bool = False) -> bool:
    if isinstance(expected, Unreadable):
        return bool(got == expected.text) and not is_exact
    if isinstance(expected, dict) and isinstance(got, dict):
        is_same = (_is_same(got[name], it, is_exact=is_exact) for name, it in expected.items())
        return got.keys() == expected.keys() and all(is_same)
    if isinstance(expected, list) and isinstance(got, list):
        pairs = zip(got, expected, strict=False)
        return len(got) == len(expected) and all(_is_same(*pair, is_exact=is_exact) for pair in pairs)
    # The tap may copy 15e0, which readers parse as a decimal, or send 15.
    is_number = type(expected) in _NUMBERS and type(got) in _NUMBERS
    return (is_number or type(got) is type(expected)) and bool(got == expected)


def _read_decimal(text: str) -> Decimal | int | Unreadable:
    try:
        number = Decimal(text)
    except ArithmeticError:
        return Unreadable(text)
    if number.as_tuple().exponent == 0:
        return int(number) if -(2**63) <= number < 2**63 else Unreadable(text)
    is_small = number.is_zero() or abs(number.adjusted()) <= 308
    return number if is_small and abs(float(number)) != float("inf") else Unreadable(text)


def _read_integer(text: str) -> int | Unreadable:
    is_short = len(text) < 21
    return int(text) if is_short and -(2**63) <= int(text) < 2**63 else Unreadable(text)


def _reject(text: str) -> NoReturn:
    raise ValueError(text)


def _repair(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {_SURROGATE.sub("\ufffd", name): value for name, value in pairs}


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_surrogates(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(entry) for entry in value]
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value


def _depth(text: str) -> int:
    """Measure valid JSON, with values that a repeated name hides."""
    brackets = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    return max(accumulate({"[": 1, "{": 1, "]": -1, "}": -1}.get(character, 0) for character in brackets))
