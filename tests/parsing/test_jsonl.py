"""Lines of a file: records and malformed lines."""

from __future__ import annotations

import io
import json
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gladly.parsing.json_text import encode
from tap_gladly.parsing.jsonl import MalformedLine, decode_raw, decode_values, iter_jsonl, parse_line
from tap_gladly.parsing.numbers import UnreadableNumber

if TYPE_CHECKING:
    from collections.abc import Callable


def parse(body: bytes) -> list[dict[str, Any] | MalformedLine]:
    """Parse a body like a file on disk."""
    return list(iter_jsonl(io.BytesIO(body)))


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"a"}\n{"id":"b"}\n',
        b'{"id":"a"}\r\n{"id":"b"}\r\n',
        b'{"id":"a"}\n{"id":"b"}',
        b'\n\r\n{"id":"a"}\n  \n{"id":"b"}\n\n',
        b'\xef\xbb\xbf{"id":"a"}\n{"id":"b"}\n',
        b' { "id" : "a" } \n\t{"id":"b"}\n',
    ],
)
def test_iter_jsonl_accepts_every_line_ending(body: bytes) -> None:
    """CRLF, no final newline, blank lines, a byte-order mark and whitespace make no difference."""
    assert parse(body) == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\u000b".encode().decode(), "\ufeff"])
def test_iter_jsonl_splits_at_newlines_only(separator: str) -> None:
    """Characters that str.splitlines treats as line endings are part of the string."""
    text = f"one{separator}two"
    record = {"id": "a", "text": text}

    assert parse(json.dumps(record, ensure_ascii=separator == "\u000b").encode() + b"\n") == [record]


@pytest.mark.parametrize("decode", [decode_raw, decode_values])
def test_long_integer_does_not_change_how_a_line_is_read(decode: Callable[[bytes], dict[str, Any]]) -> None:
    """A line with an integer that msgspec can't decode follows the same rules as any other line."""
    long = b"9" * 110
    surrogate = parse_line(1, b'{"id":"a","x":%b,"id":"b\\ud800"}' % long, decode=decode)
    constant = parse_line(1, b'{"id":"a","x":%b,"y":NaN}' % long, decode=decode)

    assert isinstance(surrogate, dict)
    assert json.loads(encode(surrogate["id"])) == "b\ufffd"
    assert isinstance(constant, MalformedLine)


def test_iter_jsonl_keeps_numbers_exact() -> None:
    """Integers up to 4,300 digits and decimals of any precision keep their digits."""
    big = 10**60 + 7

    assert parse(b'{"id":"a","i":%d,"d":1.10,"e":1e300}' % big) == [
        {"id": "a", "i": big, "d": Decimal("1.10"), "e": Decimal("1e300")}
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (rb"\ud800", "\ufffd"),
        (rb"a\udc00b", "a\ufffdb"),
        (rb"\ud83d\ude00\ud83d", "\U0001f600\ufffd"),
        (rb"\\ud800 \ud800", "\\ud800 \ufffd"),
        (rb"\\\ud800\u0000", "\\\ufffd\x00"),
    ],
)
def test_iter_jsonl_replaces_lone_surrogates(text: bytes, read: str) -> None:
    """A lone surrogate becomes U+FFFD. Pairs and other escapes stay."""
    assert parse(b'{"id":"a","text":"' + text + b'"}') == [{"id": "a", "text": read}]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":"a"',
        b'{"id":"a"}{"id":"b"}',
        b"[]",
        b"null",
        b"7",
        b'{"id":"a","x":NaN}',
        b'{"id":"a","x":"\xff"}',
        b"\x00",
        b'{"id":null}',
        b'{"id":""}',
        b'{"id":7}',
        b'{"id":["a"]}',
        b"{}",
        b"[" * 100_000,
        b'{"id":"a","x":"\\ud800',
    ],
    ids=lambda line: line[:20],
)
def test_iter_jsonl_yields_malformed_lines_with_number_and_error(line: bytes) -> None:
    """A line that isn't an object with a string id is yielded unchanged, and its neighbors are parsed."""
    first, malformed, last = parse(b'{"id":"a"}\n' + line + b'\r\n{"id":"b"}\n')

    assert (first, last) == ({"id": "a"}, {"id": "b"})
    assert isinstance(malformed, MalformedLine)
    assert (malformed.number, malformed.line) == (2, line)
    assert malformed.error


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":1e400}',
        b'{"id":[1e400]}',
        b'{"id":"a","id":1e400}',
        b'{"id":1e99999999999999999999}',
        b'{"id":%b}' % (b"9" * 5000),
        b'{"id":"a","x":%b}' % (b"[" * 201 + b"]" * 201),
        b'{"id":"a","x":%b}' % (b"[" * 5000 + b"]" * 5000),
        b'{"id":-1.50}',
        b'{"id":{"a":null}}',
    ],
    ids=lambda line: line[:20],
)
def test_parse_line_agrees_for_both_decoders(line: bytes) -> None:
    """A line is malformed for decode_raw if and only if it is malformed for decode_values."""
    parsed, whole = parse_line(1, line, decode=decode_raw), parse_line(1, line)

    assert isinstance(whole, MalformedLine)
    assert parsed == whole


def test_iter_jsonl_accepts_a_long_line() -> None:
    """A line may be 8 MiB long."""
    text = "x" * (8 * 1024 * 1024)

    assert parse(json.dumps({"id": "a", "text": text}).encode()) == [{"id": "a", "text": text}]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
_records = st.fixed_dictionaries({"id": st.text(min_size=1)}, optional={"value": _json, "other": _json})
_garbage = st.binary(max_size=40).map(lambda junk: b"}" + junk.replace(b"\n", b""))


@given(st.lists(_records | _garbage))
def test_iter_jsonl_loses_nothing(lines: list[dict[str, Any] | bytes]) -> None:
    """Any mixture of records and garbage is yielded in order."""
    body = b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode("utf-8", "replace")
        for line in lines
    )

    parsed = parse(body)

    assert len(parsed) == len(lines)
    for number, (line, result) in enumerate(zip(lines, parsed, strict=True), start=1):
        if isinstance(line, bytes):
            assert isinstance(result, MalformedLine)
            assert (result.number, result.line) == (number, line.rstrip(b"\r\n"))
        else:
            assert isinstance(result, dict)
            assert result == json.loads(json.dumps(line).encode())


@pytest.mark.parametrize(
    "number",
    [
        b"1e400",
        b"-1e9999999999999999999",
        b"9" * 4301,
        b"-" + b"9" * 4300,
        b"1e-400",
        b"0.%b" % (b"1" * 20_000),
    ],
    ids=lambda number: number[:24],
)
def test_number_out_of_range_is_not_malformed(number: bytes) -> None:
    """A number that targets can't read is replaced later, so its line is a record for both decoders."""
    line = b'{"id":"a","x":[%b]}' % number

    assert isinstance(parse_line(1, line, decode=decode_raw), dict)
    assert parse_line(1, line) == {"id": "a", "x": [UnreadableNumber(number.decode())]}


@pytest.mark.parametrize("decode", [decode_raw, decode_values])
@pytest.mark.parametrize("piece", [b'\\"', b"[", b'{"a":', b'"\\ud800",', b"\\\\", b'["\\"'])
@pytest.mark.parametrize("size", [1_000_000, 2_000_000])
def test_truncated_long_line_takes_linear_time(
    decode: Callable[[bytes], dict[str, Any]], piece: bytes, size: int
) -> None:
    """A line that is cut in the middle is found malformed in a fraction of a second."""
    line = b'{"id":"a","x":"' + piece * (size // len(piece))
    started = time.process_time()

    parsed = parse_line(1, line, decode=decode)

    assert isinstance(parsed, MalformedLine)
    assert time.process_time() - started < 1
