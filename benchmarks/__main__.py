"""Run all benchmarks in sequence and write the report: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks import report
from benchmarks.data import ROOT
from benchmarks.results import Options

LOADERS_PYTHON = str(ROOT / ".venv/bench/bin/python")


def main() -> None:
    """Run the named benchmarks, or all, each in a separate process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help=f"benchmarks to run: {', '.join(report.NAMES)} (default: all)"
    )
    Options.add_to(parser)
    arguments = parser.parse_args()
    options = [f"--rounds={arguments.rounds}", *(["--quick"] if arguments.quick else [])]
    for name in arguments.names or report.NAMES:
        python = LOADERS_PYTHON if name == "pipeline" else sys.executable
        started = time.monotonic()
        print(f"--- {name}", flush=True)
        subprocess.run([python, "-m", f"benchmarks.{name}", *options], cwd=ROOT, check=True)
        print(f"{time.monotonic() - started:.0f} s\n", flush=True)
    if not arguments.quick:
        report.main()


if __name__ == "__main__":
    main()
