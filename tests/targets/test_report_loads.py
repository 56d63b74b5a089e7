"""Loads of every report: each row in each target is compared with the report that the emulator served."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, GeneratedExports, ReportLimits
from gladly_emulator.dataset.interface import ReportTable
from targets.conftest import make_destination
from targets.destinations import Database
from targets.expectations import SCHEMAS, read_time
from targets.project import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gladly_emulator.dataset.interface import ReportQuery
    from targets.destinations import Destination

REPORTS = [stream for stream in SCHEMAS if "_report" in stream]
WORK_SESSIONS = "WorkSessionEventsReportV4"
DAY, NEXT_DAY = "2026-03-04", "2026-03-05"
HASHES = ("_row_hash", "_row_key")
"""Keys that the tap computes."""
Cells = dict[str, str]


class RecordingReports:
    """Serves generated reports and keeps every row. The report of work sessions gets two more sessions.

    One has no agent, so a part of its key is empty. The other has not ended, so the tap doesn't send it.
    """

    def __init__(self) -> None:
        self.row_cap = 100_000
        self.served: dict[str, list[Cells]] = defaultdict(list)
        """The cells of every row served, by stream."""
        self._generated = GeneratedExports().reports

    def make(self, query: ReportQuery) -> ReportTable:
        """Return a report, and keep its rows."""
        header, rows, _ = self._generated.make(query)
        columns = [re.sub(r"\W+", "_", title.lower()).strip("_") for title in header]
        texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
        if query.metric_set == WORK_SESSIONS:
            texts += _make_unusual_sessions(columns, texts[0])
        stream = next(name for name in REPORTS if name.replace("_", "") == query.metric_set.lower())
        self.served[stream] += [dict(zip(columns, row, strict=True)) for row in texts]
        return ReportTable(header, texts)


def _make_unusual_sessions(columns: Sequence[str], row: Sequence[str]) -> list[list[str]]:
    session = dict(zip(columns, row, strict=True))
    without_agent = {**session, "contact_session_id": "session-without-agent", "agent_id": ""}
    still_open = {**session, "contact_session_id": "open-session", "contact_session_ended_at": ""}
    return [list(without_agent.values()), list(still_open.values())]


@dataclass(frozen=True)
class ReportLoad:
    """A run of all reports into a destination, and what it was served."""

    destination: Destination
    served: dict[str, list[Cells]]


@pytest.fixture(scope="module", params=["duckdb", "postgres", "batch", "jsonl"])
def report_load(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ReportLoad:
    """Load one day of all reports into a destination."""
    folder = tmp_path_factory.mktemp(f"reports-{request.param}")
    destination = make_destination(request.param, request, folder)
    project = Project(
        tmp_path_factory.mktemp("project"),
        [f"{stream}.*" for stream in REPORTS],
        config={"start_date": DAY, "end_date": DAY},
    )
    exports = GeneratedExports()
    reports = RecordingReports()
    exports.reports = reports  # type: ignore[assignment] # it has the same interface
    limits = ReportLimits(minute_seconds=0)
    with Emulator(exports, requests_per_second=None, report_limits=limits) as emulator:
        project.run(
            destination.target, emulator, settings=destination.settings, state=f"reports-{request.param}"
        )
    return ReportLoad(destination, reports.served)


@pytest.mark.parametrize("stream", REPORTS)
def test_report_rows_arrive_unchanged(report_load: ReportLoad, stream: str) -> None:
    """Every row arrives once with every value, and a session that hasn't ended doesn't arrive."""
    destination = report_load.destination
    columns = SCHEMAS[stream]["properties"]
    finished = [row for row in report_load.served[stream] if row.get("contact_session_ended_at") != ""]
    expected = Counter(
        _comparable(stream, {name: _read(name, row.get(name, ""), columns) for name in columns})
        for row in finished
    )

    names = {destination.fold(name): name for name in columns}
    rows = [{names[key]: value for key, value in row.items()} for row in destination.iter_rows(stream)]
    assert expected
    assert Counter(_comparable(stream, row) for row in rows) == expected


@pytest.mark.parametrize("stream", REPORTS)
def test_report_rows_have_a_key(report_load: ReportLoad, stream: str) -> None:
    """Every row has a key that isn't empty and that no other row has."""
    if not isinstance(report_load.destination, Database):
        key = _key_of(stream)
    else:
        key = report_load.destination.list_key(stream)
    rows = list(report_load.destination.iter_rows(stream))

    keys = {tuple(row[name] for name in key) for row in rows}
    assert key == _key_of(stream)
    assert len(keys) == len(rows)
    assert all(all(parts) for parts in keys)


def test_work_session_without_agent_has_null_for_the_agent(report_load: ReportLoad) -> None:
    """A session without an agent arrives with null, not with an empty string."""
    rows = report_load.destination.iter_rows("work_session_events_report_v4")

    agents = [row["agent_id"] for row in rows if row["contact_session_id"] == "session-without-agent"]
    assert agents == [None]


def _key_of(stream: str) -> list[str]:
    """Return the primary key of a report: a hash if the schema has one, else the report's id column."""
    columns = SCHEMAS[stream]["properties"]
    hashes = [name for name in HASHES if name in columns]
    return hashes or [name for name, column in columns.items() if "null" not in column["type"]][:1]


def _read(name: str, text: str, columns: dict[str, Any]) -> object:
    """Return the value of a cell."""
    column = columns[name]
    kinds = column["type"]
    if name == "_window_end":
        return read_time(f"{NEXT_DAY}T00:00:00Z")
    if not text or name in HASHES:
        return None
    if column.get("format") == "date-time":
        return read_time(text if text.endswith("Z") else f"{text.replace(' ', 'T')}Z")
    if "boolean" in kinds:
        return text.lower() == "true"
    return float(text) if {"integer", "number"} & {*kinds} else text


def _comparable(stream: str, row: dict[str, Any]) -> tuple[tuple[str, object], ...]:
    """Return a row's values in a form that is equal for all targets, without keys that the tap computes."""
    plain = {
        name: float(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else value
        for name, value in row.items()
        if name not in HASHES and value is not None
    }
    assert row.keys() <= SCHEMAS[stream]["properties"].keys()
    return tuple(sorted(plain.items()))
