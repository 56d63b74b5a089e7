"""Wheel and sdist contain the expected files and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tap_gladly import DISTRIBUTION, __version__

INFO = f"{DISTRIBUTION.replace('-', '_')}-{__version__}.dist-info"
FILES = re.compile(r"tap_gladly/(\w+/)*\w+\.py|tap_gladly/schemas/\w+\.json|tap_gladly/py\.typed")


def list_package(root: Path) -> set[str]:
    """Return the package's modules, schemas and `py.typed` that git tracks."""
    git = shutil.which("git") or "git"
    files = subprocess.check_output([git, "-C", str(root), "ls-files", "tap_gladly"], text=True).split()
    return set(filter(FILES.fullmatch, files))


def test_wheel_contains_only_the_package(root: Path, wheel: Path) -> None:
    """It contains modules, schemas, `py.typed`, metadata and the license."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    metadata = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert "tap_gladly/py.typed" in names
    assert "tap_gladly/schemas/customers.json" in names
    assert names == list_package(root) | {f"{INFO}/{name}" for name in metadata}


def test_sdist_contains_only_the_sources_of_the_wheel(root: Path, sdist: Path) -> None:
    """It contains the package and the sources of its metadata."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    about = {".gitignore", "LICENSE", "PKG-INFO", "README.md", "hatch_build.py", "pyproject.toml"}
    assert names == list_package(root) | about


def test_repository_and_sdist_build_the_same_wheel(root: Path, wheel: Path, tmp_path: Path) -> None:
    """The wheel in dist/ is built from the sdist, and a wheel from the repository has the same bytes."""
    options = ["--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", *options, "--out-dir", tmp_path, root], check=True)

    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()
