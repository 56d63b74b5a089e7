"""Reports that a test sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gladly_emulator.dataset.interface import CSV, ROW_CAP, RawReport, ReportTable
from gladly_emulator.timestamps import parse_instant

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import ReportQuery

Row = Mapping[str, Any]
Content = bytes | RawReport | ReportTable | Sequence[Row]


class _Assigned(NamedTuple):
    content: Content | Callable[[ReportQuery], Content]
    anchor: str | None
    header: Sequence[str] | None
    content_type: str


class StaticReports:
    """Reports that a test sets. A metric set that isn't set returns an empty body."""

    def __init__(self) -> None:
        self.row_cap = ROW_CAP
        self._assigned: dict[str, _Assigned] = {}

    def put(
        self,
        metric_set: str,
        content: Content | Callable[[ReportQuery], Content],
        *,
        anchor: str | None = None,
        header: Sequence[str] | None = None,
        content_type: str = CSV,
    ) -> None:
        """Set or replace what a metric set returns.

        Args:
            metric_set: The report's name.
            content: A response body, a table, rows as dictionaries, or a function of the query that returns
                one of these.
            anchor: The column that selects rows: the report contains the rows whose time in this column is
                in the window, and the rows without one. By default every window contains all rows.
            header: The header, which a window without rows has too. By default the header is every key of
                the selected rows, in order of appearance, and a window without rows has an empty body.
            content_type: The content type of a response body.
        """
        self._assigned[metric_set] = _Assigned(content, anchor, header, content_type)

    def make(self, query: ReportQuery) -> ReportTable | RawReport:
        """Return the metric set's content for the query's window."""
        assigned = self._assigned.get(query.metric_set)
        if assigned is None:
            return RawReport(b"")
        content = assigned.content(query) if callable(assigned.content) else assigned.content
        if isinstance(content, bytes):
            return RawReport(content, assigned.content_type)
        if isinstance(content, RawReport | ReportTable):
            return content
        return _make_table(content, query, assigned)


def _make_table(rows: Sequence[Row], query: ReportQuery, assigned: _Assigned) -> ReportTable:
    anchor = assigned.anchor
    selected = [row for row in rows if anchor is None or _is_in_window(row.get(anchor), query)]
    header = assigned.header or list(dict.fromkeys(key for row in selected for key in row))
    cells = ([row.get(name) for name in header] for row in selected)
    return ReportTable(header, cells, keeps_header=assigned.header is not None)


def _is_in_window(time: object, query: ReportQuery) -> bool:
    try:
        return query.start <= parse_instant(str(time)) < query.end
    except ValueError:
        return True
