"""Checks of one value against the schema of its property."""

from __future__ import annotations

from typing import Any

from tap_gladly.parsing.jsonl import parse_line
from tap_gladly.parsing.record_check import RecordCheck

Schema = dict[str, Any]

DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
INTEGER, NUMBER = {"type": ["integer", "null"]}, {"type": ["number", "null"]}


def check_value(schema: Schema, text: str) -> str:
    """Return the path and the words of the problem that a property has with a value."""
    check = RecordCheck({"properties": {"id": {"type": ["string"]}, "x": schema}}, keys=["id"])
    line = b'{"id":"1","x":%b}' % text.encode()
    record = parse_line(1, line)
    assert isinstance(record, dict)
    removed, problems = check.conform(record)
    assert check.is_valid(line) is not bool(removed)
    return "".join(f"{'.'.join(it.path)}: {it.declared}, {it.actual}" for it in problems)
