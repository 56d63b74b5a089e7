"""Copy the lines of JSON Lines files into records without decoding and encoding them.

Nearly every line of an export file is a record whose properties the schema declares. The tap checks
such a line and copies its bytes. This costs about as much as reading the file. The SDK's record path, which
decodes, maps and encodes each record, costs ten times as much.
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
_DECODE_ERRORS = (msgspec.DecodeError, ValueError, RecursionError)


class Passthrough:
    """Copies the lines of files that share a schema."""

    def __init__(
        self, fields: Iterable[str], reencode: Callable[[int, bytes], bytes | MalformedLine | None]
    ) -> None:
        """Build the check for a schema.

        Args:
            fields: Properties that a line may have, besides `id`, to be copied.
            reencode: Handles any other line, given its number and bytes. Returns a row, a malformed line, or
                None if the line is blank.
        """
        self._check = _make_check(field for field in fields if field != "id")
        self._reencode = reencode

    def iter_rows(self, file: IO[bytes]) -> Iterator[list[bytes] | MalformedLine]:
        """Yield the rows of a file in lists of a few hundred, and malformed lines in between.

        Yields:
            JSON objects, each without its closing brace, so that properties can be appended.
        """
        first = 1
        while block := file.read(BLOCK_BYTES) + file.readline():
            lines = block.removesuffix(b"\n").split(b"\n")
            # JSON allows a carriage return between values, but some readers treat it as a line ending.
            needs_decoding = b"\r" in block or may_hold_long_integer(block)
            yield from self._iter_block(lines, first, needs_decoding=needs_decoding)
            first += len(lines)

    def _iter_block(
        self, lines: list[bytes], first: int, *, needs_decoding: bool
    ) -> Iterator[list[bytes] | MalformedLine]:
        check = _reject if needs_decoding else self._check
        rows: list[bytes] = []
        for number, line in enumerate(lines, first):
            try:
                check(line)
                # The check doesn't find invalid UTF-8 in raw values.
                if line[-1] == _END and (line.isascii() or not has_line_end(line.decode())):
                    rows.append(line[:-1])
                    continue
            except _DECODE_ERRORS:
                pass
            row = self._reencode(number, line)
            if isinstance(row, MalformedLine):
                yield rows
                yield row
                rows = []
            elif row is not None:
                rows.append(row)
        yield rows


def _reject(_line: bytes) -> None:
    raise ValueError


def _make_check(fields: Iterable[str]) -> Callable[[bytes], Any]:
    """Return a function that raises unless a line has a non-empty `id` and only these properties."""
    names = {f"field_{number}": field for number, field in enumerate(fields)}
    line = msgspec.defstruct(
        "Line",
        [("id", _NonEmpty), *((name, msgspec.Raw, msgspec.Raw()) for name in names)],
        rename=names,
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(line).decode
