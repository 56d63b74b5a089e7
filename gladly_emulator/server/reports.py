"""Reports: what the server needs of them, those given by hand, and their way into CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from gladly_emulator.dataset.interface import ROW_CAP, Sheet
from gladly_emulator.server.http_messages import CSV, Answer
from gladly_emulator.timestamps import parse_instant

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import ReportQuery

_PIECE_ROWS: Final = 500

Row = Mapping[str, Any]


Content = bytes | Answer | Sheet | Sequence[Row]
"""A body as it is, a whole answer, or rows."""


class Reports(Protocol):
    """The reports of an organization.

    Attributes:
        row_cap: So many rows a report has at most; further ones are cut without a sign.
    """

    row_cap: int

    def make(self, query: ReportQuery) -> Sheet | Answer:
        """Return the report, or the answer to give in its place."""


class _Given(NamedTuple):
    """What a metric set was given by hand."""

    content: Content | Callable[[ReportQuery], Content]
    anchor: str | None
    header: Sequence[str] | None
    content_type: str


class StaticReports:
    """Reports given by hand; those that were not given have an empty body."""

    def __init__(self) -> None:
        self.row_cap = ROW_CAP
        self._given: dict[str, _Given] = {}

    def put(
        self,
        metric_set: str,
        content: Content | Callable[[ReportQuery], Content],
        *,
        anchor: str | None = None,
        header: Sequence[str] | None = None,
        content_type: str = CSV,
    ) -> None:
        """Set what a metric set answers, in place of what it answered before.

        Args:
            metric_set: The report.
            content: A body as it is, an `Answer`, rows as dictionaries, or a function of the query that
                returns one of these.
            anchor: The column by which rows are selected: those with a time within the window, and those
                with none. Without it every window has all rows.
            header: The header, which a window without rows has too; by default every key of the selected
                rows as it first comes, and an empty body when there are none.
            content_type: What the answer declares a body to be.
        """
        self._given[metric_set] = _Given(content, anchor, header, content_type)

    def make(self, query: ReportQuery) -> Sheet | Answer:
        """Return what the metric set was given, cut to the window."""
        given = self._given.get(query.metric_set)
        if given is None:
            return Answer(200, b"", {"Content-Type": CSV})
        content = given.content(query) if callable(given.content) else given.content
        if isinstance(content, bytes):
            return Answer(200, content, {"Content-Type": given.content_type})
        if isinstance(content, Answer | Sheet):
            return content
        rows = [row for row in content if given.anchor is None or _is_within(query, row.get(given.anchor))]
        header = given.header or list(dict.fromkeys(key for row in rows for key in row))
        cells = ([row.get(name) for name in header] for row in rows)
        return Sheet(header, cells, keeps_header=given.header is not None)


def _is_within(query: ReportQuery, anchor: object) -> bool:
    try:
        return query.start <= parse_instant(str(anchor)) < query.end
    except ValueError:
        return True


def answer_report(reports: Reports, query: ReportQuery) -> Answer:
    """Answer with a report as CSV, in pieces."""
    made = reports.make(query)
    disposition = {"Content-Disposition": f'attachment; filename="{query.file_name}"'}
    if isinstance(made, Answer):
        return made.with_headers(disposition) if made.headers.get("Content-Type") == CSV else made
    return Answer(200, _write_csv(made, reports.row_cap), {"Content-Type": CSV, **disposition})


def _write_csv(sheet: Sheet, row_cap: int) -> Iterator[bytes]:
    rows = islice(sheet.rows, row_cap)
    first = list(islice(rows, _PIECE_ROWS))
    if first or sheet.keeps_header:
        yield _encode([sheet.header, *first])
    while piece := list(islice(rows, _PIECE_ROWS)):
        yield _encode(piece)


def _encode(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_write_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _write_cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
