"""Empty databases to load into: DuckDB files, and databases of a temporary PostgreSQL server."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import psycopg

from benchmarks.postgres import serve_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA = "gladly"


@dataclass(frozen=True)
class Database:
    """An empty database. `folder` is an empty folder for the files of the load."""

    address: str
    folder: Path
    ask: Callable[[str], int]

    def count_rows(self, table: str) -> int:
        """Return the number of rows of a table."""
        return self.ask(f"SELECT count(*) FROM {SCHEMA}.{table}")  # noqa: S608 - a table of the benchmark


@contextmanager
def open_duckdb() -> Iterator[Database]:
    """Choose the path of a new DuckDB file. The address is that path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.duckdb"

        def ask(query: str) -> int:
            with duckdb.connect(str(path), read_only=True) as connection:
                return int(connection.execute(query).fetchall()[0][0])

        yield Database(str(path), Path(folder), ask)


class PostgresServer:
    """A running server."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._numbers = count(1)

    @contextmanager
    def open_database(self) -> Iterator[Database]:
        """Create a database, and drop it afterwards. The address is a URL with the folder of the socket."""
        name = f"bench_{next(self._numbers)}"
        address = self._address.replace("/postgres?", f"/{name}?")
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
            # The load must not wait for what earlier loads left to write.
            connection.execute("CHECKPOINT")

        def ask(query: str) -> int:
            with psycopg.connect(address) as connection:
                return int(connection.execute(query.encode()).fetchall()[0][0])

        try:
            with tempfile.TemporaryDirectory() as folder:
                yield Database(address, Path(folder), ask)
        finally:
            with psycopg.connect(self._address, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def open_postgres() -> Iterator[PostgresServer]:
    """Start a server, and remove it afterwards."""
    with serve_postgres() as address:
        yield PostgresServer(address)
