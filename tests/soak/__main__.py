"""Load drifted data while requests fail and the tap is killed, until a run succeeds. Then compare every row."""

from __future__ import annotations

import argparse
import random
import sys
import time
from datetime import datetime, timedelta, timezone

from gladly_emulator import Emulator, Fault, GeneratedExports, drift_record

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
DRIFT_PATH = "/files/|/(teams|inboxes)$"
DRIFT_RATE = 0.2
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
    expected = {
        row_id: drift_record(record, options.seed, rate=DRIFT_RATE)
        for row_id, record in iter_expected_rows(exports, now, start)
    }
    print(f"{sum('_unmapped' in record for record in runs.records.values())} rows with values in _unmapped")
    differences = [*runs.invalid_records, *iter_differences(expected, runs.records)]
    print(
        "\n".join(differences[:SHOWN_DIFFERENCES])
        or "All rows are valid and have all their values. No other rows."
    )
    return 1 if differences else 0


def add_faults(emulator: Emulator, seed: int) -> None:
    """Make a share of all requests fail, in every way, and a share of all records drift."""
    emulator.faults.add(Fault("drift", path=DRIFT_PATH, record_rate=DRIFT_RATE, times=None, seed=seed))
    for number, fault in enumerate(FAULTS):
        rate = FAULT_RATE / len(FAULTS)
        emulator.faults.add(Fault(**fault, rate=rate, times=None, seed=seed + number))  # type: ignore[arg-type]


if __name__ == "__main__":
    started = time.monotonic()
    exit_code = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(exit_code)
