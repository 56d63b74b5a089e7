"""Passthrough copies valid lines, and leaves the others to a callback."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_gladly.parsing import passthrough
from tap_gladly.parsing.json_text import encode, escape_line_ends
from tap_gladly.parsing.jsonl import MalformedLine, decode_raw, parse_line
from tap_gladly.parsing.passthrough import Passthrough
from tap_gladly.parsing.record_check import RecordCheck

ANY: dict[str, Any] = {}
OBJECT = {"type": ["object", "null"], "additionalProperties": True}
PROPERTIES = {"id": {"type": ["string"]}, "name": ANY, "a field": ANY, "externalIds": OBJECT}
CHECK = RecordCheck({"properties": PROPERTIES}, keys=["id"])


class Reencoder:
    """Encodes lines again, and records their numbers."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def __call__(self, number: int, line: bytes) -> bytes | MalformedLine | None:
        """Encode a line as the tap does."""
        self.numbers.append(number)
        record = parse_line(number, line, decode=decode_raw)
        return reencode(record)[:-1] if isinstance(record, dict) else record


def reencode(record: dict[str, Any]) -> bytes:
    """Encode a record as the tap does."""
    removed, _ = CHECK.conform(record)
    return escape_line_ends(encode({**record, "_unmapped": removed} if removed else record))


def copy(body: bytes) -> tuple[list[bytes], list[int], list[int]]:
    """Copy a file. Return its rows, the numbers of re-encoded lines, and those of malformed lines."""
    callback = Reencoder()
    rows: list[bytes] = []
    malformed: list[int] = []
    for item in Passthrough(CHECK, callback).iter_rows(io.BytesIO(body)):
        if isinstance(item, MalformedLine):
            malformed.append(item.number)
        else:
            rows += item
    return rows, callback.numbers, malformed


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":"c1"}',
        b'{"name":null,"id":"c1"}',
        b' {\t"id" : "c1" , "a field": [1, 2.50, {"b": 1E+30}] }',
        '{"id":"é","name":"\U0001f600"}'.encode(),
        rb'{"id":"\u0061","name":"\ud83d\ude00"}',
        b'{"id":"c1","externalIds":{"id":1,"unknown":{"deep":[[[[]]]]}}}',
        b'{"id":"c1","name":1,"name":2}',
    ],
)
def test_valid_line_is_copied(line: bytes) -> None:
    """Every byte is copied: whitespace, digits, escapes, order, even a repeated property."""
    rows, reencoded, malformed = copy(line + b"\n")

    assert rows == [line[:-1]]
    assert reencoded == []
    assert malformed == []


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":"c1","unknown":1}',
        b'{"id":"c1",\r"name":1}',
        b'\xef\xbb\xbf{"id":"c1"}',
        rb'{"id":"c1","name":{"a":"\ud800"}}',
    ],
)
def test_unusual_line_is_reencoded(line: bytes) -> None:
    """The line yields one equivalent row."""
    rows, reencoded, malformed = copy(line + b"\n")

    assert reencoded == [1]
    assert malformed == []
    assert json.loads(rows[0] + b"}")["id"] == "c1"


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\u0085"])
def test_character_that_some_readers_take_for_a_line_end_is_escaped(end: str) -> None:
    """Every other byte of the line is copied, and so are the lines around it."""
    lines = ['{"id":"é"}', f'{{"name": ["a{end}", "ö{end}"], "id": "{end}"}}', '{"id":"ö"}']
    escaped = f"\\u{ord(end):04x}"

    rows, reencoded, _ = copy("\n".join(lines).encode())

    assert rows == [line.replace(end, escaped)[:-1].encode() for line in lines]
    assert reencoded == []


@pytest.mark.parametrize("space", [b" ", b"\t", b" \t "])
def test_space_after_a_record_is_dropped(space: bytes) -> None:
    """The row ends where its metadata columns begin."""
    rows, reencoded, _ = copy(b'{"id":"c1"}%b\n{"id":"c2"}%b' % (space, space))

    assert rows == [b'{"id":"c1"', b'{"id":"c2"']
    assert reencoded == []


def test_valid_lines_among_others_keep_their_order() -> None:
    """Copied and re-encoded rows are yielded in the order of the lines."""
    lines = [b'{"id":"c%d"%b}' % (number, b',"unknown":1' * (number % 3 == 0)) for number in range(20)]

    rows, reencoded, _ = copy(b"\n".join(lines))

    assert [json.loads(row + b"}")["id"] for row in rows] == [f"c{number}" for number in range(20)]
    assert reencoded == [number for number in range(1, 21) if number % 3 == 1]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"id":"c1"',
        b'{"id":""}',
        b'{"id":null}',
        b'{"id":1}',
        b'{"name":"x"}',
        b'["id"]',
        b'"id"',
        b'{"id":"c1"}{"id":"c2"}',
        b'{"id":"c1","name":01}',
        b'{"id":"c1","name":NaN}',
        b'{"id":"c1","name":"\t"}',
        b'{"id":"c1","name":"\xff"}',
        b'{"id":"c1","name":{"a":"\xc3"}}',
        b'{"id":"\xff"}',
        b'{"id":"c1","name":%b1%b}' % (b"[" * 201, b"]" * 201),
    ],
    ids=lambda line: line[:20],
)
def test_malformed_line_is_yielded_in_order(line: bytes) -> None:
    """Rows before and after it are yielded before and after it."""
    items = list(
        Passthrough(CHECK, Reencoder()).iter_rows(io.BytesIO(b'{"id":"a"}\n' + line + b'\n{"id":"b"}\n'))
    )

    assert items[0] == [b'{"id":"a"']
    assert isinstance(items[1], MalformedLine)
    assert items[1].number == 2
    assert items[1].line == line
    assert items[2] == [b'{"id":"b"']


@pytest.mark.parametrize(
    "value",
    [b'"%b"' % (b"9" * 9999), b"0.%b" % (b"9" * 9999), b"%b.5" % (b"9" * 300), b"[%b7]" % (b"9999," * 2000)],
    ids=["text", "fraction", "decimal", "list"],
)
@pytest.mark.parametrize("field", ["name", "unknown"])
def test_many_digits_may_be_valid(field: str, value: bytes) -> None:
    """Strings, fractions and lists with many digits are copied."""
    rows, _, malformed = copy(b'{"id":"c1","%b":%b}\n' % (field.encode(), value))

    assert malformed == []
    assert value in rows[0]


def test_record_may_not_span_lines() -> None:
    """A newline between JSON tokens ends the line."""
    rows, _, malformed = copy(b'{"id":\n"c1"}\n{"id":"c2"}\n')

    assert rows == [b'{"id":"c2"']
    assert malformed == [1, 2]


def test_blank_lines_are_counted_but_yield_no_rows() -> None:
    """Line numbers include blank lines."""
    rows, _, malformed = copy(b'\n  \n{"id":"c1"}\n\n{\n{"id":"c2"}')

    assert rows == [b'{"id":"c1"', b'{"id":"c2"']
    assert malformed == [5]


@pytest.mark.parametrize("block_bytes", [1, 7, 16, 64, 1_000])
def test_block_size_does_not_change_rows(monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    """A block always ends at a line ending."""
    monkeypatch.setattr(passthrough, "BLOCK_BYTES", block_bytes)
    lines = [b'{"id":"c%d","name":"%b"}' % (number, b"x" * number) for number in range(40)]

    rows, reencoded, malformed = copy(b"\n".join(lines))

    assert rows == [line[:-1] for line in lines]
    assert reencoded == []
    assert malformed == []


def test_crlf_line_is_copied() -> None:
    """A carriage return before a newline is part of the line ending."""
    rows, reencoded, _ = copy(b'{"id":"c1"}\r\n{"id":"c2"}\r\n')

    assert rows == [b'{"id":"c1"', b'{"id":"c2"']
    assert reencoded == []


def test_empty_file_has_no_rows() -> None:
    """An empty file yields nothing."""
    assert copy(b"") == ([], [], [])


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
records = st.dictionaries(st.sampled_from([*PROPERTIES, "unknown"]), values, max_size=5)
lines = records.map(encode) | st.binary(max_size=30).map(lambda line: line.replace(b"\n", b""))


@settings(deadline=None)
@given(st.lists(lines, max_size=12), st.sampled_from([b"\n", b"\r\n"]))
def test_passthrough_agrees_with_parsing(body: list[bytes], line_end: bytes) -> None:
    """For any file, copying and parsing yield the same rows and the same malformed lines."""
    file = line_end.join(body)
    parsed = [parse_line(number, line, decode=decode_raw) for number, line in enumerate(file.split(b"\n"), 1)]

    rows, _, malformed = copy(file)

    assert [_decode(row + b"}") for row in rows] == [
        _decode(reencode(record)) for record in parsed if isinstance(record, dict)
    ]
    assert malformed == [line.number for line in parsed if isinstance(line, MalformedLine)]


def _decode(row: bytes) -> dict[str, Any]:
    # Only the top level: numbers below it are then compared by their digits.
    return {key: bytes(raw) for key, raw in msgspec.json.decode(row, type=dict[str, msgspec.Raw]).items()}
