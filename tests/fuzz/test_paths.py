"""Every path treats a line in the same way."""

from __future__ import annotations

import random

import pytest

from .lines import make_lines
from .paths import find_failure, shrink


@pytest.mark.parametrize("seed", range(4))
def test_every_path_sends_what_the_file_holds(seed: int) -> None:
    """Every record arrives once, valid and with all of its content; every other line is malformed."""
    lines = make_lines(random.Random(seed), 100)

    assert find_failure(lines) == ("", "")


def test_shrinking_keeps_what_fails() -> None:
    """The smallest file that fails has only the line and the bytes that fail."""
    lines = [b"good", b"a bad line", b"good"]

    assert shrink(lines, lambda fewer: any(b"bad" in line for line in fewer)) == [b"bad"]
