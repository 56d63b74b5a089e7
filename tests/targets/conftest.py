"""Fixtures: a project, a PostgreSQL server, and loads of an organization into each destination."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator
from targets.destinations import Destination, DuckDB, JsonLines, Postgres
from targets.expectations import SCHEMAS, TIMES
from targets.organization import Organization
from targets.postgres import serve_postgres
from targets.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gladly_emulator.server.http_messages import Request

STREAMS = [stream for stream in SCHEMAS if "_report" not in stream]


@dataclass(frozen=True)
class Snapshot:
    """The tables of a destination after a run, and the requests of the run."""

    tables: dict[str, list[dict[str, Any]]]
    requests: list[Request]


@dataclass(frozen=True)
class Load:
    """Three runs into a destination: of an empty organization, and after each of two steps."""

    destination: Destination
    organization: Organization
    empty: Snapshot
    steps: list[Snapshot]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project that selects every stream except reports."""
    return Project(tmp_path_factory.mktemp("project"), [f"{stream}.*" for stream in STREAMS])


@pytest.fixture(scope="session")
def socket() -> Iterator[str]:
    """Run a PostgreSQL server, and return the folder of its socket."""
    with serve_postgres() as folder:
        yield folder


def make_destination(kind: str, request: pytest.FixtureRequest, folder: Path) -> Destination:
    """Return a destination of its own for a folder; `batch` is PostgreSQL through BATCH files."""
    match kind:
        case "duckdb":
            return DuckDB(folder)
        case "jsonl":
            return JsonLines(folder, TIMES)
    destination = Postgres(request.getfixturevalue("socket"), folder.name.replace("-", "_"))
    if kind == "batch":
        destination.supports_batch = True
        destination.settings |= batch_settings(folder)
    return destination


def batch_settings(folder: Path) -> dict[str, str]:
    """Return the variable that makes the tap write BATCH files into a folder."""
    files = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{folder}/batches"},
    }
    return {"TAP_GLADLY_BATCH_CONFIG": json.dumps(files)}


@pytest.fixture(scope="session", params=["duckdb", "postgres", "batch", "jsonl"])
def load(request: pytest.FixtureRequest, project: Project, tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Load an organization into a destination, in three runs."""
    destination = make_destination(request.param, request, tmp_path_factory.mktemp(request.param))
    organization = Organization()
    snapshots = []
    with Emulator(organization.exports, requests_per_second=None) as emulator:
        for change, state in (
            (None, "empty"),
            (organization.publish_first, "full"),
            (organization.publish_more, "full"),
        ):
            if change:
                change()
            emulator.clear()
            project.run(
                destination.target, emulator, settings=destination.settings, state=f"{request.param}-{state}"
            )
            tables = {table: list(destination.iter_rows(table)) for table in destination.list_tables()}
            snapshots.append(Snapshot(tables, emulator.requests))
    return Load(destination, organization, snapshots[0], snapshots[1:])
