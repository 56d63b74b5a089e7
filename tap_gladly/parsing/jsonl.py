"""Bytes to records: what is a usable record in a JSON Lines file, what is wrong with the rest, and lists."""

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
# Numbers with a point keep every digit as Decimal; integers of any length are Python's own.
_decode_all = msgspec.json.Decoder(Record, float_hook=Decimal).decode
_decode_one = msgspec.json.Decoder(float_hook=Decimal).decode

_PAGE_TYPE = "text/html"
_ERROR_TYPES = {"application/json", "application/problem+json", "text/plain"}
# A web page, or errors in the shapes that Gladly documents: in a bare list, or in an object.
_ERROR_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:<|\[\s*\{|\{\s*"errors?"\s*:)')
_START_BYTES = 4096
_BLOCK_BYTES = 64 * 1024
_MAX_DEPTH = 200
_TOO_DEEP = f"nested more than {_MAX_DEPTH} deep"
# Python, and with it a target, reads no integer that is longer. Of one that is, every 400th byte makes ten
# digits in a row: a look at so few costs next to nothing, however long a text is.
_MAX_INTEGER_DIGITS = 4300
_SAMPLE = slice(None, None, 400)
_SAMPLED_INTEGER = re.compile(rb"[0-9]{10}")
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# An escape in a JSON string: a pair of surrogates, half a pair, or any other.
_ESCAPE = re.compile(
    rb"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


@dataclass(frozen=True)
class MalformedLine:
    """A line that is not a JSON object with an `id` of text."""

    number: int
    """Place in the file, from 1."""
    error: str
    """What is wrong, in words that quote nothing of the line."""
    line: bytes
    """The line without its end."""


def may_hold_long_integer(text: bytes) -> bool:
    """Say whether there may be an integer in a text that has more digits than a target could read."""
    return len(text) > _MAX_INTEGER_DIGITS and _SAMPLED_INTEGER.search(text[_SAMPLE]) is not None


def decode_raw(line: bytes) -> Record:
    """Take a line's top level apart; what is below goes on as it came, checked but not rebuilt.

    Raises:
        ValueError: It is no JSON object, or has an integer that no target could read.
        ArithmeticError: As for `decode_values`.
    """
    if may_hold_long_integer(line):
        decode_values(line)
    return _decode_top(line)


def decode_values(line: bytes) -> Record:
    """Decode a line to Python values all the way down.

    Raises:
        ValueError: It is no JSON object, or nothing that could be encoded again.
        ArithmeticError: It has a number that Python cannot hold.
    """
    if _is_too_deep(line):
        raise ValueError(_TOO_DEEP)
    return _decode_all(line)


def iter_jsonl(
    lines: Iterable[bytes], *, decode: Callable[[bytes], Record] = decode_values
) -> Iterator[Record | MalformedLine]:
    r"""Yield each line as a record, or as what is wrong with it; blank lines are skipped.

    Args:
        lines: The file, cut at b"\n" alone, with or without the line ends: a file open in binary mode is
            just that. U+2028, U+0085 and the like stand in JSON strings as they are and end no line.
        decode: `decode_values`, or `decode_raw` where nobody looks below the top level.
    """
    for number, line in enumerate(lines, start=1):
        record = parse_line(number, line, decode=decode)
        if record is not None:
            yield record


def parse_line(
    number: int, line: bytes, *, decode: Callable[[bytes], Record] = decode_values
) -> Record | MalformedLine | None:
    """Read a line as a record, or as what is wrong with it; None if it is blank.

    Args:
        number: Its place in the file, from 1; the first may begin with a byte-order mark.
        line: The line, with or without its end.
        decode: As for `iter_jsonl`.
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
        return "a number beyond all bounds"
    except RecursionError:
        return _TOO_DEEP
    except (msgspec.DecodeError, ValueError) as error:
        return str(error)
    if isinstance(identifier, str) and identifier:
        return record
    return "no id" if identifier is None else "the id is empty" if identifier == "" else "the id is not text"


def _is_too_deep(line: bytes) -> bool:
    # What Python could decode, it might not be able to encode again: both go as deep as its stack.
    if line.count(b"[") + line.count(b"{") <= _MAX_DEPTH:
        return False
    depth = deepest = 0
    for bracket in _BRACKET.findall(_TEXT.sub(b"", line)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest > _MAX_DEPTH


def _decode_object(line: bytes, decode: Callable[[bytes], Record]) -> Record:
    if not line.isascii():
        line.decode()  # bad UTF-8 is not found in what is not taken apart
    body = line.rstrip(b"\r\n")
    record = _decode_mended(body, decode)
    # What is not taken apart keeps its blanks, too, of which one ends lines for some readers.
    return _decode_mended(body.replace(b"\r", b" "), decode) if b"\r" in body else record


def _decode_mended(line: bytes, decode: Callable[[bytes], Record]) -> Record:
    try:
        return decode(line)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = _ESCAPE.sub(_replace_lone_surrogate, line)
        if mended == line:
            raise
        return decode(mended)


def _replace_lone_surrogate(escape: re.Match[bytes]) -> bytes:
    # Half a pair of surrogates is legal in JSON, but is no character: nothing downstream could encode it.
    return rb"\ufffd" if escape[2] else escape[0]


def parse_document(body: bytes) -> object:
    """Read JSON that is one value; None if it is none.

    Numbers keep every digit, and are text if they have more than a target could read; what is no character
    becomes U+FFFD, as in lines.
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
    """Say whether a body is a web page, an error or a sentence, and no JSON Lines.

    Gladly promises application/x-ndjson, but under any other name, too, what has a record in a line is taken;
    what is called a web page has it in its first line. What has none may be a file whose lines are all
    malformed, unless its name or its start tells otherwise.

    Args:
        file: Open for reading; it is left at its start.
        content_type: What the body's header says of it.
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
    """Say in words why a file should be asked for again, as it may then come otherwise; empty if all is well.

    Args:
        file: Open for reading; it is left at its start.
    """
    if _ends_in_cut_line(file):
        return "breaks off"
    return "has no record" if _has_no_record(file) else ""


def _has_no_record(file: IO[bytes]) -> bool:
    # Blank lines alone are nothing to find fault with: a file may be empty.
    are_records = (isinstance(line, dict) for line in iter_jsonl(file, decode=decode_raw))
    has_record = next(are_records, True) or any(are_records)
    file.seek(0)
    return not has_record


def _ends_in_cut_line(file: IO[bytes]) -> bool:
    # It has no end and is no JSON, as when a transfer was cut unnoticed.
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
        mended = _ESCAPE.sub(_replace_lone_surrogate, line)
        return bool(line.strip()) and not msgspec.json.decode(mended, type=msgspec.Raw)
    except (msgspec.DecodeError, ValueError):
        return True
    except RecursionError:
        return False
