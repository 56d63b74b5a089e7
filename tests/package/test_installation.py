"""The built wheel behaves like the repository, no matter how it is installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from support import rows_named, run_command, tap_environment

from package.home import TOOLS, Home, ask
from tap_gladly import DISTRIBUTION, __version__
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

# Installing from the package index takes longer than the default timeout.
pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]


def install_newest(home: Home, wheel: Path) -> Path:
    """Install with pip, which installs the newest allowed dependencies."""
    home.run(sys.executable, "-m", "venv", "venv")
    home.run("venv/bin/python", "-m", "pip", "install", "--quiet", wheel)
    return home.path / "venv" / "bin"


def install_lowest(home: Home, wheel: Path) -> Path:
    """Install the oldest allowed direct dependencies and the newest indirect ones."""
    home.run(TOOLS / "uv", "venv", "--quiet", "--python", sys.executable, "venv")
    options = ["--quiet", "--python", "venv/bin/python", "--resolution", "lowest-direct"]
    # uv applies lowest-direct to what the command line names, so pyproject.toml names the dependencies again.
    home.run(TOOLS / "uv", "pip", "install", *options, wheel, "-r", ROOT / "pyproject.toml")
    return home.path / "venv" / "bin"


def install_with_uv(home: Home, wheel: Path) -> Path:
    """Install with `uv tool`."""
    home.run(TOOLS / "uv", "tool", "install", "--quiet", "--python", sys.executable, wheel)
    return home.path / "bin"


def install_with_pipx(home: Home, wheel: Path) -> Path:
    """Install with pipx."""
    home.run(TOOLS / "pipx", "install", "--quiet", "--python", sys.executable, wheel)
    return home.path / "bin"


@pytest.fixture(scope="module", params=[install_newest, install_lowest, install_with_uv, install_with_pipx])
def program(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed `tap-gladly`."""
    install: Callable[[Home, Path], Path] = request.param
    return install(Home(tmp_path_factory.mktemp("home")), wheel) / "tap-gladly"


@pytest.fixture
def run_installed(program: Path, tmp_path: Path) -> Callable[..., str]:
    """Run the installed tap outside the repository and return its output."""

    def run(*arguments: str, settings: dict[str, str] | None = None) -> str:
        environment = tap_environment(settings or {})
        environment.pop("PYTHONPATH", None)
        return subprocess.check_output([program, *arguments], text=True, cwd=tmp_path, env=environment)

    return run


@pytest.mark.parametrize("program", [install_lowest], indirect=True, scope="module")
def test_lowest_dependencies_are_installed(program: Path) -> None:
    """Each direct dependency has the lowest version of its range."""
    requirements = [Requirement(line) for line in requires(DISTRIBUTION) or ()]
    floors = {
        requirement.name: specifier.version
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate()
        for specifier in requirement.specifier
        if specifier.operator in {">=", "~="}
    }

    frozen = ask(TOOLS / "uv", "pip", "freeze", "--python", program.with_name("python"))
    assert [pin for pin in map("==".join, floors.items()) if pin not in frozen] == []


def test_installed_tap_prints_its_version(run_installed: Callable[..., str]) -> None:
    """It is the version of the repository."""
    output = run_installed("--version")

    assert output.startswith(f"tap-gladly v{__version__},")


def test_installed_tap_describes_its_settings(run_installed: Callable[..., str]) -> None:
    """The required settings are the same as in the repository."""
    about = json.loads(run_installed("--about", "--format=json"))

    assert about["version"] == __version__
    assert about["settings"]["required"] == TapGladly.config_jsonschema["required"]


def test_installed_tap_discovers_its_streams(run_installed: Callable[..., str]) -> None:
    """The catalog is the same as in the repository, so no schema is missing."""
    output = run_installed("--discover")

    assert output == run_command("--discover").stdout


def test_installed_tap_syncs(
    run_installed: Callable[..., str], exports: StaticExports, emulator: Emulator
) -> None:
    """The messages are the same as in the repository, except for the extraction time."""
    for hour in range(7, 10):
        files = {f"{name}.jsonl": rows_named(f"{name}-{hour}") for name in ("agents", "customers", "topics")}
        exports.add_job(f"job-{hour}", f"2026-11-20T{hour:02}:15:19Z", files)

    sent = run_installed("--config=ENV", settings=emulator.settings)

    expected = run_command("--config=ENV", settings=emulator.settings).stdout
    assert sent.count('"type":"RECORD"') == 12
    assert _without_extraction_times(sent) == _without_extraction_times(expected)


def _without_extraction_times(output: str) -> str:
    return re.sub(r'"time_extracted":"[^"]+"', "", output)
