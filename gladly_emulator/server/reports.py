"""The reports endpoint's responses: reports as CSV."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset.interface import CSV, RawReport
from gladly_emulator.server.http_messages import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gladly_emulator.dataset.interface import ReportQuery, Reports, ReportTable

_ROWS_PER_CHUNK: Final = 500


def report_response(reports: Reports, query: ReportQuery) -> Response:
    """Return the requested report as CSV, in chunks."""
    report = reports.make(query)
    headers = {"Content-Type": CSV, "Content-Disposition": f'attachment; filename="{query.file_name}"'}
    if not isinstance(report, RawReport):
        return Response(200, _write_csv(report, reports.row_cap), headers)
    if report.content_type != CSV:
        headers = {"Content-Type": report.content_type}
    return Response(200, report.body, headers)


def _write_csv(table: ReportTable, row_cap: int) -> Iterator[bytes]:
    rows = islice(table.rows, row_cap)
    first = list(islice(rows, _ROWS_PER_CHUNK))
    if first or table.keeps_header:
        yield _encode([table.header, *first])
    while chunk := list(islice(rows, _ROWS_PER_CHUNK)):
        yield _encode(chunk)


def _encode(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_format_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _format_cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
