"""The SQL of docs/unmapped.md finds and moves unmapped values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from targets.destinations import DuckDB, Postgres
from targets.project import ROOT

if TYPE_CHECKING:
    from targets.conftest import Load

PAGE = (ROOT / "docs" / "unmapped.md").read_text(encoding="utf-8")
IN_DUCKDB, IN_POSTGRES, READ, MOVE = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
DATABASES = pytest.mark.parametrize("load", ["duckdb", "postgres"], indirect=True)


def run_all(destination: DuckDB | Postgres, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements over one connection, and return the rows of the last one."""
    with destination.connect() as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return list(cursor.fetchall())


@DATABASES
def test_page_counts_unmapped_values_by_path(load: Load) -> None:
    """Each database has its own query; both return the undeclared properties that Gladly served."""
    assert isinstance(load.destination, (DuckDB, Postgres))
    statement = IN_DUCKDB if isinstance(load.destination, DuckDB) else IN_POSTGRES

    assert load.destination.ask(statement) == [("Name", 1), ("loyaltyTier", 1), ("more", 1)]


@DATABASES
def test_page_reads_an_unmapped_value(load: Load) -> None:
    """The query returns the rows that have the property."""
    assert isinstance(load.destination, (DuckDB, Postgres))

    assert load.destination.ask(READ) == [("odd-1", "gold")]


@DATABASES
def test_page_moves_unmapped_values_to_a_new_column(load: Load) -> None:
    """The statement fills the column of the rows that were loaded before the column existed."""
    assert isinstance(load.destination, (DuckDB, Postgres))

    rows = run_all(
        load.destination,
        "CREATE TEMP TABLE upgraded AS SELECT * FROM customers",
        'ALTER TABLE upgraded ADD COLUMN "loyaltyTier" text',
        MOVE.replace("UPDATE customers", "UPDATE upgraded"),
        'SELECT id, "loyaltyTier" FROM upgraded WHERE "loyaltyTier" IS NOT NULL',
    )
    assert rows == [("odd-1", "gold")]


@DATABASES
def test_page_reads_paths_with_a_dot(load: Load) -> None:
    """A path is one key in both databases, whatever it contains."""
    assert isinstance(load.destination, (DuckDB, Postgres))
    kind = "JSON" if isinstance(load.destination, DuckDB) else "jsonb"

    statement = f"""SELECT CAST('{{"content.subject": 12}}' AS {kind}) ->> 'content.subject'"""
    assert load.destination.ask(statement) == [("12",)]
