"""Every stream: a drifted record becomes valid, and no value is lost."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from target_formats import formats

from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.jsonl import decode_raw, decode_values
from tap_gladly.parsing.numbers import make_readable
from tap_gladly.parsing.record_check import RecordCheck

from .drifted_records import KEYS, SCHEMAS, drifted_records, put, valid_records


@cache
def make_check(stream: str) -> RecordCheck:
    """Return the check of a stream; making one takes longer than using it."""
    return RecordCheck(SCHEMAS[stream], keys=KEYS[stream])


@pytest.mark.parametrize("stream", SCHEMAS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_conform_moves_every_misfit_and_nothing_else(stream: str, data: st.DataObject) -> None:
    """The result is valid, and putting the removed values back restores the original record."""
    schema = SCHEMAS[stream]
    check = make_check(stream)
    line = encode(data.draw(drifted_records(stream)))
    record, original, raw = decode_values(line), decode_values(line), decode_raw(line)

    removed, problems = check.conform(record)
    raw_removed, raw_problems = check.conform(raw)
    sent = json.loads(encode(record))

    Draft202012Validator(schema, format_checker=formats).validate(sent)
    assert sent == json.loads(encode(raw))
    assert (encode(removed), problems) == (encode(raw_removed), raw_problems)
    for path, value in zip([problem.path for problem in problems], removed.values(), strict=True):
        put(record, path, value)
    assert json.loads(encode(record)) == json.loads(encode(make_readable(original)))
    assert check.is_valid(line) <= (not removed)
    assert check.find_valid([line]) <= [not removed]


@pytest.mark.parametrize("stream", SCHEMAS)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_valid_record_is_found_valid(stream: str, data: st.DataObject) -> None:
    """A record that the schema accepts is valid without a closer look, unless text looks like a number."""
    record = data.draw(valid_records(stream))
    check = make_check(stream)

    removed, problems = check.conform(deepcopy(record))

    assert (removed, problems) == ({}, [])
    plain = {key: it for key, it in record.items() if key in KEYS[stream] or not has_number(it)}
    assert check.is_valid(encode(plain))


def has_number(value: object) -> bool:
    """Return whether a value contains a number, which may have many digits."""
    return any(digit in json.dumps(value) for digit in "0123456789")
