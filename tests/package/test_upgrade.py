"""A newer version replaces an older one, as the README describes, and resumes from its state."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import copy_checkout, replay, rows_named, tap_environment, write_json

from package.home import TOOLS, Home
from tap_gladly import __version__

if TYPE_CHECKING:
    from gladly_emulator import Emulator, StaticExports

# Installing from the package index takes longer than the default timeout.
pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NEWER = "99.0.0"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home directory that contains a clone."""
    copy_checkout(tmp_path / "tap-gladly")
    return Home(tmp_path)


def release(home: Home) -> None:
    """Give the clone a newer version."""
    module = home.path / "tap-gladly" / "tap_gladly" / "__init__.py"
    module.write_text(module.read_text().replace(f'"{__version__}"', f'"{NEWER}"'))


def run(program: Path, *arguments: str, settings: dict[str, str]) -> str:
    """Run an installed tap and return its output."""
    environment = tap_environment(settings)
    environment.pop("PYTHONPATH", None)
    return subprocess.check_output([program, *arguments], text=True, cwd=program.parent, env=environment)


@pytest.mark.parametrize(
    ("install", "upgrade", "folder"),
    [
        ("tap/bin/pip install ./tap-gladly", "tap/bin/pip install ./tap-gladly", "tap/bin"),
        ("uv tool install ./tap-gladly", "uv tool install ./tap-gladly", "bin"),
        ("pipx install ./tap-gladly", "pipx install --force ./tap-gladly", "bin"),
    ],
    ids=["pip", "uv", "pipx"],
)
def test_upgrade_resumes_from_the_state(
    home: Home, exports: StaticExports, emulator: Emulator, install: str, upgrade: str, folder: str
) -> None:
    """The commands are in the README. The newer version loads only new jobs."""
    exports.add_job("j1", "2026-11-20T07:15:19Z", {"customers.jsonl": rows_named("c1")})
    home.run(sys.executable, "-m", "venv", "tap")
    program = home.path / folder / "tap-gladly"

    home.run(*place(install))
    messages = run(program, "--config=ENV", settings=emulator.settings).splitlines()
    state = write_json(home.path / "state.json", replay([json.loads(line) for line in messages]))
    release(home)
    home.run(*place(upgrade))
    exports.add_job("j2", "2026-11-20T08:15:19Z", {"customers.jsonl": rows_named("c2")})
    sent = run(program, "--config=ENV", f"--state={state}", settings=emulator.settings).splitlines()

    assert f"`{install}`" in README or f"$ {install}\n" in README
    assert f"`{upgrade}`" in README
    assert f"v{NEWER}," in run(program, "--version", settings={})
    assert [row["id"] for row in map(record, sent) if row.get("_job_id")] == ["c2"]


def place(command: str) -> list[str]:
    """Split a command of the README, with the uv and pipx of this environment."""
    program, *arguments = command.split()
    return [str(TOOLS / program) if program in {"uv", "pipx"} else program, *arguments]


def record(line: str) -> dict[str, str]:
    """Return the record of a RECORD message, or an empty object for other messages."""
    row: dict[str, str] = json.loads(line).get("record", {})
    return row
