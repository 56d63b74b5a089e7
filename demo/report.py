"""The report that the demo selects: the windows that the tap requested, and the expected rows."""

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
# Meltano adds this to the selection in meltano.yml. TAP_GLADLY__SELECT would replace that selection.
SELECTION: Final = {REPORT: {"selected": True}, f"{REPORT}.*": {"selected": True}}

_METRIC_SET: Final = "ConversationExportReport"
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_NON_NAME_CHARACTERS: Final = re.compile(r"[^a-z0-9]+")
_COUNT_PREFIXES: Final = ("count_of_", "times_", "payment_requests_")


class Days(NamedTuple):
    """A range of UTC days. The last day is inclusive."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """Midnight of the first day."""
        return datetime.combine(self.first, time(), timezone.utc)


def list_report_days() -> Days:
    """Return the days to request: as far back as Gladly lists jobs, by the real clock that the tap uses."""
    today = datetime.now(timezone.utc).date()
    return Days(today - RETENTION, today)


def list_report_windows(emulator: Emulator) -> list[Days]:
    """Return the report windows that the emulator served, in order."""
    return [
        Days(*(date.fromisoformat(request.document[key]) for key in ("startAt", "endAt")))
        for request in emulator.requests
        if request.status == HTTPStatus.OK and request.parts[2:] == ["reports"]
    ]


def check_windows(read: Sequence[Days], planned: Days) -> list[str]:
    """Return one message per gap or overlap, unless the windows cover all planned days in order."""
    problems = []
    expected = planned.first
    for window in read:
        if window.first != expected:
            problems.append(f"{REPORT} was read from {window.first}, expected {expected}")
        expected = window.last + _DAY
    return problems if expected > planned.last else [*problems, f"{REPORT} was not read from {expected} on"]


def make_report_table(shop: Shop, planned: Days, read: Sequence[Days]) -> Table:
    """Return the report's expected table. Rows from before the planned days count as expired."""
    rows = (row for window in read for row in _iter_rows(shop, window))
    return Table(REPORT, rows, key="conversation_id", time_column="created_at", oldest=planned.start)


def _iter_rows(shop: Shop, window: Days) -> Iterator[Row]:
    """Yield a window's rows as the emulator serves them."""
    document = {
        "metricSet": _METRIC_SET,
        "startAt": f"{window.first}",
        "endAt": f"{window.last}",
        "timezone": "UTC",
    }
    query = read_report_query(json.dumps(document).encode(), shop.exports.lists, shop.now)
    text = b"".join(report_response(shop.exports.reports, query).chunks).decode()
    for cells in csv.DictReader(io.StringIO(text, newline="")):
        columns = {
            _NON_NAME_CHARACTERS.sub("_", name.lower()).strip("_"): cell for name, cell in cells.items()
        }
        record = {column: _read_cell(column, cell) for column, cell in columns.items() if cell}
        # The tap requests weeks. `_window_end` of the current week is the end of that week.
        yield Row(record, {"_window_end": window.start + _WEEK})


def _read_cell(column: str, cell: str) -> Any:  # noqa: ANN401  (a value of any column)
    if column.endswith("_at"):
        return read_time(cell)
    if column.startswith("is_"):
        return cell == "true"
    if column.endswith("_in_seconds") or column.startswith("payment_amount_"):
        return float(cell)
    return int(cell) if column.startswith(_COUNT_PREFIXES) else cell
