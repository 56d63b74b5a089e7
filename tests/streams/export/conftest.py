"""Fixtures of the tests of export streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .job_windows import NOW

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def stopped_clock(set_clock: Callable[[str], None]) -> None:
    """Stop the clock, so that no warning depends on when or how fast a test runs."""
    set_clock(NOW.isoformat())
