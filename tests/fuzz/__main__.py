"""Send random files through every path for some minutes, and print the smallest file that fails."""

from __future__ import annotations

import argparse
import random
import sys
import time
from typing import TYPE_CHECKING

from .lines import make_lines
from .paths import find_failure, quiet_logs, shrink

if TYPE_CHECKING:
    from collections.abc import Sequence

LINES = 100


def main() -> int:
    """Run until time is up or a file fails."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long to run (default: 5)")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**9), help="default: random"
    )
    options = parser.parse_args()
    quiet_logs()
    print(f"seed {options.seed}", flush=True)
    rng, files = random.Random(options.seed), 0
    end = time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        lines = make_lines(rng, LINES)
        files += 1
        path, problem = find_failure(lines)
        if path:
            print(f"seed {options.seed}, file {files} fails, {path}: {problem}", flush=True)
            _print_smallest(lines, path)
            return 1
    print(f"{files} files of {LINES} lines: every path sent what it should")
    return 0


def _print_smallest(lines: Sequence[bytes], path: str) -> None:
    paths = dict.fromkeys(("copied", path))
    smallest = shrink(lines, lambda fewer: find_failure(fewer, paths)[0] == path)
    print(f"The smallest file that fails: {smallest!r}\n{find_failure(smallest, paths)[1]}")


sys.exit(main())
