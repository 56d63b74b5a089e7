"""RecordCheck accepts exactly the numbers that every target can read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.jsonl import decode_raw, decode_values, parse_line
from tap_gladly.parsing.record_check import RecordCheck

from .value_check import INTEGER, NUMBER, Schema, check_value


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (INTEGER, "9223372036854775807"),
        (INTEGER, "-9223372036854775808"),
        (NUMBER, "9223372036854775807"),
        (NUMBER, "1e308"),
        (NUMBER, "0.%s" % ("1" * 9999)),
        (NUMBER, "0e999999"),
        (NUMBER, "1e-300"),
    ],
)
def test_number_in_range_is_valid(schema: Schema, text: str) -> None:
    """Integers of 64 bits and decimals in the range of a double fit, whatever their precision."""
    check = RecordCheck({"properties": {"x": schema}})
    record = {"x": parse_line(1, b'{"id":"1","x":%b}' % text.encode())["x"]}  # type: ignore[index]

    assert check.conform(record) == ({}, [])


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (INTEGER, "9223372036854775808"),
        (INTEGER, "-9223372036854775809"),
        (NUMBER, "9223372036854775808"),
        (NUMBER, "1e309"),
        (NUMBER, "-1e9999999999999999999"),
        (NUMBER, "1e-9999999999999999999"),
        (NUMBER, "0.%s" % ("1" * 17_000)),
        (NUMBER, "9" * 4301),
        (INTEGER, "-" + "9" * 4300),
    ],
    ids=lambda value: str(value)[:24],
)
def test_number_out_of_range_does_not_fit(schema: Schema, text: str) -> None:
    """A number that some target can't read is taken out as its text."""
    problem = check_value(schema, text)

    assert problem.startswith("x: ")
    assert problem.endswith("number out of range")


@pytest.mark.parametrize("text", ["1.0", "true", '"1"', "1e2"])
def test_integer_column_accepts_integers_only(text: str) -> None:
    """A decimal without a fraction isn't an integer to a target that parses decimals."""
    assert check_value(INTEGER, text).startswith("x: integer or null, ")


@pytest.mark.parametrize(
    ("text", "number"), [("15e0", 15), ("1.5e1", 15), ("-0e0", 0), ("9223372036854775807e0", 2**63 - 1)]
)
def test_integer_written_with_an_exponent_has_one_fate(text: str, number: int) -> None:
    """Decoded to any depth, it fits an integer column, because it is encoded again without its exponent."""
    check = RecordCheck({"properties": {"id": {"type": ["string"]}, "x": INTEGER}}, keys=["id"])
    line = b'{"id":"1","x":%b}' % text.encode()

    records = [parse_line(1, line, decode=decode) for decode in (decode_raw, decode_values)]

    assert [check.conform(record) for record in records if isinstance(record, dict)] == [({}, [])] * 2
    assert [encode(record) for record in records] == [b'{"id":"1","x":%d}' % number] * 2


def test_integer_written_with_an_exponent_has_64_bits() -> None:
    """A larger one is taken out, also where the schema declares nothing."""
    check = RecordCheck({"properties": {"x": {"type": ["object", "null"]}}})

    record: dict[str, Any] = {"x": msgspec.Raw(b'{"new":9223372036854775808e0}')}
    removed, _ = check.conform(record)

    assert record == {"x": {"new": None}}
    assert removed == {"x.new": "9223372036854775808e0"}
