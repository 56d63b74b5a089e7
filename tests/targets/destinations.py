"""The destinations of the targets, and how the tests read them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb
import psycopg
from psycopg import sql
from typing_extensions import override

from targets.expectations import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Found = dict[str, Any]


class Destination(ABC):
    """A place that a target loads into.

    Attributes:
        target: The loader's name in Meltano.
        settings: Its settings, as environment variables.
        appends: Whether the target appends a row whose key exists, instead of replacing the old row.
        folds_case: Whether column names are in lower case.
        keeps_empty_text: Whether an empty string stays one, instead of becoming null.
        supports_batch: Whether rows of export files arrive in BATCH files.
        ignores_offsets: Whether timestamps lose their offset instead of being converted to UTC.
    """

    target: ClassVar[str]
    settings: dict[str, str]
    appends = False
    folds_case = False
    keeps_empty_text = True
    supports_batch = False
    ignores_offsets = False

    def fold(self, name: str) -> str:
        """Return the name of a column in the destination."""
        return name.lower() if self.folds_case else name

    @abstractmethod
    def list_tables(self) -> set[str]:
        """Return the names of the tables."""

    @abstractmethod
    def iter_rows(self, table: str) -> Iterator[Found]:
        """Yield the rows of a table with timestamps and JSON decoded, without columns that the target adds."""


class Database(Destination):
    """A schema in a database."""

    @abstractmethod
    def ask(self, statement: str, *parameters: str) -> list[tuple[Any, ...]]:
        """Run SQL in the schema of the tables."""

    @abstractmethod
    def list_types(self, table: str) -> dict[str, str]:
        """Return the type of each column, except columns that the target adds."""

    @abstractmethod
    def list_key(self, table: str) -> list[str]:
        """Return the columns of the primary key."""

    @override
    def iter_rows(self, table: str) -> Iterator[Found]:
        types = self.list_types(table)
        columns = ", ".join(f'"{name}"' for name in types)
        for values in self.ask(f'SELECT {columns} FROM "{table}"'):
            yield {name: _decode(types[name], value) for name, value in zip(types, values, strict=True)}


class DuckDB(Database):
    """A DuckDB file."""

    target = "target-duckdb"
    folds_case = True
    keeps_empty_text = False

    def __init__(self, folder: Path) -> None:
        self.path = folder / "warehouse.duckdb"
        self.settings = {"TARGET_DUCKDB_PATH": str(self.path)}

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Connect to the schema of the tables."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("USE warehouse.gladly")
            yield connection

    @override
    def ask(self, statement: str, *parameters: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return list(connection.execute(statement, parameters).fetchall())

    @override
    def list_tables(self) -> set[str]:
        return {name for (name,) in self.ask("SELECT table_name FROM duckdb_tables()")}

    @override
    def list_types(self, table: str) -> dict[str, str]:
        return dict(
            self.ask("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", table)
        )

    @override
    def list_key(self, table: str) -> list[str]:
        statement = """SELECT constraint_column_names FROM duckdb_constraints()
            WHERE table_name = ? AND constraint_type = 'PRIMARY KEY'"""
        ((names,),) = self.ask(statement, table)
        return list(names)


class Postgres(Database):
    """A schema in a PostgreSQL server."""

    target = "target-postgres"
    ignores_offsets = True  # with use_copy, as in meltano.yml

    def __init__(self, socket: str, schema: str) -> None:
        address = f"postgres@/postgres?host={socket}"
        self.address = f"postgresql://{address}"
        self._schema = schema
        self.settings = {
            "TARGET_POSTGRES_SQLALCHEMY_URL": f"postgresql+psycopg://{address}",
            "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": schema,
        }

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Connect to the schema of the tables."""
        with psycopg.connect(self.address) as connection:
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self._schema)))
            yield connection

    @override
    def ask(self, statement: str, *parameters: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return list(connection.execute(statement.encode(), parameters or None).fetchall())

    @override
    def list_tables(self) -> set[str]:
        statement = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        return {name for (name,) in self.ask(statement)}

    @override
    def list_types(self, table: str) -> dict[str, str]:
        statement = """SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
            WHERE attrelid = %s::regclass AND attnum > 0 AND attname NOT LIKE '\\_sdc\\_%%'"""
        return dict(self.ask(statement, table))

    @override
    def list_key(self, table: str) -> list[str]:
        statement = """SELECT attname FROM pg_index JOIN pg_attribute
            ON attrelid = indrelid AND attnum = ANY (indkey)
            WHERE indrelid = %s::regclass AND indisprimary ORDER BY attnum"""
        return [name for (name,) in self.ask(statement, table)]


class JsonLines(Destination):
    """A folder of JSON Lines files."""

    target = "target-jsonl"
    appends = True

    def __init__(self, folder: Path, times: dict[str, set[str]]) -> None:
        self._folder = folder / "lines"
        self._times = times
        self.settings = {"TARGET_JSONL_DESTINATION_PATH": str(self._folder)}

    @override
    def list_tables(self) -> set[str]:
        return {path.stem for path in self._folder.glob("*.jsonl")}

    @override
    def iter_rows(self, table: str) -> Iterator[Found]:
        with (self._folder / f"{table}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                times = {name: read_time(row[name]) for name in self._times[table] if row.get(name)}
                yield {**row, **times}


def _decode(kind: str, value: Any) -> Any:
    if kind == "JSON" and value is not None:
        return json.loads(value)
    return value.replace(tzinfo=timezone.utc) if isinstance(value, datetime) else value
