"""CPU time of a sync of drifted files: records in which one to three values have another type than documented."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.data import MIB, count_lines, make_drifted_file, make_empty_file, make_file
from benchmarks.measure import TAP, Command, Run, measure, median
from benchmarks.results import Options, Row, save_results
from benchmarks.serving import serve
from benchmarks.sync import CONTENDER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STREAM = "conversation_items"
SIZE = 53 * MIB
QUICK_SIZE = 13 * MIB
PERCENTAGES = (0, 1, 100)


def main() -> None:
    """Measure the tap on each file, and the bare loop and the SDK's record path on the valid one."""
    options = Options.read(__doc__)
    size = QUICK_SIZE if options.quick else SIZE
    valid = make_file(STREAM, size)
    files = {each: make_drifted_file(STREAM, size, each) if each else valid for each in PERCENTAGES}
    runs = measure_files(files, valid, rounds=options.rounds)
    rows = [make_row(each, count_lines(valid), runs) for each in PERCENTAGES]
    save_results("drift", rows, options, packages=("singer-sdk", "msgspec", "jsonschema"), runs=runs)


def measure_files(files: Mapping[int, Path], valid: Path, *, rounds: int) -> dict[str, list[Run]]:
    """Run the tap on each file, the others on the valid file, and all on an empty file."""
    name, empty = f"{STREAM}.jsonl", make_empty_file()
    bare, sdk = (*CONTENDER, "bare", STREAM), (*CONTENDER, "sdk", STREAM, "")
    with ExitStack() as servers:
        served = {each: servers.enter_context(serve({name: path})) for each, path in files.items()}
        nothing = servers.enter_context(serve({name: empty}))
        commands = {
            "bare": Command((*bare, str(valid)), {}),
            "SDK": Command(sdk, served[0]),
            **{f"tap {each}": Command(TAP, environment) for each, environment in served.items()},
            "bare idle": Command((*bare, str(empty)), {}),
            "SDK idle": Command(sdk, nothing),
            "tap idle": Command(TAP, nothing),
        }
        return measure(commands, rounds=rounds)


def make_row(percentage: int, lines: int, runs: Mapping[str, list[Run]]) -> Row:
    """Subtract startup and compare.

    Raises:
        RuntimeError: The tap didn't send all lines.
    """
    name = f"tap {percentage}"
    if any(run.lines < lines for run in runs[name]):
        raise RuntimeError(f"{name} sent too few lines")
    tap, bare, sdk = (
        median(runs[loaded], "cpu_seconds") - median(runs[f"{loaded.split()[0]} idle"], "cpu_seconds")
        for loaded in (name, "bare", "SDK")
    )
    return {
        "drifted lines": f"{percentage} %",
        "lines": lines,
        "tap, s": tap,
        "bare loop, valid lines, s": bare,
        "SDK path, valid lines, s": sdk,
        "tap : bare": tap / bare,
        "tap : SDK path": tap / sdk,
    }


if __name__ == "__main__":
    main()
