"""Load the emulator while requests fail and the tap is killed, until a run succeeds. Then compare every row."""

from __future__ import annotations

import argparse
import random
import sys
import time
from datetime import datetime, timedelta, timezone

from gladly_emulator import Emulator, Fault, GeneratedExports

from .comparison import iter_differences, iter_expected_rows
from .runs import SoakRuns

FAULT_RATE = 0.05
FAULTS = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "headers": {"Retry-After": "1"}},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 200, "body": b"<html>busy</html>", "content_type": "text/html"},
    {"kind": "status", "status": 200, "body": b'{"errors":[{"code":"temporary_failure"}]}'},
    {"kind": "reset"},
    {"kind": "reset", "at_byte": 100},
    {"kind": "cut", "at_byte": 300},
    {"kind": "length", "difference": 40},
    {"kind": "length", "difference": -40},
    {"kind": "gzip", "at_byte": 50},
    {"kind": "stall", "at_byte": 20, "seconds": 0.3},
)
SHOWN_DIFFERENCES = 20


def main() -> int:
    """Run the tap until a run succeeds, compare, and print the result."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--days", type=float, default=14, help="days of exports to load (default: 14)")
    parser.add_argument(
        "--kill-seconds", type=float, default=5, help="longest time until a kill (default: 5)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of data, faults and kills (default: 1)")
    options = parser.parse_args()
    now = datetime.now(timezone.utc)
    start = now - timedelta(days=options.days)
    exports = GeneratedExports(options.seed)
    with Emulator(exports, clock=lambda: now) as emulator:
        add_faults(emulator, options.seed)
        settings = {**emulator.settings, "start_date": start.isoformat()}
        runs = SoakRuns(settings, random.Random(options.seed), options.kill_seconds)
        runs.run_until_success()
        failed = sum(request.status != 200 for request in emulator.requests)
    print(
        f"{len(emulator.requests)} requests, {runs.retries} retries ({failed} responses without status 200); "
        f"{runs.kills} kills; {runs.row_counts.total()} rows, {runs.repeated_rows} of them repeated"
    )
    differences = list(iter_differences(dict(iter_expected_rows(exports, now, start)), runs.records))
    print("\n".join(differences[:SHOWN_DIFFERENCES]) or "All rows were loaded with their content. No others.")
    return 1 if differences else 0


def add_faults(emulator: Emulator, seed: int) -> None:
    """Make a share of all requests fail, in every way."""
    for number, fault in enumerate(FAULTS):
        rate = FAULT_RATE / len(FAULTS)
        emulator.faults.add(Fault(**fault, rate=rate, times=None, seed=seed + number))  # type: ignore[arg-type]


if __name__ == "__main__":
    started = time.monotonic()
    exit_code = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(exit_code)
