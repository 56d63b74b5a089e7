"""What `make build` has left in dist/."""

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
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel."""
    return _only((ROOT / "dist").glob("*.whl"))


@pytest.fixture(scope="session")
def sdist() -> Path:
    """The sdist."""
    return _only((ROOT / "dist").glob("*.tar.gz"))
