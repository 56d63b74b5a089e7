"""The pipe in the README, in a folder set up with the README's commands."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import duckdb
import pytest

from gladly_emulator import Emulator, StaticExports
from targets.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.split("\n## Use it without Meltano\n")[1].split("\n## ")[0]
SCRIPT = SECTION.split("$ cat load.sh\n")[1].split("$ ")[0]


@pytest.fixture
def exports() -> StaticExports:
    """Serve a job with one agent."""
    exports = StaticExports()
    exports.add_job("job-1", "2026-03-04T12:15:19Z", {"agents.jsonl": b'{"id":"a1"}\n'})
    return exports


@pytest.fixture
def folder(tmp_path: Path, exports: StaticExports) -> Iterator[Path]:
    """Return a folder with both programs, their settings, and an empty state."""
    for name, place in (("tap", ROOT / ".venv"), ("target", ROOT / ".meltano/loaders/target-duckdb/venv")):
        (tmp_path / name).symlink_to(place)
    for command in re.findall(r"^\$ (echo .+)$", SECTION, re.MULTILINE):
        subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=True)
    with Emulator(exports, requests_per_second=None) as emulator:
        (tmp_path / "config.json").write_text(json.dumps(emulator.settings), encoding="utf-8")
        yield tmp_path


def load(folder: Path) -> int:
    """Run the script, and return its exit code."""
    return subprocess.run(
        ["/bin/bash", "-c", SCRIPT], cwd=folder, capture_output=True, check=False
    ).returncode


def count_agents(folder: Path) -> int:
    """Return the number of agents in the target."""
    with duckdb.connect(str(folder / "gladly.duckdb")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM gladly.gladly.agents").fetchall()[0]
    return int(count)


def test_each_run_resumes_the_one_before(folder: Path, exports: StaticExports) -> None:
    """The script passes the state that the target prints to the next run of the tap."""
    assert load(folder) == 0
    first = json.loads((folder / "state.json").read_text())
    exports.add_job("job-2", "2026-03-04T13:15:19Z", {"agents.jsonl": b'{"id":"a2"}\n'})
    assert load(folder) == 0

    second = json.loads((folder / "state.json").read_text())
    assert list(first["bookmarks"]["agents"]["jobs_read"]) == ["job-1"]
    assert list(second["bookmarks"]["agents"]["jobs_read"]) == ["job-1", "job-2"]
    assert count_agents(folder) == 2


@pytest.mark.parametrize("file", ["config.json", "target.json"])
def test_failed_run_keeps_the_state(folder: Path, file: str) -> None:
    """If the tap or the target fails, the script fails and the state stays."""
    assert load(folder) == 0
    before = (folder / "state.json").read_text()
    (folder / file).write_text('{"organization": 1, "path": 2}')

    assert load(folder) == 1
    assert (folder / "state.json").read_text() == before
