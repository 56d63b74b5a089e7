"""Parse JSON Lines into records and malformed lines, and JSON documents into values."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Record = dict[str, Any]

_decode_top = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
# Decimal keeps every digit of a number with a fraction. Integers of any length become Python integers.
_decode_all = msgspec.json.Decoder(Record, float_hook=Decimal).decode
_decode_one = msgspec.json.Decoder(float_hook=Decimal).decode

_PAGE_TYPE = "text/html"
_ERROR_TYPES = {"application/json", "application/problem+json", "text/plain"}
# An HTML page, or an error in a shape that Gladly documents: a bare list or an object.
_ERROR_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:<|\[\s*\{|\{\s*"errors?"\s*:)')
_START_BYTES = 4096
_BLOCK_BYTES = 64 * 1024
_MAX_DEPTH = 200
_TOO_DEEP = f"nested more than {_MAX_DEPTH} deep"
# Python refuses to read a longer integer, so a Python target would fail. In a longer one, taking every 400th
# byte yields ten digits in a row, so the check reads only a small sample of the text.
_MAX_INTEGER_DIGITS = 4300
_SAMPLE = slice(None, None, 400)
_SAMPLED_INTEGER = re.compile(rb"[0-9]{10}")
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# An escape in a JSON string: a surrogate pair, a lone surrogate, or any other escape.
_ESCAPE = re.compile(
    rb"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


@dataclass(frozen=True)
class MalformedLine:
    """A line that isn't a JSON object with a non-empty string `id`."""

    number: int
    """Line number in the file, from 1."""
    error: str
    """Description of the problem. It quotes nothing from the line."""
    line: bytes
    """The line without its line ending."""


def may_hold_long_integer(text: bytes) -> bool:
    """Return whether a text may contain an integer too long for a Python target."""
    return len(text) > _MAX_INTEGER_DIGITS and _SAMPLED_INTEGER.search(text[_SAMPLE]) is not None


def decode_raw(line: bytes) -> Record:
    """Decode the top level of a line. Values stay raw JSON, which is checked but not decoded.

    Raises:
        ValueError: The line isn't a JSON object, or contains an integer that no target can read.
        ArithmeticError: See `decode_values`.
    """
    if may_hold_long_integer(line):
        decode_values(line)
    return _decode_top(line)


def decode_values(line: bytes) -> Record:
    """Decode a line to Python values at every level.

    Raises:
        ValueError: The line isn't a JSON object, or is nested too deeply to be encoded again.
        ArithmeticError: The line contains a number that Python can't represent.
    """
    if _is_too_deep(line):
        raise ValueError(_TOO_DEEP)
    return _decode_all(line)


def iter_jsonl(
    lines: Iterable[bytes], *, decode: Callable[[bytes], Record] = decode_values
) -> Iterator[Record | MalformedLine]:
    r"""Yield each line as a record or a malformed line. Blank lines are skipped.

    Args:
        lines: The file's lines, split at b"\n" only, with or without line endings. A file open in binary
            mode qualifies. U+2028, U+0085 and similar characters are legal in JSON strings and end no line.
        decode: `decode_values`, or `decode_raw` if only the top level is needed.
    """
    for number, line in enumerate(lines, start=1):
        record = parse_line(number, line, decode=decode)
        if record is not None:
            yield record


def parse_line(
    number: int, line: bytes, *, decode: Callable[[bytes], Record] = decode_values
) -> Record | MalformedLine | None:
    """Parse a line. Return a record, a malformed line, or None if the line is blank.

    Args:
        number: Line number in the file, from 1. Line 1 may begin with a byte-order mark.
        line: The line, with or without its line ending.
        decode: See `iter_jsonl`.
    """
    text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
    if text.isspace() or not text:
        return None
    record = _parse_record(text, decode)
    return MalformedLine(number, record, text.rstrip(b"\r\n")) if isinstance(record, str) else record


def _parse_record(line: bytes, decode: Callable[[bytes], Record]) -> Record | str:
    try:
        record = _decode_object(line, decode)
        identifier = record.get("id")
        if isinstance(identifier, msgspec.Raw):
            identifier = _decode_one(identifier)
    except ArithmeticError:
        return "number out of range"
    except RecursionError:
        return _TOO_DEEP
    except (msgspec.DecodeError, ValueError) as error:
        return str(error)
    if isinstance(identifier, str) and identifier:
        return record
    return (
        "no id" if identifier is None else "the id is empty" if identifier == "" else "the id is not a string"
    )


def _is_too_deep(line: bytes) -> bool:
    # Decoding and encoding are both limited by the stack, so a record that decodes may fail to encode.
    if line.count(b"[") + line.count(b"{") <= _MAX_DEPTH:
        return False
    depth = deepest = 0
    for bracket in _BRACKET.findall(_TEXT.sub(b"", line)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest > _MAX_DEPTH


def _decode_object(line: bytes, decode: Callable[[bytes], Record]) -> Record:
    if not line.isascii():
        line.decode()  # raises on invalid UTF-8, which raw values would hide
    body = line.rstrip(b"\r\n")
    record = _decode_repaired(body, decode)
    # Raw values keep their whitespace, and some readers treat a carriage return as a line ending.
    return _decode_repaired(body.replace(b"\r", b" "), decode) if b"\r" in body else record


def _decode_repaired(line: bytes, decode: Callable[[bytes], Record]) -> Record:
    try:
        return decode(line)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        repaired = _ESCAPE.sub(_replace_lone_surrogate, line)
        if repaired == line:
            raise
        return decode(repaired)


def _replace_lone_surrogate(escape: re.Match[bytes]) -> bytes:
    # A lone surrogate is legal in JSON but isn't a character: nothing downstream can encode it as UTF-8.
    return rb"\ufffd" if escape[2] else escape[0]


def parse_document(body: bytes) -> object:
    """Parse a body that is one JSON value. Return None if it isn't JSON.

    Numbers keep every digit. A number that no target can read becomes a string. Invalid UTF-8 and lone
    surrogates become U+FFFD, as in lines.
    """
    text = _ESCAPE.sub(_replace_lone_surrogate, body).decode("utf-8-sig", "replace")
    try:
        return json.loads(text, parse_float=_read_decimal, parse_int=_read_integer)
    except (ValueError, RecursionError):
        return None


def _read_decimal(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def _read_integer(text: str) -> int | str:
    return int(text) if len(text) <= _MAX_INTEGER_DIGITS else text


def is_not_jsonl(file: IO[bytes], content_type: str) -> bool:
    """Return whether a body is an HTML page, an error or plain text instead of JSON Lines.

    Gladly documents application/x-ndjson. A body with any other content type is accepted if one of its lines
    is a record; for text/html, the first line must be one. A body without a record may be a file whose lines
    are all malformed, unless its content type or its first bytes indicate an error.

    Args:
        file: Open for reading. Its position is reset to the start.
        content_type: Value of the response's Content-Type header.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _PAGE_TYPE:
        first = next(iter_jsonl(file, decode=decode_raw), None)
        file.seek(0)
        return not isinstance(first, dict)
    start = file.read(_START_BYTES)
    file.seek(0)
    return _has_no_record(file) and (kind in _ERROR_TYPES or _ERROR_START.match(start) is not None)


def find_truncation(file: IO[bytes]) -> str:
    """Return why a file looks truncated and should be requested again, or an empty string.

    Args:
        file: Open for reading. Its position is reset to the start.
    """
    if _ends_in_truncated_line(file):
        return "is truncated"
    return "has no record" if _has_no_record(file) else ""


def _has_no_record(file: IO[bytes]) -> bool:
    # Blank lines alone are fine: a file may be empty.
    are_records = (isinstance(line, dict) for line in iter_jsonl(file, decode=decode_raw))
    has_record = next(are_records, True) or any(are_records)
    file.seek(0)
    return not has_record


def _ends_in_truncated_line(file: IO[bytes]) -> bool:
    # The last line has no line ending and isn't JSON, as after a transfer that was truncated unnoticed.
    end = file.seek(0, os.SEEK_END)
    blocks: list[bytes] = []
    while end and not (blocks and b"\n" in blocks[-1]):
        start = max(0, end - _BLOCK_BYTES)
        file.seek(start)
        blocks.append(file.read(end - start))
        end = start
    file.seek(0)
    line = b"".join(reversed(blocks)).rpartition(b"\n")[2]
    try:
        repaired = _ESCAPE.sub(_replace_lone_surrogate, line)
        return bool(line.strip()) and not msgspec.json.decode(repaired, type=msgspec.Raw)
    except (msgspec.DecodeError, ValueError):
        return True
    except RecursionError:
        return False
