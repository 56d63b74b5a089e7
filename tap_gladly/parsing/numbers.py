"""Numbers that every target can read: integers of 64 bits, and decimals in the range of a double."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
_MAX_EXPONENT = 308
# PostgreSQL's numeric type holds up to 16,383 fraction digits.
_MAX_LENGTH = 16_000
_MAX_INTEGER_LENGTH = len(str(MIN_INTEGER))
# Every number out of range has 19 digits in a row or an exponent of three digits. Text may match, too.
_TO_SHAPE = bytes.maketrans(b"123456789E", b"000000000e")
_LONG = b"0" * 19
_EXPONENTS = (b"0e000", b"0e+000", b"0e-000")


@dataclass(frozen=True)
class UnreadableNumber:
    """A number that is legal JSON, but makes targets fail: parsers differ in how large a number they accept."""

    text: str


def may_have_unreadable_number(text: bytes) -> bool:
    """Return whether a JSON text may contain a number out of range. False is certain."""
    shape = text.translate(_TO_SHAPE)
    return _LONG in shape or (b"0e" in shape and any(exponent in shape for exponent in _EXPONENTS))


def parse_decimal(text: str) -> Decimal | int | UnreadableNumber:
    """Parse a JSON number that has a fraction or an exponent, keeping every digit.

    A number such as 15e0 or 1.5e1 is an integer: that is how it would be encoded again.
    """
    if len(text) > _MAX_LENGTH:
        return UnreadableNumber(text)
    try:
        number = Decimal(text)
    except ArithmeticError:
        return UnreadableNumber(text)
    parsed = int(number) if number.as_tuple().exponent == 0 else number
    return parsed if is_readable(parsed) else UnreadableNumber(text)


def parse_integer(text: str) -> int | UnreadableNumber:
    """Parse a JSON number that has neither a fraction nor an exponent."""
    number = int(text) if len(text) <= _MAX_INTEGER_LENGTH else None
    return number if number is not None and is_readable(number) else UnreadableNumber(text)


def is_readable(value: object) -> bool:
    """Return whether a JSON value, if it is a number, is one that every target can read."""
    if isinstance(value, int):
        return MIN_INTEGER <= value <= MAX_INTEGER
    if isinstance(value, (Decimal, float)):
        number = Decimal(value)
        is_small = number.is_finite() and abs(number.adjusted()) <= _MAX_EXPONENT
        return number.is_zero() if not is_small else abs(float(number)) != float("inf")
    return not isinstance(value, UnreadableNumber)


def iter_unreadable(value: object, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each number in a JSON value that targets can't read."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from iter_unreadable(entry, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from iter_unreadable(entry, (*path, index))
    elif not is_readable(value):
        yield path


def make_readable(value: object) -> object:
    """Return a JSON value with each number that targets can't read replaced by its text."""
    if isinstance(value, dict):
        return {key: make_readable(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [make_readable(entry) for entry in value]
    if is_readable(value):
        return value
    return value.text if isinstance(value, UnreadableNumber) else str(value)
