"""Loads of reports whose columns change or have long names."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, ReportLimits, StaticExports
from targets.destinations import DuckDB, Postgres
from targets.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from targets.destinations import Database

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
CONVERSATIONS = "conversation_export_report"
LONG = "Median Time to First Response for Contacts Fulfilled in Business Hours by {} in seconds"


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """An empty database."""
    if request.param == "duckdb":
        return DuckDB(tmp_path_factory.mktemp("changes"))
    return Postgres(request.getfixturevalue("socket"), "changes")


@pytest.fixture
def exports() -> StaticExports:
    """Reports that a test sets."""
    return StaticExports()


@pytest.fixture
def run(
    exports: StaticExports,
    database: Database,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., None]]:
    """Load one stream into the database: `run(stream, **config)`."""
    limits = ReportLimits(minute_seconds=0)
    with Emulator(exports, clock=lambda: NOW, requests_per_second=None, report_limits=limits) as emulator:

        def load(stream: str, **config: Any) -> None:
            folder = tmp_path_factory.mktemp("project")
            project = Project(folder, [f"{stream}.*"], config={"start_date": "2026-11-23", **config})
            project.run(
                database.target,
                emulator,
                settings=database.settings,
                state=request.node.name,
                full_refresh=True,
            )

        yield load


def test_column_that_disappears_keeps_its_values(
    exports: StaticExports, database: Database, run: Callable[..., None]
) -> None:
    """A later report without the column updates the other columns only."""
    row = {"Conversation ID": "v1", "Created At": "2026-11-23T09:10:01.000Z", "Count of Contacts": "1"}
    exports.reports.put("ConversationExportReport", [{**row, "Status": "CLOSED"}])
    run(CONVERSATIONS)
    exports.reports.put("ConversationExportReport", [{**row, "Count of Contacts": "2"}])

    run(CONVERSATIONS)

    rows = [(row["status"], row["count_of_contacts"]) for row in database.iter_rows(CONVERSATIONS)]
    assert rows == [("CLOSED", 2)]


def test_long_columns_and_empty_keys_load_twice(
    exports: StaticExports, database: Database, run: Callable[..., None]
) -> None:
    """Columns longer than a PostgreSQL name stay apart, and a row without its key column is one row."""
    chat, email = LONG.format("Chat"), LONG.format("Email")
    exports.reports.put("AgentSummaryV2", f"Agent ID,{chat},{email}\na1,11,12\n,33,34\n".encode())
    report = {"metric_set": "AgentSummaryV2", "key_columns": ["Agent ID"]}

    for _ in range(2):
        run("agent_summary_v2", custom_reports=[report])

    rows = list(database.iter_rows("agent_summary_v2"))
    values = sorted(sorted(value for name, value in row.items() if name.startswith("median")) for row in rows)
    assert values == [["11", "12"], ["33", "34"]]
    assert {row["agent_id"] for row in rows} == {"a1", None}
