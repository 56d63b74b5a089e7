"""The built files hold what they should, and nothing else."""

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


FILES = re.compile(r"tap_gladly/(streams/)?\w+\.py|tap_gladly/schemas/\w+\.json|tap_gladly/py\.typed")


def list_package(root: Path) -> set[str]:
    """Give the files of the package that git holds, which are modules, schemas, and `py.typed`."""
    git = shutil.which("git") or "git"
    files = subprocess.check_output([git, "-C", str(root), "ls-files", "tap_gladly"], text=True).split()
    return set(filter(FILES.fullmatch, files))


def test_the_wheel_holds_the_package_and_nothing_else(root: Path, wheel: Path) -> None:
    """Modules, schemas and `py.typed`, with the licence beside the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    metadata = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert "tap_gladly/py.typed" in names
    assert "tap_gladly/schemas/customers.json" in names
    assert names == list_package(root) | {f"{INFO}/{name}" for name in metadata}


def test_the_sdist_holds_what_the_wheel_is_made_of(root: Path, sdist: Path) -> None:
    """The package, and what its metadata is made of."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    about = {".gitignore", "LICENSE", "PKG-INFO", "README.md", "hatch_build.py", "pyproject.toml"}
    assert names == list_package(root) | about


def test_checkout_and_sdist_make_the_same_wheel(root: Path, wheel: Path, tmp_path: Path) -> None:
    """Byte for byte: the wheel in dist/ was made from the sdist, this one without it."""
    options = ["--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", *options, "--out-dir", tmp_path, root], check=True)

    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()
