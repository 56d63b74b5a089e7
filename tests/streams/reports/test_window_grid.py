"""Reports keyed by their window: windows lie on one grid, so no day counts twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry, list_warnings, stream_metadata

from tap_gladly.tap import TapGladly
from tap_gladly.timestamps import DAY

from .report_rows import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports
    from gladly_emulator.dataset.interface import ReportQuery

STREAM = "glad_app_contact_points_report"
REPORT: dict[str, Any] = {
    "metric_set": "GladAppContactPointsReport",
    "key_columns": ["Page", "_window_end"],
    "window_days": 7,
}


def count_days(query: ReportQuery) -> list[dict[str, Any]]:
    """Return one visit per requested day."""
    return [{"Page": "/", "Visits": (query.end - query.start) // DAY}]


class Warehouse:
    """A target that upserts, fed by runs of the tap."""

    def __init__(self, sync: Callable[..., Sync], catalog: dict[str, Any]) -> None:
        self._sync = sync
        self._catalog = catalog
        self.state: dict[str, Any] = {}
        self.rows: dict[str, dict[str, Any]] = {}

    def load(self, *, window_days: int = 7, **settings: Any) -> None:
        """Run the tap from the last state, and upsert its rows."""
        report = {**REPORT, "window_days": window_days}
        run = self._sync(catalog=self._catalog, state=self.state, custom_reports=[report], **settings)
        self.state = run.state or self.state
        self.rows.update({row["_row_key"]: row for row in run.rows(STREAM)})

    @property
    def visits(self) -> int:
        """The visits of all rows."""
        return sum(int(row["visits"]) for row in self.rows.values())

    @property
    def ends(self) -> list[str]:
        """The days on which the windows end."""
        return sorted(row["_window_end"][:10] for row in self.rows.values())


@pytest.fixture
def warehouse(
    exports: StaticExports,
    emulator: Emulator,
    report_clock: Callable[[str], None],
    sync: Callable[..., Sync],
) -> Warehouse:
    """An empty warehouse, and a report with one visit per day."""
    report_clock(NOON)
    exports.reports.put("GladAppContactPointsReport", count_days)
    config = {**emulator.settings, "custom_reports": [REPORT]}
    entry = catalog_entry(TapGladly(config=config, setup_mapper=False).catalog_dict, STREAM)
    stream_metadata(entry)["selected"] = True
    return Warehouse(sync, {"streams": [entry]})


@pytest.mark.parametrize("end_date", ["2026-11-10", "2026-11-15", "2026-11-18T10:00:00Z"])
def test_end_date_does_not_shift_the_grid(warehouse: Warehouse, end_date: str) -> None:
    """A later run replaces the window that `end_date` cut by the whole one."""
    warehouse.load(start_date="2026-11-02", end_date=end_date)
    warehouse.load(start_date="2026-11-02")

    assert warehouse.ends == ["2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30"]
    assert warehouse.visits == 23  # November 2 to 24


def test_window_cut_by_end_date_is_not_committed(warehouse: Warehouse) -> None:
    """The bookmark stays at the last complete window, long after `end_date`."""
    warehouse.load(start_date="2026-11-02", end_date="2026-11-11")

    assert warehouse.state["bookmarks"][STREAM]["replication_key_value"] == "2026-11-09T00:00:00.000000Z"


def test_start_date_inside_a_window_loads_the_whole_window(warehouse: Warehouse) -> None:
    """Runs with different start dates produce the same windows."""
    warehouse.load(start_date="2026-11-05")
    warehouse.state = {}
    warehouse.load(start_date="2026-11-02")

    assert warehouse.ends == ["2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30"]
    assert warehouse.visits == 23


@pytest.mark.parametrize("value", ["2026-11-18", "2026-11-09T13:00:00Z", "2026-11-23"])
def test_bookmark_written_by_hand_does_not_shift_the_grid(warehouse: Warehouse, value: str) -> None:
    """A bookmark inside a window requests this window from its start."""
    warehouse.load(start_date="2026-11-02")
    warehouse.state = {"bookmarks": {STREAM: {"replication_key_value": value}}}
    warehouse.load()

    assert warehouse.visits == 23


def test_changed_window_days_do_not_shift_the_grid(
    warehouse: Warehouse, log: pytest.LogCaptureFixture
) -> None:
    """The stream keeps the windows of its bookmark and warns how to change them."""
    warehouse.load(start_date="2026-11-02")
    warehouse.load(window_days=1)

    assert warehouse.visits == 23
    assert warehouse.state["bookmarks"][STREAM]["window_days"] == 7
    (warning,) = [text for text in list_warnings(log) if "keeping windows" in text]
    assert warning.startswith(
        f"{STREAM}: keeping windows of 7 days, because the loaded rows are keyed by them"
    )


def test_daily_runs_count_each_day_once(warehouse: Warehouse, report_clock: Callable[[str], None]) -> None:
    """Each run replaces the current window, whatever the day of the week."""
    today = date(2026, 11, 24)
    for number in range(10):
        report_clock(f"{today + timedelta(days=number)}T12:00:30Z")
        warehouse.load(start_date="2026-11-02")

        assert warehouse.visits == 23 + number


def test_other_reports_have_no_grid(
    sync_streams: Callable[..., Sync], requested_days: Callable[[], list[str]]
) -> None:
    """Windows of rows with an id begin at `start_date`, and their bookmark has no window length."""
    run = sync_streams("task_export_report", start_date="2026-11-05")

    assert requested_days() == ["11-05..11-11", "11-12..11-18", "11-19..11-24"]
    assert "window_days" not in run.bookmark("task_export_report")
