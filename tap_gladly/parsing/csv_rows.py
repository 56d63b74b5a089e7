"""Parse CSV reports: bytes to rows of cells, and headers to column names."""

from __future__ import annotations

import csv
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MAX_NAME_BYTES = 63
"""PostgreSQL truncates longer names, so that two columns may become one."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_CELL_BYTES = 16 * 1024 * 1024
_END = ["\udcff", "end"]
"""Appended as the last row. No body contains it, because UTF-8 can't encode a lone surrogate."""
_SEPARATOR = re.compile(r"[^a-z0-9]+")
_DIGEST_DIGITS = 8
_SENTENCE_END = re.compile(r".*[.!\u2026]\s*", re.DOTALL)
_CLAUSE = re.compile(r"\s+[a-z]+\s+\S.*", re.DOTALL)
_LOWERCASE_WORD = re.compile(r"\S.*\s[a-z].*", re.DOTALL)


class LineDecoder:
    """Decodes the lines of one report, and counts the lines that aren't UTF-8."""

    def __init__(self) -> None:
        self.invalid_lines = 0

    def decode(self, line: bytes) -> str:
        """Decode a line as UTF-8, else as Windows-1252, else with U+FFFD in place of invalid bytes.

        Gladly documents no encoding. UTF-8 is what it sends; Windows-1252 is what other tools use for CSV. A
        line that has other UTF-8 characters is damaged UTF-8, and not Windows-1252.
        """
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.invalid_lines += 1
        text = line.decode("utf-8", "replace")
        if text.replace("\ufffd", "").isascii():
            try:
                return line.decode("cp1252")
            except UnicodeDecodeError:
                pass
        return text


def iter_csv(lines: Iterable[bytes], decode: Callable[[bytes], str] | None = None) -> Iterator[list[str]]:
    r"""Yield the cells of each row. Rows without any text are skipped, also before the header.

    Args:
        lines: The body, split at b"\n" only, such as a file opened in binary mode.
        decode: Decodes a line; by default with a new `LineDecoder`.

    Raises:
        ValueError: The body ends inside quotes, which means it is truncated, or has a cell over 16 MiB.
    """
    csv.field_size_limit(_MAX_CELL_BYTES)
    last: list[str] = []
    try:
        for cells in csv.reader(_iter_lines(lines, decode or LineDecoder().decode)):
            last = cells
            if cells != _END and any(cell.strip() for cell in cells):
                yield cells
    except csv.Error as error:
        raise ValueError("it has a cell over 16 MiB") from error
    if last != _END:
        raise ValueError("it ends inside quotes")


def _iter_lines(lines: Iterable[bytes], decode: Callable[[bytes], str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 0 else line
        # A lone carriage return ends a row, too. Unlike str.splitlines, bytes.splitlines has no other line ends.
        for part in text.splitlines(keepends=True):
            yield decode(part).replace("\0", "\ufffd")
    yield ",".join(_END)


def name_columns(header: Sequence[str]) -> list[str]:
    """Turn a header into unique column names of at most 63 bytes, in snake case.

    A repeated name gets a number. A name without a letter or digit becomes its position, such as `column_4`.
    """
    columns: list[str] = []
    for position, cell in enumerate(header, start=1):
        name = normalize_name(cell) or name_position(position)
        number = 2
        column = name
        while column in columns:
            suffix = f"_{number}"
            column, number = name[: MAX_NAME_BYTES - len(suffix)] + suffix, number + 1
        columns.append(column)
    return columns


def normalize_name(text: str) -> str:
    """Turn one cell of a header into a column name: letters and digits in lower case, underscores between.

    A name over 63 bytes is shortened, and ends in a hash of the complete name. So the name stays the same if
    Gladly adds or moves columns.
    """
    name = _SEPARATOR.sub("_", text.lower()).strip("_")
    if len(name) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_DIGITS]
    return f"{name[: MAX_NAME_BYTES - _DIGEST_DIGITS - 1].rstrip('_')}_{digest}"


def name_position(position: int) -> str:
    """Return the name of a column that the header doesn't name, from its position, counted from 1."""
    return f"column_{position}"


def is_prose(header: Sequence[str], *, has_rows: bool) -> bool:
    """Return whether a body's first row is prose, such as an error message, instead of a header.

    Args:
        header: The cells of the first row.
        has_rows: Whether another row with as many cells follows.
    """
    if has_rows:
        return len(header) == 1 and _SENTENCE_END.fullmatch(header[0]) is not None
    if any(_SENTENCE_END.fullmatch(cell) or _CLAUSE.fullmatch(cell) for cell in header):
        return True
    return len(header) == 1 and _LOWERCASE_WORD.fullmatch(header[0].strip()) is not None
