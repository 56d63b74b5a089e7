"""The time to the first message, and the duration and requests of a run without new data."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from benchmarks.data import NOW
from benchmarks.measure import TAP, UNBUFFERED, Command, measure, median
from benchmarks.results import Options, save_results
from benchmarks.serving import make_environment
from gladly_emulator import Emulator, GeneratedExports

QUICK_TIME = timedelta(hours=30)


def main() -> None:
    """Load the emulator's 14 days, then measure runs without new data."""
    options = Options.read(__doc__)
    with (
        Emulator(GeneratedExports(), clock=lambda: NOW) as emulator,
        tempfile.TemporaryDirectory() as folder,
    ):
        start = {"start_date": (NOW - QUICK_TIME).isoformat()} if options.quick else {}
        environment = make_environment(emulator.settings | start)
        state = Path(folder) / "state.json"
        state.write_bytes(read_state(environment))
        emulator.clear()
        tap = (*TAP, f"--state={state}")
        commands = {
            "tap": Command(tap, environment),
            "tap, unbuffered": Command(tap, environment | UNBUFFERED),
            "importing the SDK alone": Command([sys.executable, "-c", "import singer_sdk; print()"], {}),
        }
        runs = measure(commands, rounds=options.rounds)
        # The warm-up round doesn't count.
        requests = len(emulator.requests) / 2 / (options.rounds + 1)
    rows = [
        {
            "run with nothing new": name,
            "first message, s": median(each, "first_byte_seconds"),
            "whole run, s": median(each, "seconds"),
            "CPU, s": median(each, "cpu_seconds"),
            "requests": f"{requests if name.startswith('tap') else 0:g}",
        }
        for name, each in runs.items()
    ]
    save_results("startup", rows, options, runs=runs)


def read_state(environment: dict[str, str]) -> bytes:
    """Load everything and return the last STATE."""
    command = Command(TAP, environment)
    done = subprocess.run(TAP, env=command.environment, capture_output=True, check=True)
    states = [line for line in done.stdout.splitlines() if line.startswith(b'{"type":"STATE"')]
    return json.dumps(json.loads(states[-1])["value"]).encode()


if __name__ == "__main__":
    main()
