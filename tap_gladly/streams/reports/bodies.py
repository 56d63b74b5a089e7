"""Bodies of reports: download one, check that it is a complete CSV report, and count its rows."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple

from tap_gladly.parsing.binary import is_binary
from tap_gladly.parsing.csv_rows import LineDecoder, is_prose, iter_csv, name_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import requests

_PAGE_TYPE = "text/html"
_ERROR_TYPES = {"application/json", "application/problem+json"}
_HEAD_BYTES = 4096


class ReportBody(NamedTuple):
    """A complete report. Its reader closes the file."""

    file: IO[bytes]
    header: Sequence[str]
    """The cells of the first row. An empty body, which stands for a window without rows, has none."""
    row_count: int
    byte_count: int
    invalid_lines: int
    """Number of lines that aren't UTF-8."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns."""
        return name_columns(self.header)

    def iter_rows(self) -> Iterator[Sequence[str]]:
        """Yield the rows after the header."""
        self.file.seek(0)
        rows = iter_csv(self.file)
        next(rows, None)
        return rows


def read_report(response: requests.Response, file: IO[bytes], *, known: Collection[str]) -> ReportBody:
    """Check a report's body and count its rows.

    Args:
        response: The response to a report request.
        file: Its body.
        known: Declared columns of the report.

    Raises:
        ValueError: The body isn't a report. The message says what it is instead, and quotes nothing.
    """
    _reject_non_csv(file.read(_HEAD_BYTES), response.headers.get("Content-Type", ""))
    file.seek(0)
    decoder = LineDecoder()
    rows = iter_csv(file, decoder.decode)
    header = next(rows, [])
    row_count, last = 0, header
    has_rows = False
    for row in rows:
        row_count, last = row_count + 1, row
        has_rows = has_rows or len(row) == len(header)
    _reject_prose(header, known, has_rows=has_rows)
    _reject_truncated(file, header, last)
    return ReportBody(file, header, row_count, file.tell(), decoder.invalid_lines)


def _reject_non_csv(head: bytes, content_type: str) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    kind = content_type.partition(";")[0].strip().lower()
    is_other = kind in _ERROR_TYPES or text.startswith((b"{", b"[", b"<"))
    if kind == _PAGE_TYPE or (text and is_other):
        raise ValueError("it is JSON or HTML")
    if is_binary(head):
        raise ValueError("it is binary data")


def _reject_truncated(file: IO[bytes], header: Sequence[str], last: Sequence[str]) -> None:
    # A connection that closes early, or a Content-Length that is too small, leaves no other sign.
    end = file.tell()
    file.seek(max(0, end - 1))
    is_ended = file.read() in {b"\n", b"\r"}
    if len(last) < len(header) and not is_ended:
        raise ValueError("its last row is incomplete")


def _reject_prose(header: Sequence[str], known: Collection[str], *, has_rows: bool) -> None:
    if header and is_prose(header, has_rows=has_rows) and set(known).isdisjoint(name_columns(header)):
        raise ValueError("it is plain text")
