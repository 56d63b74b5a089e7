"""The job of docs/examples/load_gladly.py: two extractors load what one run loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml

from gladly_emulator import Emulator
from targets.destinations import Postgres
from targets.organization import Organization
from targets.project import ROOT, Project, tap_settings

EXAMPLE = ROOT / "docs" / "examples" / "load_gladly.py"
DAGSTER = ROOT / ".venv" / "dagster" / "bin" / "dagster"
PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
PLUGINS = yaml.safe_load(PAGE.split("```yaml\n")[1].split("```")[0])["plugins"]
STREAMS = {
    "jobs",
    "customers",
    "conversation_items",
    "agents",
    "topics",
    "malformed_lines",
    "teams",
    "inboxes",
}


@pytest.fixture
def split_project(tmp_path: Path) -> Project:
    """Return a project with the page's extractors and with Meltano's database."""
    project = Project(tmp_path, [f"{stream}.*" for stream in sorted(STREAMS)], more=PLUGINS)
    project.call("state", "list", settings={})
    return project


@pytest.fixture
def split(socket: str) -> Postgres:
    """Return a schema that exists before the first run, as the page requires."""
    destination = Postgres(socket, "split")
    with psycopg.connect(destination.address) as connection:
        connection.execute("CREATE SCHEMA split")
    return destination


def run_job(project: Project, emulator: Emulator, destination: Postgres) -> str:
    """Run the job in the project's folder, and return Dagster's output."""
    home = project.folder / "dagster"
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    variables = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DAGSTER_HOME": str(home),
        "MELTANO_PROJECT_ROOT": str(project.folder),
    }
    done = subprocess.run(
        [DAGSTER, "job", "execute", "-f", EXAMPLE, "-j", "load_gladly"],
        cwd=project.folder,
        env={**os.environ, **tap_settings(emulator), **destination.settings, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def pop_paths(emulator: Emulator) -> list[str]:
    """Return the paths requested since the last call."""
    paths = [request.path for request in emulator.requests]
    emulator.clear()
    return paths


def list_rows(destination: Postgres) -> dict[str, list[str]]:
    """Return the sorted rows of each table."""
    tables = destination.list_tables()
    return {table: sorted(map(repr, destination.iter_rows(table))) for table in tables}


def test_parallel_extractors_load_what_one_run_loads(
    split_project: Project, socket: str, split: Postgres
) -> None:
    """Both runs of the job need no retry, request what one run requests, and load the same rows."""
    organization, whole = Organization(), Postgres(socket, "whole")
    paths: dict[str, list[str]] = {"split": [], "whole": []}
    outputs = []

    with Emulator(organization.exports, requests_per_second=None) as emulator:
        for change in (organization.publish_first, organization.publish_more):
            change()
            outputs.append(run_job(split_project, emulator, split))
            paths["split"] += pop_paths(emulator)
            split_project.run("target-postgres", emulator, settings=whole.settings)
            paths["whole"] += pop_paths(emulator)

    # Both steps write to one output at the same time, so only whole words in it can be trusted.
    assert not any("STEP_UP_FOR_RETRY" in text for text in outputs)
    assert sorted(paths["split"]) == sorted([*paths["whole"], *["/api/v1/export/jobs"] * 2])
    assert list_rows(split) == list_rows(whole)
    assert list_rows(split).keys() == STREAMS
