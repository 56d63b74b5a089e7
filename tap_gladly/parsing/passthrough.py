"""Copy the lines of JSON Lines files into records without decoding and encoding them.

Nearly every line of an export file is a record whose properties the schema declares. The tap checks
such a line and copies its bytes. This costs about as much as reading the file. The SDK's record path, which
decodes, maps and encodes each record, costs ten times as much.
"""

from __future__ import annotations

from itertools import compress
from typing import IO, TYPE_CHECKING

from tap_gladly.parsing.json_text import escape_line_ends, has_line_end
from tap_gladly.parsing.jsonl import MalformedLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_gladly.parsing.record_check import RecordCheck

BLOCK_BYTES = 256 * 1024
_END_BYTE = b"}"
_END = _END_BYTE[0]


class Passthrough:
    """Copies the lines of files that share a schema."""

    def __init__(
        self, check: RecordCheck, reencode: Callable[[int, bytes], bytes | MalformedLine | None]
    ) -> None:
        """Prepare to copy the lines of a stream.

        Args:
            check: Determines which lines are valid.
            reencode: Handles any other line, given its number and bytes. Returns a row, a malformed line, or
                None if the line is blank.
        """
        self._check = check
        self._reencode = reencode

    def iter_rows(self, file: IO[bytes]) -> Iterator[list[bytes] | MalformedLine]:
        """Yield the rows of a file in lists of a few hundred, and malformed lines in between.

        Yields:
            JSON objects, each without its closing brace, so that properties can be appended.
        """
        first = 1
        while block := file.read(BLOCK_BYTES) + file.readline():
            if b"\r" in block:
                block = block.replace(b"\r\n", b"\n")
            lines = block.removesuffix(b"\n").split(b"\n")
            # JSON allows a carriage return between values, but some readers treat it as a line ending.
            can_copy = b"\r" not in block
            yield from self._iter_block(lines, first, can_copy=can_copy)
            first += len(lines)

    def _iter_block(
        self, lines: list[bytes], first: int, *, can_copy: bool
    ) -> Iterator[list[bytes] | MalformedLine]:
        found = self._check.find_valid(lines) if can_copy else [False] * len(lines)
        try:
            copies = _copy_all(lines if all(found) else [*compress(lines, found)])
        except UnicodeDecodeError:  # somewhere; the check doesn't decode the values of keys
            found, copies = [False] * len(lines), []
        if all(found):
            yield copies
            return
        next_copies = iter(copies)
        rows: list[bytes] = []
        for number, (line, is_valid) in enumerate(zip(lines, found, strict=True), first):
            if is_valid:
                rows.append(next(next_copies))
                continue
            row = line[:-1] if can_copy and self._can_copy(line) else self._reencode(number, line)
            if isinstance(row, MalformedLine):
                yield rows
                yield row
                rows = []
            elif row is not None:
                rows.append(row)
        yield rows

    def _can_copy(self, line: bytes) -> bool:
        return line[-1:] == _END_BYTE and self._check.is_valid(line) and _is_one_line(line)


def _copy_all(lines: list[bytes]) -> list[bytes]:
    """Return valid lines without their closing braces, each of them one line for every reader.

    Raises:
        UnicodeDecodeError: A line isn't valid UTF-8.
    """
    copies = [line[:-1] if line[-1] == _END else line.rstrip()[:-1] for line in lines]
    others = [index for index, line in enumerate(lines) if not line.isascii()]
    # Most blocks have no such line end, so all lines are searched at once first.
    text = b"\n".join([lines[index] for index in others]).decode()
    if has_line_end(text):
        for index, line in zip(others, text.split("\n"), strict=True):
            if has_line_end(line):
                copies[index] = escape_line_ends(copies[index])
    return copies


def _is_one_line(line: bytes) -> bool:
    """Return whether a line is valid UTF-8, and one line for every reader."""
    try:
        return not has_line_end(line.decode())
    except UnicodeDecodeError:
        return False
