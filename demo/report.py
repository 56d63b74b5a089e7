"""The report that the demo loads besides: what Meltano asked for, and the rows that it makes."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime, time, timedelta, timezone
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from demo.shop import RETENTION, Row, Shop, Table, read_time
from gladly_emulator.server.report_queries import read_report_query
from gladly_emulator.server.reports import report_response

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gladly_emulator import Emulator

REPORT: Final = "conversation_export_report"
# Added to what meltano.yml selects; a SELECT would take its place.
SELECTION: Final = {REPORT: {"selected": True}, f"{REPORT}.*": {"selected": True}}

_METRIC_SET: Final = "ConversationExportReport"
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")
_COUNTS: Final = ("count_of_", "times_", "payment_requests_")


class Days(NamedTuple):
    """A span of days in UTC, the last one included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The first day's midnight."""
        return datetime.combine(self.first, time(), timezone.utc)


def plan_days() -> Days:
    """Return the days to ask for: as far back as Gladly lists jobs, by the clock that the tap goes by."""
    today = datetime.now(timezone.utc).date()
    return Days(today - RETENTION, today)


def list_windows_read(emulator: Emulator) -> list[Days]:
    """Return the windows of the report that the emulator handed out, in order."""
    return [
        Days(*(date.fromisoformat(request.document[key]) for key in ("startAt", "endAt")))
        for request in emulator.requests
        if request.status == HTTPStatus.OK and request.parts[2:] == ["reports"]
    ]


def check_windows(read: Sequence[Days], planned: Days) -> list[str]:
    """Return what is wrong, a line each, unless the windows follow each other over all planned days."""
    problems = []
    due = planned.first
    for window in read:
        if window.first != due:
            problems.append(f"{REPORT} was read from {window.first}, where {due} was due")
        due = window.last + _DAY
    return problems if due > planned.last else [*problems, f"{REPORT} was not read from {due} on"]


def make_report_table(shop: Shop, planned: Days, read: Sequence[Days]) -> Table:
    """Return the report's table: rows from before the planned days stay as they were."""
    rows = (row for window in read for row in _iter_rows(shop, window))
    return Table(REPORT, rows, key="conversation_id", aged_by="created_at", oldest=planned.start)


def _iter_rows(shop: Shop, window: Days) -> Iterator[Row]:
    """Yield the rows of a window as the emulator serves them."""
    document = {
        "metricSet": _METRIC_SET,
        "startAt": f"{window.first}",
        "endAt": f"{window.last}",
        "timezone": "UTC",
    }
    query = read_report_query(json.dumps(document).encode(), shop.exports.lists, shop.now)
    text = b"".join(report_response(shop.exports.reports, query).chunks).decode()
    for cells in csv.DictReader(io.StringIO(text, newline="")):
        columns = {_NO_NAME.sub("_", name.lower()).strip("_"): cell for name, cell in cells.items()}
        record = {column: _read_cell(column, cell) for column, cell in columns.items() if cell}
        # The tap reads weeks; the last is not over, but has its end already.
        yield Row(record, {"_window_end": window.start + _WEEK})


def _read_cell(column: str, cell: str) -> Any:  # noqa: ANN401  (a value of any column)
    if column.endswith("_at"):
        return read_time(cell)
    if column.endswith("_in_seconds"):
        return float(cell)
    return int(cell) if column.startswith(_COUNTS) else cell
