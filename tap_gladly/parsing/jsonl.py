"""Parse JSON Lines into records and malformed lines, and JSON documents into values."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import IO, TYPE_CHECKING, Any, NoReturn

import msgspec

from tap_gladly.parsing.binary import is_binary
from tap_gladly.parsing.numbers import may_have_unreadable_number, parse_decimal, parse_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Record = dict[str, Any]

_decode_top = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_all = msgspec.json.Decoder(Record, float_hook=parse_decimal).decode
_decode_one = msgspec.json.Decoder(float_hook=parse_decimal).decode

_PAGE_TYPE = "text/html"
_ERROR_TYPES = {"application/json", "application/problem+json", "text/plain"}
# An HTML page, or an error in a shape that Gladly documents: a bare list or an object.
_ERROR_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:<|\[\s*\{|\{\s*"errors?"\s*:)')
_START_BYTES = 4096
_BLOCK_BYTES = 64 * 1024
_MAX_DEPTH = 200
_TOO_DEEP = f"nested more than {_MAX_DEPTH} deep"
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


def decode_raw(line: bytes) -> Record:
    """Decode the top level of a line. Values stay raw JSON, which is checked but not decoded.

    Raises:
        ValueError: The line isn't a JSON object, or is nested too deeply.
    """
    record = _decode_top(line)
    _check_depth(line)
    return record


def decode_values(line: bytes) -> Record:
    """Decode a line to Python values at every level.

    Raises:
        ValueError: The line isn't a JSON object, or is nested too deeply.
    """
    try:
        record = _decode_all(line)
    except msgspec.ValidationError:
        record = _decode_long_integers(line)
    _check_depth(line)
    return record


def decode_value(text: bytes) -> object:
    """Decode valid JSON to Python values. Numbers that targets can't read become `UnreadableNumber`."""
    try:
        return _decode_one(text)
    except msgspec.ValidationError:
        return _decode_with_python(text)


def _decode_long_integers(line: bytes) -> Record:
    """Decode a line that msgspec rejects: it isn't an object, or has an integer that is too long."""
    record = _decode_with_python(line) if may_have_unreadable_number(line) else None
    if not isinstance(record, dict):
        return _decode_top(line)  # raises msgspec's error
    return record


def _decode_with_python(text: bytes) -> object:
    repaired = _repair(bytes(text)).decode()
    return json.loads(
        repaired, parse_float=parse_decimal, parse_int=parse_integer, parse_constant=_reject_constant
    )


def _reject_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity aren't JSON")


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
            identifier = decode_value(identifier)
    except RecursionError:
        return _TOO_DEEP
    except (msgspec.DecodeError, ValueError) as error:
        return str(error)
    if isinstance(identifier, str) and identifier:
        return record
    return (
        "no id" if identifier is None else "the id is empty" if identifier == "" else "the id is not a string"
    )


def may_be_too_deep(line: bytes) -> bool:
    """Return whether a JSON text may be nested too deeply. False is certain."""
    return line.count(b"[") + line.count(b"{") > _MAX_DEPTH


def _check_depth(line: bytes) -> None:
    # Python's json and the JSON types of databases limit the depth, and a limit below theirs is the same for
    # every way to read a line.
    if _find_depth(line) > _MAX_DEPTH:
        raise ValueError(_TOO_DEEP)


def _find_depth(text: bytes) -> int:
    """Return how deeply a JSON text is nested; 0 if that is certainly not too deep."""
    if not may_be_too_deep(text):
        return 0
    # The text is valid JSON here, or the pattern would take quadratic time.
    steps = (1 if bracket in b"[{" else -1 for bracket in _BRACKET.findall(_TEXT.sub(b"", text)))
    return max(accumulate(steps), default=0)


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
        repaired = _repair(line)
        if repaired == line:
            raise
        return decode(repaired)


def _repair(text: bytes) -> bytes:
    """Replace lone surrogates in JSON text."""
    return _ESCAPE.sub(_replace_lone_surrogate, text) if b"\\u" in text else text


def _replace_lone_surrogate(escape: re.Match[bytes]) -> bytes:
    # A lone surrogate is legal in JSON but isn't a character: nothing downstream can encode it as UTF-8.
    return rb"\ufffd" if escape[2] else escape[0]


def parse_document(body: bytes) -> object:
    """Parse a body that is one JSON value. Return None if it isn't JSON.

    Numbers keep every digit, or become `UnreadableNumber`. Invalid UTF-8 and lone surrogates become U+FFFD, as
    in lines. A property that is nested too deeply becomes its text, and so do NaN and Infinity, which aren't JSON.
    """
    text = _repair(body).decode("utf-8-sig", "replace")
    try:
        document = json.loads(text, parse_float=parse_decimal, parse_int=parse_integer, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    if may_be_too_deep(body):
        with suppress(msgspec.DecodeError):  # for NaN
            _replace_deep_values(document, text.encode())
    return document


def _replace_deep_values(document: object, text: bytes) -> None:
    entries = document if isinstance(document, list) else [document]
    texts = _decode_elements(text) if isinstance(document, list) else [text]
    for entry, entry_text in zip(entries, texts, strict=True):
        if isinstance(entry, dict) and may_be_too_deep(bytes(entry_text)):
            values = {name: bytes(value) for name, value in _decode_top(entry_text).items()}
            entry.update({name: it.decode() for name, it in values.items() if _find_depth(it) > _MAX_DEPTH})


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
    is_suspect = kind in _ERROR_TYPES or _ERROR_START.match(start) is not None or is_binary(start)
    return is_suspect and _has_no_record(file)


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
        repaired = _repair(line)
        return bool(line.strip()) and not msgspec.json.decode(repaired, type=msgspec.Raw)
    except (msgspec.DecodeError, ValueError):
        return True
    except RecursionError:
        return False
