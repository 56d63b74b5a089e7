"""BATCH files in a local folder, written by the tap and by the SDK's batcher."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data import MIB, count_lines, make_empty_file, make_file
from benchmarks.measure import TAP, Command, Run, measure, median
from benchmarks.results import Options, Row, save_results
from benchmarks.serving import serve
from benchmarks.sync import CONTENDER

if TYPE_CHECKING:
    from collections.abc import Sequence

STREAM = "conversation_items"
SIZE = 107 * MIB
QUICK_SIZE = 13 * MIB
SDK = (*CONTENDER, "sdk", STREAM, "")
WRITERS: dict[str, tuple[Sequence[str], str]] = {
    "tap, gzip": (TAP, "gzip"),
    "tap, uncompressed": (TAP, "none"),
    "SDK's batcher, gzip": (SDK, "gzip"),
}


def main() -> None:
    """Measure the CPU time of each writer, without startup."""
    options = Options.read(__doc__)
    path = make_file(STREAM, QUICK_SIZE if options.quick else SIZE)
    name, empty = f"{STREAM}.jsonl", make_empty_file()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve({name: path}) as full,
        serve({name: empty}) as nothing,
    ):
        commands = {writer: make_command(writer, full, Path(folder) / writer) for writer in WRITERS}
        idle = {f"{writer} idle": make_command(writer, nothing, Path(folder) / "idle") for writer in WRITERS}
        runs = measure(commands | idle, rounds=options.rounds)
        written = {writer: [*(Path(folder) / writer).iterdir()] for writer in WRITERS}
        check_rows(written, count_lines(path) * (options.rounds + 1))
        sizes = {
            writer: sum(file.stat().st_size for file in files) / (options.rounds + 1) / MIB
            for writer, files in written.items()
        }
    save_results("batch", make_rows(runs, sizes), options, packages=("singer-sdk", "fsspec"), runs=runs)


def make_command(writer: str, environment: dict[str, str], folder: Path) -> Command:
    """Return the command that writes into a folder."""
    command, compression = WRITERS[writer]
    config = {
        "encoding": {"format": "jsonl", "compression": compression},
        "storage": {"root": f"file://{folder}"},
        "batch_size": 10_000,
    }
    folder.mkdir(exist_ok=True)
    return Command(command, environment | {"TAP_GLADLY_BATCH_CONFIG": json.dumps(config)})


def check_rows(written: dict[str, list[Path]], expected: int) -> None:
    """Check the number of rows that all runs wrote.

    Raises:
        RuntimeError: The number of rows is wrong.
    """
    for writer, files in written.items():
        rows = 0
        for path in files:
            content = path.read_bytes()
            rows += (gzip.decompress(content) if path.suffix == ".gz" else content).count(b"\n")
        if rows != expected:
            raise RuntimeError(f"{writer} wrote {rows} rows instead of {expected}")


def make_rows(runs: dict[str, list[Run]], sizes: dict[str, float]) -> list[Row]:
    """Subtract startup and compare."""
    seconds = {
        writer: median(runs[writer], "cpu_seconds") - median(runs[f"{writer} idle"], "cpu_seconds")
        for writer in WRITERS
    }
    return [
        {
            "writer": writer,
            "CPU, s": seconds[writer],
            "files, MiB": sizes[writer],
            "SDK's batcher : this": seconds["SDK's batcher, gzip"] / seconds[writer],
        }
        for writer in WRITERS
    ]


if __name__ == "__main__":
    main()
