"""Bytes to rows of cells: CSV as reports have it."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_CELL_BYTES = 16 * 1024 * 1024
_END = ["\udcff", "end"]
"""A row that no body has: half a pair of surrogates does not come out of UTF-8."""
_NO_NAME = re.compile(r"[^a-z0-9]+")
_TEXT_CELL = re.compile(r".*[.!?\u2026]\s*|\s+[a-z]+\s.*", re.DOTALL)


def iter_csv(lines: Iterable[bytes]) -> Iterator[list[str]]:
    r"""Yield each row as its cells; rows without any text are skipped, before the header, too.

    Args:
        lines: The body, cut at b"\n" alone: a file open in binary mode is just that.

    Raises:
        ValueError: The body ends inside quotes, as when it was cut, or has a cell beyond all bounds.
    """
    csv.field_size_limit(_MAX_CELL_BYTES)
    last: list[str] = []
    try:
        for cells in csv.reader(_iter_lines(lines)):
            last = cells
            if cells != _END and any(cell.strip() for cell in cells):
                yield cells
    except csv.Error as error:
        raise ValueError("CSV with a cell beyond all bounds") from error
    if last != _END:
        raise ValueError("CSV that ends inside quotes")


def _iter_lines(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 0 else line
        # A carriage return alone ends a row, too; unlike in text, bytes have no further line ends.
        for part in text.splitlines(keepends=True):
            yield part.decode("utf-8", "replace").replace("\0", "\ufffd")
    yield ",".join(_END)


def name_columns(header: Sequence[str]) -> list[str]:
    """Turn a header into columns: lowered, and an underscore for whatever is no letter or digit.

    A name that comes again is numbered, and one without a letter or digit is named after its place.
    """
    columns: list[str] = []
    for place, cell in enumerate(header, start=1):
        name = normalize_name(cell) or name_place(place)
        number = 2
        column = name
        while column in columns:
            column, number = f"{name}_{number}", number + 1
        columns.append(column)
    return columns


def normalize_name(text: str) -> str:
    """Turn one cell of a header into a column's name."""
    return _NO_NAME.sub("_", text.lower()).strip("_")


def name_place(place: int) -> str:
    """Name the column at a place, counted from 1, for which the header has no name."""
    return f"column_{place}"


def is_text(header: Sequence[str]) -> bool:
    """Say whether a body's first row reads like a sentence, whose commas make cells of it."""
    return len(header) == 1 or any(_TEXT_CELL.fullmatch(cell) for cell in header)
