"""The files that `make build` writes to dist/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]


def _only(paths: Iterable[Path]) -> Path:
    (path,) = paths
    return path


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository root."""
    return ROOT


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel."""
    return _only((ROOT / "dist").glob("*.whl"))


@pytest.fixture(scope="session")
def sdist() -> Path:
    """The sdist."""
    return _only((ROOT / "dist").glob("*.tar.gz"))
