"""Time to the first message, and a run with nothing new: its time and its requests."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from benchmarks.data import NOW
from benchmarks.measure import TAP, UNBUFFERED, Command, measure, median
from benchmarks.results import Options, tell
from benchmarks.serving import make_environment
from gladly_emulator import Emulator, GeneratedExports

QUICK_TIME = timedelta(hours=30)


def main() -> None:
    """Load the emulator's 14 days, then measure runs that find nothing new."""
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
        # A round goes before those that count.
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
    tell("startup", rows, options, runs=runs)


def read_state(environment: dict[str, str]) -> bytes:
    """Load all that there is, and give the last STATE."""
    command = Command(TAP, environment)
    done = subprocess.run(TAP, env=command.environment, capture_output=True, check=True)
    states = [line for line in done.stdout.splitlines() if line.startswith(b'{"type":"STATE"')]
    return json.dumps(json.loads(states[-1])["value"]).encode()


if __name__ == "__main__":
    main()
