"""Fixtures: both databases with the two weeks of `make models`, and a few days of every other stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from targets.destinations import DuckDB, Postgres
from targets.postgres import serve_postgres
from targets.project import Project, load_schemas

from demo.models import EXTRACTIONS, NOW, VARIABLES, Extraction
from gladly_emulator import Emulator, GeneratedExports
from models.figures import Figures
from models.warehouse import DbtRun, Warehouse, load, start_extraction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The table exists only after the first malformed line, and the emulator serves none.
_ABSENT = "malformed_lines"
_LOADED = {stream for extraction in EXTRACTIONS for stream in extraction.streams}
# The tap requests at most 10 reports per minute, so the other streams start later.
OTHERS = Extraction(tuple(load_schemas().keys() - _LOADED - {_ABSENT}), "2026-03-12")
ALL_STREAMS = {**VARIABLES, **{f"gladly__{stream}_enabled": True for stream in OTHERS.streams}}


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Run the emulator at the time of `make models`, without rate limits."""
    exports = GeneratedExports()
    with Emulator(exports, clock=lambda: NOW, requests_per_second=None, report_limits=None) as running:
        yield running


@pytest.fixture(scope="session")
def figures(emulator: Emulator) -> Figures:
    """Return figures from the emulator's event reports, which the marts under test don't read."""
    return Figures(emulator)


@pytest.fixture(scope="session")
def messages(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Run the tap once per extraction, and return the files of its messages."""
    folder = tmp_path_factory.mktemp("extractions")
    started = [
        start_extraction(folder / str(number), extraction.settings, emulator)
        for number, extraction in enumerate((*EXTRACTIONS, OTHERS))
    ]
    for process, path in started:
        assert process.wait() == 0, path.with_name("log.txt").read_text("utf-8")[-3000:]
    return [path for _, path in started]


@pytest.fixture(scope="session")
def socket() -> Iterator[str]:
    """Run a PostgreSQL server, and return the folder of its socket."""
    with serve_postgres() as folder:
        yield folder


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, messages: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """Return a database with the tap's tables."""
    folder = tmp_path_factory.mktemp(request.param)
    is_duckdb = request.param == "duckdb"
    destination = DuckDB(folder) if is_duckdb else Postgres(request.getfixturevalue("socket"), "gladly")
    project = folder / "project"
    project.mkdir()
    load(Project(project, []), destination, messages)
    return Warehouse(destination, folder)


@pytest.fixture(scope="session")
def build(warehouse: Warehouse) -> DbtRun:
    """Build the package with every stream enabled."""
    return warehouse.dbt("build", variables=ALL_STREAMS)
