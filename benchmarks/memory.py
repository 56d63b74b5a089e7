"""Peak memory over the size of a file."""

from __future__ import annotations

from benchmarks.data import MIB, make_file
from benchmarks.measure import TAP, UNBUFFERED, Command, Run, measure, median
from benchmarks.results import Options, Row, tell
from benchmarks.serving import serve

SIZES = (1, 16, 128, 1024)
QUICK_SIZES = (1, 16, 128)


def main() -> None:
    """Measure files of conversation items, each some times longer than the one before."""
    options = Options.read(__doc__)
    rows: list[Row] = []
    runs: dict[str, list[Run]] = {}
    for size in QUICK_SIZES if options.quick else SIZES:
        measured = measure_size(size, rounds=options.rounds)
        runs |= {f"{size} MiB, {name}": each for name, each in measured.items()}
        rows.append(
            {
                "file, MiB": size,
                "tap, peak MiB": median(measured["tap"], "peak_mib"),
                "unbuffered, peak MiB": median(measured["unbuffered"], "peak_mib"),
                "most of all runs, MiB": max(run.peak_mib for each in measured.values() for run in each),
            }
        )
    tell("memory", rows, options, runs=runs)


def measure_size(size: int, *, rounds: int) -> dict[str, list[Run]]:
    """Measure one file.

    Raises:
        RuntimeError: A peak may be this process's own.
    """
    with serve({"conversation_items.jsonl": make_file("conversation_items", size * MIB)}) as environment:
        runs = measure(
            {"tap": Command(TAP, environment), "unbuffered": Command(TAP, environment | UNBUFFERED)},
            rounds=rounds,
            warm_up=False,
        )
    if not all(run.peak_mib for each in runs.values() for run in each):
        raise RuntimeError("This process takes as much memory as the tap, so the tap's peak cannot be told")
    return runs


if __name__ == "__main__":
    main()
