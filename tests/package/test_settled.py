"""Once the package name and the repository URL are set, the package and the plugin definition use them."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import Distribution, PathDistribution
from typing import TYPE_CHECKING

import pytest
import yaml
from support import copy_checkout, tap_environment

from package.home import TOOLS
from tap_gladly import DISTRIBUTION, __version__

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "https://code.example/Acme/tap-gladly"
NAME = "acme-tap-gladly"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which both are set, as CONTRIBUTING.md describes."""
    folder = tmp_path_factory.mktemp("settled") / "tap-gladly"
    copy_checkout(folder)
    for file in ("pyproject.toml", "tap_gladly/__init__.py"):
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(f'"{DISTRIBUTION}"') == 1
        path.write_text(text.replace(f'"{DISTRIBUTION}"', f'"{NAME}"'), encoding="utf-8")
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write(f'[project.urls]\nRepository = "{ADDRESS}"\n')
    return folder


@pytest.fixture(scope="module")
def installed(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that contains the clone's package."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([TOOLS / "uv", "pip", "install", *options, "--target", folder, clone], check=True)
    return folder


@pytest.fixture(scope="module")
def distribution(installed: Path) -> Distribution:
    """The metadata of the package."""
    return PathDistribution(installed / f"{NAME.replace('-', '_')}-{__version__}.dist-info")


def run(installed: Path, *arguments: object) -> str:
    """Run Python with the installed package."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.check_output(command, text=True, env=tap_environment({}, PYTHONPATH=str(installed)))


def test_package_names_the_repository(distribution: Distribution) -> None:
    """The package has the new name."""
    assert distribution.metadata["Name"] == NAME
    assert distribution.metadata["Project-URL"] == f"Repository, {ADDRESS}"


def test_package_has_the_readme_with_absolute_links(clone: Path, distribution: Distribution) -> None:
    """Each link points to a file of this version. The rest of the text is unchanged."""
    readme = (clone / "README.md").read_text(encoding="utf-8")

    text: str = distribution.metadata.get_payload()  # type: ignore[attr-defined]
    links = re.findall(r"\]\(([^)#]+)[)#]", text)
    pages, files = f"{ADDRESS}/blob/v{__version__}/", f"{ADDRESS}/raw/v{__version__}/"
    assert text.replace(pages, "").replace(files, "").strip() == readme.strip()
    assert f"{files}docs/demo.svg" in links
    assert f"{pages}docs/tables.md" in links
    assert [link for link in links if not link.startswith("https://")] == []


def test_definition_names_the_repository(clone: Path, installed: Path) -> None:
    """The definition installs from the repository, and the variant is named after the owner."""
    definition = yaml.safe_load(run(installed, clone / "hub" / "generate.py"))

    assert definition["repo"] == ADDRESS
    assert definition["pip_url"] == f"git+{ADDRESS}.git"
    assert definition["variant"] == "acme"
    assert definition["name"] == definition["executable"] == "tap-gladly"


def test_tap_prints_its_version(installed: Path) -> None:
    """The version doesn't depend on the package name."""
    assert run(installed, "-m", "tap_gladly", "--version").startswith(f"tap-gladly v{__version__},")
