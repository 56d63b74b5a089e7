"""CPU time of a sync, compared with a bare loop, the SDK's record path and a simple line reader."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.data import MIB, count_lines, make_empty_file, make_file
from benchmarks.measure import TAP, UNBUFFERED, Command, Run, measure, median
from benchmarks.results import Options, Row, save_results
from benchmarks.serving import JOB_ID, serve
from tap_gladly import DISTRIBUTION

if TYPE_CHECKING:
    from pathlib import Path

SIZES = {"conversation_items": 107 * MIB, "customers": 40 * MIB, "agents": 40 * MIB, "topics": 40 * MIB}
QUICK_PART = 8
PACKAGES = (DISTRIBUTION, "singer-sdk", "msgspec", "requests", "urllib3")
CONTENDER = (sys.executable, "-m", "benchmarks.contenders")


def main() -> None:
    """Measure each stream: CPU seconds without startup, and ratios."""
    options = Options.read(__doc__)
    rows: list[Row] = []
    runs: dict[str, list[Run]] = {}
    for stream, size in SIZES.items():
        path = make_file(stream, size // QUICK_PART if options.quick else size)
        measured = measure_stream(stream, path, rounds=options.rounds)
        rows.append(make_row(stream, path, measured))
        runs |= {f"{stream}, {name}": each for name, each in measured.items()}
    save_results("sync", rows, options, packages=PACKAGES, runs=runs)


def measure_stream(stream: str, path: Path, *, rounds: int) -> dict[str, list[Run]]:
    """Run each contender on the file and, as "<name> idle", on an empty file."""
    name, empty = f"{stream}.jsonl", make_empty_file()
    with serve({name: path}) as full, serve({name: empty}) as nothing:
        commands = make_commands(stream, path, full)
        idle = make_commands(stream, empty, nothing)
        return measure(
            commands | {f"{name} idle": command for name, command in idle.items()},
            rounds=rounds,
        )


def make_commands(stream: str, path: Path, environment: dict[str, str]) -> dict[str, Command]:
    """Return the contenders' commands for a file and its URL."""
    url = f"{environment['TAP_GLADLY_API_URL']}/api/v1/export/jobs/{JOB_ID}/files/{stream}.jsonl"
    return {
        "tap": Command(TAP, environment),
        "unbuffered": Command(TAP, environment | UNBUFFERED),
        "bare": Command([*CONTENDER, "bare", stream, str(path)], {}),
        "sdk": Command([*CONTENDER, "sdk", stream, str(path)], environment),
        "requests": Command([*CONTENDER, "requests", stream, url], environment),
    }


def make_row(stream: str, path: Path, runs: dict[str, list[Run]]) -> Row:
    """Subtract startup and compare.

    Raises:
        RuntimeError: A contender didn't send all lines.
    """
    lines = count_lines(path)
    for name in ("tap", "unbuffered", "bare", "sdk"):
        if any(run.lines < lines for run in runs[name]):
            raise RuntimeError(f"{name} sent too few lines of {stream}")
    seconds = {
        name: median(runs[name], "cpu_seconds") - median(runs[f"{name} idle"], "cpu_seconds")
        for name in ("bare", "tap", "unbuffered", "requests", "sdk")
    }
    return {
        "stream": stream,
        "MiB": round(path.stat().st_size / MIB),
        "lines": lines,
        "bare loop, s": seconds["bare"],
        "tap, s": seconds["tap"],
        "unbuffered, s": seconds["unbuffered"],
        "requests, s": seconds["requests"],
        "SDK path, s": seconds["sdk"],
        "tap : bare": seconds["tap"] / seconds["bare"],
        "unbuffered : bare": seconds["unbuffered"] / seconds["bare"],
        "requests : tap": seconds["requests"] / seconds["tap"],
        "SDK path : tap": seconds["sdk"] / seconds["tap"],
    }


if __name__ == "__main__":
    main()
