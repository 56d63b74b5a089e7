"""Send random files through every path for some minutes, and print the smallest file that fails."""

from __future__ import annotations

import argparse
import random
import sys
import time

from .lines import make_lines
from .paths import find_failure, quiet_logs, shrink

LINES = 200


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
        if problem := _find_failure(lines):
            print(f"seed {options.seed}, file {files + 1} fails: {problem}\nThe smallest file that fails:")
            smallest = shrink(lines, _find_failure)
            print(b"\n".join(smallest))
            print(_find_failure(smallest))
            return 1
        files += 1
    print(f"{files} files of {LINES} lines: every path sent what it should")
    return 0


def _find_failure(lines: list[bytes]) -> str:
    try:
        return find_failure(lines)
    except Exception as error:  # noqa: BLE001 - whatever the tap raises is a failure
        return f"{type(error).__name__}: {error}"


sys.exit(main())
