"""RecordCheck accepts exactly the records that targets accept, and removes everything else without losing it."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from singer_sdk.helpers._compat import datetime_fromisoformat
from target_formats import formats

from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.jsonl import decode_raw, parse_line
from tap_gladly.parsing.record_check import RecordCheck, drop_property

from .value_check import DATE_TIME, Schema, check_value


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T07:15:19Z",
        "2026-11-20T07:15:19.1Z",
        "2026-11-20T07:15:19.123456789Z",
        "2026-11-20T07:15:19+14:00",
        "2026-11-20T07:15:19.5-09:30",
        "2026-11-20T07:15:19-00:00",
        "2024-02-29T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
    ],
)
def test_timestamp_that_targets_accept_is_valid(text: str) -> None:
    """RFC 3339 with 0 to 9 fraction digits, a real offset, and a year from 1 to 9999."""
    assert check_value(DATE_TIME, f'"{text}"') == ""
    assert datetime_fromisoformat(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-20",
        "2026-11-20T07:15:19",
        "2026-11-20 07:15:19Z",
        "2026-11-20t07:15:19Z",
        "2026-11-20T07:15:19z",
        "2026-11-20T07:15Z",
        "2026-11-20T07:15:60Z",
        "2026-11-20T24:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-20T07:15:19.Z",
        "2026-11-20T07:15:19,5Z",
        "2026-11-20T07:15:19.1234567890Z",
        "2026-11-20T07:15:19+0000",
        "2026-11-20T07:15:19+14:01",
        "2026-11-20T07:15:19+23:59",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
        "\u0662026-11-20T07:15:19Z",
        '2026-11-20T07:15:19Z\\",\\"2026-11-20T07:15:19Z',
    ],
)
def test_timestamp_that_some_target_rejects_does_not_fit(text: str) -> None:
    """Leap seconds, other spellings, times without an offset, and years out of range don't fit."""
    assert check_value(DATE_TIME, f'"{text}"') == "x: string or null (format date-time), an invalid string"


def test_array_moves_as_a_whole() -> None:
    """One wrong element takes the whole array out, and the problem names the elements' types."""
    schema = {"type": ["array", "null"], "items": {"type": ["string", "null"]}}

    assert check_value(schema, '["a",{"b":1},2]') == "x: array of string or null, array of object"


def test_array_with_an_undeclared_property_moves_as_a_whole() -> None:
    """So does an array whose elements have a property that the schema forbids."""
    schema = {"type": ["array", "null"], "items": {"type": "object", "additionalProperties": False}}
    check = RecordCheck({"properties": {"x": schema}})

    removed, problems = check.conform(record := {"x": [{}, {"a": 1}]})

    assert record == {"x": None}
    assert removed == {"x": [{}, {"a": 1}]}
    assert [problem.path for problem in problems] == [("x",)]


def test_long_array_takes_linear_time() -> None:
    """A megabyte of wrong elements is found in a fraction of a second, and nothing of it is lost."""
    schema = {"type": ["array", "null"], "items": {"type": ["string", "null"]}}
    record: dict[str, Any] = {"x": [*range(200_000), "end"]}
    started = time.process_time()

    removed, problems = RecordCheck({"properties": {"x": schema}}).conform(record)

    assert time.process_time() - started < 1
    assert (len(removed["x"]), problems[0].actual) == (200_001, "array of integer")


def test_undeclared_number_out_of_range_moves() -> None:
    """A number that targets can't read is taken out of an undeclared place, too, as text."""
    check = RecordCheck({"properties": {"x": {"type": ["object", "null"]}}})
    record: dict[str, Any] = {"x": {"a": {"b": 10**30}, "c": [1, 10**30], "d": 1}, "y": [10**30]}

    removed, _ = check.conform(record)

    assert removed == {"y": [str(10**30)], "x.a.b": str(10**30), "x.c": [1, str(10**30)]}
    assert record == {"x": {"a": {"b": None}, "c": None, "d": 1}}


def test_number_hidden_by_a_repeated_name_is_dropped() -> None:
    """Of two values with the same name, only the last counts, so the first one isn't sent."""
    check = RecordCheck({"properties": {"id": {"type": ["string"]}, "x": {"type": ["object", "null"]}}})
    record = parse_line(1, b'{"id":"1","x":{"a":1e9999999999999999999,"a":2}}', decode=decode_raw)
    assert isinstance(record, dict)

    assert check.conform(record) == ({}, [])
    assert encode(record) == b'{"id":"1","x":{"a":2}}'


def test_path_that_is_taken_gets_a_suffix() -> None:
    """A property whose name contains a dot doesn't overwrite a nested value."""
    check = RecordCheck(
        {"properties": {"x": {"type": ["object"], "properties": {"a": {"type": ["string"]}}}}}
    )
    record: dict[str, Any] = {"x": {"a": 1}, "x.a": 2}

    removed, _ = check.conform(record)

    assert removed == {"x.a": 2, "x.a_": 1}


def test_property_that_is_not_nullable_is_removed() -> None:
    """Where null doesn't fit either, the property is absent."""
    check = RecordCheck({"properties": {"x": {"type": "string"}, "y": {"type": "string"}}})
    record: dict[str, Any] = {"x": 1, "y": None}

    removed, _ = check.conform(record)

    assert (record, removed) == ({}, {"x": 1, "y": None})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "enum": ["a", "b"]}, "a", "c"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "a", 1),
        ({"type": ["integer", "null"], "minimum": 3}, 3, 2),
        ({"type": ["string", "null"], "x-sql-datatype": "uuid"}, "a", 1),
        ({"type": ["object", "null"], "additionalProperties": {"type": "string"}}, {"a": "b"}, {"a": 1}),
        ({"type": ["object", "null"], "additionalProperties": False}, {}, {"a": 1}),
        ({"type": ["array", "null"]}, [1, [2]], "a"),
        ({"type": ["object", "null"], "properties": {'"': {"type": "string"}}}, {'"': "a"}, {'"': 1}),
        ({"type": ["string", "array", "null"], "format": "date-time"}, "2026-11-20T07:15:19Z", "a"),
        ({"type": ["object", "null"], "required": ["a"]}, {"a": 1}, {"b": 1}),
        ({"type": "number", "multipleOf": 0.01}, Decimal("1.25"), Decimal("1.255")),
        ({"type": "number", "multipleOf": 0.01}, 7, Decimal("1E+300")),
    ],
    ids=str,
)
def test_keywords_of_a_users_schema_are_checked(schema: Schema, good: object, bad: object) -> None:
    """A catalog may use any keyword of JSON schema."""
    check = RecordCheck({"properties": {"x": schema}})
    record = {"x": bad}

    kept = check.conform({"x": good})
    removed, _ = check.conform(record)

    assert kept == ({}, [])
    assert removed
    Draft202012Validator({"properties": {"x": schema}}, format_checker=formats).validate(record)


@pytest.mark.parametrize("schema", [{}, True, {"type": "timestamp"}, {"type": []}, 7, None], ids=str)
def test_property_without_a_usable_schema_accepts_anything(schema: object) -> None:
    """A catalog may contain what isn't a JSON schema."""
    check = RecordCheck({"properties": {"x": schema}})

    assert check.conform({"x": {"a": [1]}}) == ({}, [])
    assert check.is_valid(b'{"x":{"a":[1]}}')


def test_depth_closes_nested_objects() -> None:
    """Undeclared properties of the objects that flattening takes apart are taken out by their paths."""
    inner = {"type": ["object", "null"], "properties": {"b": {"type": ["string", "null"]}}}
    schema = {"properties": {"x": {"type": ["object", "null"], "properties": {"a": inner}}}}
    record: dict[str, Any] = {"x": {"a": {"b": "1", "new": 2}, "new": 3}}

    removed, problems = RecordCheck(schema, depth=1).conform(record)

    assert removed == {"x.new": 3}
    assert [problem.declared for problem in problems] == [""]
    assert record == {"x": {"a": {"b": "1", "new": 2}}}


def test_find_valid_has_one_answer_per_line() -> None:
    """One wrong timestamp in a block doesn't make the other lines invalid."""
    check = RecordCheck({"properties": {"id": {"type": ["string"]}, "at": DATE_TIME}}, keys=["id"])
    times = [
        b'"2026-11-20T07:15:19Z"',
        b'"2026-11-20T07:15:19z"',
        b"5",
        b"null",
        b'"2026-11-20T07:15:19+01:00"',
    ]

    assert check.find_valid([b'{"id":"1","at":%b}' % time for time in times]) == [
        True,
        False,
        False,
        True,
        True,
    ]


def test_drop_property_ignores_missing_objects() -> None:
    """Deselecting a nested property skips records that don't have it."""
    record = {"a": {"b": 1, "c": 2}, "d": None}
    for outer, name in (("a",), "b"), (("a", "x"), "b"), (("d",), "b"), ((), "e"):
        drop_property(record, outer, name)

    assert record == {"a": {"c": 2}, "d": None}
