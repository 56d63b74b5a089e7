"""Peak memory by file size."""

from __future__ import annotations

from benchmarks.data import MIB, make_file
from benchmarks.measure import TAP, UNBUFFERED, Command, Run, measure, median
from benchmarks.results import Options, Row, save_results
from benchmarks.serving import serve

SIZES = (1, 16, 128, 1024)
QUICK_SIZES = (1, 16, 128)


def main() -> None:
    """Measure files of conversation items of increasing size."""
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
    save_results("memory", rows, options, runs=runs)


def measure_size(size: int, *, rounds: int) -> dict[str, list[Run]]:
    """Measure one file.

    Raises:
        RuntimeError: The measured peak may be this process's own.
    """
    with serve({"conversation_items.jsonl": make_file("conversation_items", size * MIB)}) as environment:
        runs = measure(
            {"tap": Command(TAP, environment), "unbuffered": Command(TAP, environment | UNBUFFERED)},
            rounds=rounds,
            warm_up=False,
        )
    if not all(run.peak_mib for each in runs.values() for run in each):
        raise RuntimeError("This process uses as much memory as the tap, so the tap's peak memory is unknown")
    return runs


if __name__ == "__main__":
    main()
