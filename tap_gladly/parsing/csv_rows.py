"""Parse CSV reports: bytes to rows of cells, and headers to column names."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_CELL_BYTES = 16 * 1024 * 1024
_END = ["\udcff", "end"]
"""Appended as the last row. No body contains it, because UTF-8 can't encode a lone surrogate."""
_SEPARATOR = re.compile(r"[^a-z0-9]+")
_PROSE_CELL = re.compile(r".*[.!?\u2026]\s*|\s+[a-z]+\s.*", re.DOTALL)


def iter_csv(lines: Iterable[bytes]) -> Iterator[list[str]]:
    r"""Yield the cells of each row. Rows without any text are skipped, also before the header.

    Args:
        lines: The body, split at b"\n" only, such as a file opened in binary mode.

    Raises:
        ValueError: The body ends inside quotes, which means it is truncated, or has a cell over 16 MiB.
    """
    csv.field_size_limit(_MAX_CELL_BYTES)
    last: list[str] = []
    try:
        for cells in csv.reader(_iter_lines(lines)):
            last = cells
            if cells != _END and any(cell.strip() for cell in cells):
                yield cells
    except csv.Error as error:
        raise ValueError("it has a cell over 16 MiB") from error
    if last != _END:
        raise ValueError("it ends inside quotes")


def _iter_lines(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 0 else line
        # A lone carriage return ends a row, too. Unlike str.splitlines, bytes.splitlines has no other line ends.
        for part in text.splitlines(keepends=True):
            yield part.decode("utf-8", "replace").replace("\0", "\ufffd")
    yield ",".join(_END)


def name_columns(header: Sequence[str]) -> list[str]:
    """Turn a header into column names in snake case.

    A repeated name gets a number. A name without a letter or digit becomes its position, such as `column_4`.
    """
    columns: list[str] = []
    for position, cell in enumerate(header, start=1):
        name = normalize_name(cell) or name_position(position)
        number = 2
        column = name
        while column in columns:
            column, number = f"{name}_{number}", number + 1
        columns.append(column)
    return columns


def normalize_name(text: str) -> str:
    """Turn one cell of a header into a column name: letters and digits in lower case, underscores between."""
    return _SEPARATOR.sub("_", text.lower()).strip("_")


def name_position(position: int) -> str:
    """Return the name of a column that the header doesn't name, from its position, counted from 1."""
    return f"column_{position}"


def is_prose(header: Sequence[str]) -> bool:
    """Return whether a body's first row is prose, such as an error message, instead of a header."""
    return len(header) == 1 or any(_PROSE_CELL.fullmatch(cell) for cell in header)
