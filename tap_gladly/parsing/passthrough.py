"""Lines of JSON Lines files as rows that go on as they came.

Nearly every line of an export file is a record that holds only what its schema knows. Such a line is checked
whole and then copied: no value of it becomes a Python object and JSON again. That costs about as much as
reading the file; the SDK's own path, which takes each record apart, maps, measures and encodes it, costs ten
times that.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Annotated, Any

import msgspec

from tap_gladly.parsing.json_text import has_line_end
from tap_gladly.parsing.jsonl import MalformedLine, may_hold_long_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BLOCK_BYTES = 256 * 1024
_NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
_END = ord("}")
# msgspec's errors are ValueErrors only from 0.20 on.
_ODD = (msgspec.DecodeError, ValueError, RecursionError)


class Passthrough:
    """Copies the lines of files that share a schema."""

    def __init__(
        self, fields: Iterable[str], reencode: Callable[[int, bytes], bytes | MalformedLine | None]
    ) -> None:
        """Prepare for the lines of a schema.

        Args:
            fields: What a line may hold, besides its `id`, to be copied.
            reencode: Makes a row of any other line, from its number and bytes, or says what is wrong with it;
                None if it is blank.
        """
        self._check = _make_check(field for field in fields if field != "id")
        self._reencode = reencode

    def iter_rows(self, file: IO[bytes]) -> Iterator[list[bytes] | MalformedLine]:
        """Yield the rows of a file, some hundreds at a time, and between them what is no row.

        Yields:
            JSON objects, each without its last brace, so that fields can be put behind its own.
        """
        first = 1
        while block := file.read(BLOCK_BYTES) + file.readline():
            lines = block.removesuffix(b"\n").split(b"\n")
            # A carriage return may stand between values, where it is no harm but to some readers.
            is_odd = b"\r" in block or may_hold_long_integer(block)
            yield from self._iter_block(lines, first, is_odd=is_odd)
            first += len(lines)

    def _iter_block(
        self, lines: list[bytes], first: int, *, is_odd: bool
    ) -> Iterator[list[bytes] | MalformedLine]:
        check = _refuse if is_odd else self._check
        rows: list[bytes] = []
        for number, line in enumerate(lines, first):
            try:
                check(line)
                # Bad UTF-8 is not found in what is not taken apart.
                if line[-1] == _END and (line.isascii() or not has_line_end(line.decode())):
                    rows.append(line[:-1])
                    continue
            except _ODD:
                pass
            row = self._reencode(number, line)
            if isinstance(row, MalformedLine):
                yield rows
                yield row
                rows = []
            elif row is not None:
                rows.append(row)
        yield rows


def _refuse(_line: bytes) -> None:
    raise ValueError


def _make_check(fields: Iterable[str]) -> Callable[[bytes], Any]:
    """Make a function that raises an error for a line with anything but a filled `id` and these fields."""
    names = {f"field_{number}": field for number, field in enumerate(fields)}
    line = msgspec.defstruct(
        "Line",
        [("id", _NonEmpty), *((name, msgspec.Raw, msgspec.Raw()) for name in names)],
        rename=names,
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(line).decode
