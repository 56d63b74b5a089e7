"""Plain text for a terminal: paragraphs, tables and progress."""

from __future__ import annotations

import sys
import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH: Final = 80
_MINUTE: Final = 60
_HOUR: Final = 3_600


def print_text(text: str) -> None:
    """Print a paragraph and an empty line."""
    print(textwrap.fill(text, _WIDTH, break_on_hyphens=False), end="\n\n", flush=True)


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a title and a table. The first column is left-aligned, the others right-aligned."""
    cells = [list(header), *([format_value(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print(title)
    for first, *others in cells:
        aligned = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        print("  " + "   ".join([first.ljust(widths[0]), *aligned]))
    print(flush=True)


def show_progress(text: str) -> None:
    """Show progress on standard error. At a terminal, replace the previous progress."""
    if sys.stderr.isatty():
        print(f"\r{text:<{_WIDTH - 1}}", end="" if text else "\r", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


def format_value(value: object) -> str:
    """Return a cell's text: numbers with thousands separators, durations in their two largest units."""
    if isinstance(value, timedelta):
        return _format_duration(round(value.total_seconds()))
    return f"{value:,}" if isinstance(value, int) else str(value)


def format_count(count: int, noun: str) -> str:
    """Return the count with its noun in the singular or plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _format_duration(seconds: int) -> str:
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE:02} s"
    return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02} min"
