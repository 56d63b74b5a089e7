"""Shared parts of the benchmarks: options, machine description, result files and tables."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.data import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.measure import Run
    from benchmarks.pipeline import Load

RESULTS = Path(__file__).parent / "results"
Row = dict[str, Any]
"""A row of a table: cells by column heading."""


@dataclass(frozen=True)
class Options:
    """Benchmark options. `quick` uses smaller files and doesn't change results/."""

    rounds: int
    quick: bool

    @classmethod
    def add_to(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options to a parser."""
        parser.add_argument("--rounds", type=int, default=5, help="number of measurements per command")
        parser.add_argument(
            "--quick", action="store_true", help="use smaller files and don't change results/"
        )

    @classmethod
    def read(cls, description: str | None) -> Options:
        """Parse a benchmark's command line."""
        parser = argparse.ArgumentParser(description=description)
        cls.add_to(parser)
        return cls(**vars(parser.parse_args()))


def save_results(
    name: str,
    rows: Sequence[Row],
    options: Options,
    *,
    packages: Sequence[str] = (),
    versions: Mapping[str, str] | None = None,
    runs: Mapping[str, Sequence[Run | Load]] | None = None,
) -> None:
    """Print a benchmark's table, and write it to a file with every single run.

    Args:
        name: The benchmark's name.
        rows: The table's rows.
        options: The options of the measurement.
        packages: The packages in this environment whose versions are recorded.
        versions: The versions of packages in other environments.
        runs: The runs by command.
    """
    print(f"{format_table(rows)}\n", flush=True)
    folder = FOLDER / "results" if options.quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    about = {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "rounds": options.rounds,
        "machine": describe_machine(),
        "versions": {
            "Python": platform.python_version(),
            **{name: version(name) for name in packages},
            **(versions or {}),
        },
    }
    single = [{"what": what, **_round(asdict(run))} for what, each in (runs or {}).items() for run in each]
    parts = {"about": [about], "rows": [_round(row) for row in rows], "runs": single}
    # One line per entry keeps diffs readable.
    text = ",\n".join(f'"{key}": [\n{_join_lines(part)}\n]' for key, part in parts.items() if part)
    (folder / f"{name}.json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def load(name: str) -> dict[str, Any]:
    """Return the results that a benchmark wrote."""
    written: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return {**written, "about": written["about"][0]}


def format_table(rows: Sequence[Row]) -> str:
    """Format rows as a Markdown table."""
    cells = [list(rows[0]), *([_format(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    is_text = [isinstance(cell, str) for cell in rows[0].values()]
    rule = [
        "-" * width if left else "-" * (width - 1) + ":" for width, left in zip(widths, is_text, strict=True)
    ]
    lines = [cells[0], rule, *cells[1:]]
    return "\n".join(f"| {' | '.join(map(_pad, line, widths, is_text))} |" for line in lines)


def describe_machine() -> str:
    """Return the processor, memory and operating system in one line."""
    processor = _find(r"model name\s*: (.+)", "/proc/cpuinfo") or platform.processor() or platform.machine()
    kib = _find(r"MemTotal:\s*(\d+) kB", "/proc/meminfo")
    memory = f", {int(kib) / 1024**2:.0f} GiB" if kib else ""
    return f"{processor}, {os.cpu_count()} processors{memory}, {platform.system()}"


def _find(pattern: str, file: str) -> str:
    path = Path(file)
    found = re.search(pattern, path.read_text(encoding="utf-8")) if path.exists() else None
    return found[1] if found else ""


def _join_lines(entries: Sequence[Mapping[str, Any]]) -> str:
    return ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)


def _round(row: Row) -> Row:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}


def _format(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if cell >= 100 else f"{cell:#.3g}".rstrip(".")  # noqa: PLR2004 - three digits
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _pad(cell: str, width: int, is_text: bool) -> str:  # noqa: FBT001 - called by map
    return cell.ljust(width) if is_text else cell.rjust(width)
