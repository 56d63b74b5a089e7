"""Fixtures: an empty Meltano project to which the tap's definition was added."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from support import copy_checkout, tap_environment

if TYPE_CHECKING:
    from gladly_emulator import Emulator

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
MELTANO_TOOLS = ROOT / ".venv" / "demo" / "bin"
DEFINITION: dict[str, Any] = yaml.safe_load((ROOT / "plugin.yaml").read_text(encoding="utf-8"))
CLONED: dict[str, Any] = {**DEFINITION, "pip_url": "../tap-gladly"}
PROJECT: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
LOADER: dict[str, Any] = PROJECT["plugins"]["loaders"][0]


@dataclass(frozen=True)
class Meltano:
    """Meltano in a separate project.

    Attributes:
        folder: The project.
        variables: The environment of each command.
    """

    folder: Path
    variables: dict[str, str]

    def run(self, *arguments: str, status: int = 0, **variables: str) -> str:
        """Run a command, check its exit code, and return its output. `log` has what it logs."""
        with self._log_file.open("w", encoding="utf-8") as log:
            done = subprocess.run(
                [MELTANO_TOOLS / "meltano", *arguments],
                cwd=self.folder,
                env=self.variables | variables,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                check=False,
            )
        assert done.returncode == status, done.stdout + self.log
        return done.stdout

    @property
    def log(self) -> str:
        """The log of the last command."""
        return self._log_file.read_text(encoding="utf-8")

    @property
    def project(self) -> dict[str, Any]:
        """The content of the project's `meltano.yml`."""
        file: dict[str, Any] = yaml.safe_load((self.folder / "meltano.yml").read_text(encoding="utf-8"))
        return file

    @property
    def extractor(self) -> dict[str, Any]:
        """The entry of the tap in it."""
        extractor: dict[str, Any] = self.project["plugins"]["extractors"][0]
        return extractor

    def count_rows(self, table: str) -> int:
        """Return the number of rows in a table."""
        program = (
            "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print(*db.sql(sys.argv[2]).fetchone())"
        )
        query = f"SELECT count(*) FROM gladly.gladly.{table}"  # noqa: S608
        command = [str(MELTANO_TOOLS / "python"), "-c", program, str(self.folder / "gladly.duckdb"), query]
        return int(subprocess.check_output(command))

    @property
    def _log_file(self) -> Path:
        return self.folder / "log.txt"


@pytest.fixture(scope="session")
def added(tmp_path_factory: pytest.TempPathFactory) -> Meltano:
    """Return a project next to a clone. Tap and loader were added as docs/meltano.md shows."""
    folder = tmp_path_factory.mktemp("meltano")
    copy_checkout(folder / "tap-gladly")
    # Once [project.urls] is set, the definition installs from there. This installs the clone.
    definition = folder / "tap-gladly" / "plugin.yaml"
    definition.write_text(yaml.safe_dump(CLONED), encoding="utf-8")
    # Only the tests pin the tap's dependencies.
    pins = str(ROOT / "requirements" / "dev.txt")
    variables = _make_variables() | {"UV_CONSTRAINT": pins, "UV_BUILD_CONSTRAINT": pins}
    Meltano(folder, variables).run("init", "project")
    meltano = Meltano(folder / "project", variables)
    for command in read_commands("Add it"):
        meltano.run(*command)
    loader = {**LOADER, "pip_url": LOADER["pip_url"].replace("requirements/", f"{ROOT}/requirements/")}
    file = folder / "loader.yml"
    file.write_text(yaml.safe_dump(loader), encoding="utf-8")
    meltano.run("add", str(loader["name"]), "--from-ref", str(file))
    return meltano


def read_commands(section: str) -> list[list[str]]:
    """Return the arguments of the Meltano commands in a section of docs/meltano.md."""
    page = (ROOT / "docs" / "meltano.md").read_text(encoding="utf-8")
    text = page.split(f"\n## {section}\n")[1].split("```console\n")[1].split("```")[0]
    calls = re.findall(r"^\$ meltano (.+)$", text, re.MULTILINE)
    return [shlex.split(call) for call in calls]


@pytest.fixture
def meltano(added: Meltano, emulator: Emulator, tmp_path: Path) -> Meltano:
    """Return a copy of that project with settings for the emulator, without state and rows."""
    (tmp_path / ".meltano").mkdir()
    for kind in ("extractors", "loaders"):
        (tmp_path / ".meltano" / kind).symlink_to(added.folder / ".meltano" / kind)
    shutil.copy(added.folder / "meltano.yml", tmp_path)
    settings = {
        "TARGET_DUCKDB_PATH": "gladly.duckdb",
        "TARGET_DUCKDB_DEFAULT_TARGET_SCHEMA": "gladly",
    }
    return Meltano(tmp_path, _make_variables(emulator.settings) | settings)


def _make_variables(settings: dict[str, str] | None = None) -> dict[str, str]:
    plain = {name: value for name, value in tap_environment(settings or {}).items() if "MELTANO" not in name}
    quiet = {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "MELTANO_CLI_DISABLE_VERSION_CHECK": "true"}
    direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**plain, **quiet, **direct}
