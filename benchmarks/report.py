"""Write the results into the documentation: tables and method, the chart, and the section on speed."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.chart import STREAM, draw_chart
from benchmarks.data import ROOT
from benchmarks.results import format_table, load

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
NAMES = ("sync", "drift", "startup", "memory", "batch", "latency", "pipeline")


def main() -> None:
    """Rewrite all results in the documentation."""
    results = {name: load(name) for name in NAMES}
    sync, memory = results["sync"]["rows"], results["memory"]["rows"]
    (HERE / "chart.svg").write_text(draw_chart(sync, memory), encoding="utf-8")
    tables = {name: format_table(result["rows"]) for name, result in results.items()}
    fill(HERE / "README.md", tables | {"conditions": describe(results)})
    fill(ROOT / "README.md", {"speed": describe_speed(sync, memory)})


def fill(path: Path, texts: Mapping[str, str]) -> None:
    """Replace the text between the two comments with each name."""
    content = path.read_text(encoding="utf-8")
    for name, text in texts.items():
        before, after = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        if content.count(before) != 1 or content.count(after) != 1:
            raise RuntimeError(f"{path.name} has no comments named {name}")
        between = re.compile(f"(?s)(?<={before}).*(?={after})")
        content = between.sub(lambda _, text=text: f"\n{text}\n\n", content)  # type: ignore[misc]
    path.write_text(content, encoding="utf-8")


def describe(results: Mapping[str, Any]) -> str:
    """Return the date, machine, versions and rounds of the measurement."""
    abouts = [result["about"] for result in results.values()]
    dates = sorted({about["date"] for about in abouts})
    machines = sorted({about["machine"] for about in abouts})
    versions = {name: version for about in abouts for name, version in about["versions"].items()}
    rounds = sorted({about["rounds"] for about in abouts})
    return "\n".join(
        [
            f"- Date: {' to '.join(dict.fromkeys((dates[0], dates[-1])))}",
            f"- Machine: {'; '.join(machines)}",
            f"- Versions: {', '.join(f'{name} {version}' for name, version in versions.items())}",
            f"- Rounds: {', '.join(map(str, rounds))}",
            f"- Other work on the machine: {describe_load(results['pipeline'])}",
        ]
    )


def describe_load(pipeline: Mapping[str, Any]) -> str:
    """Return the load averages that the pipelines' benchmark has recorded."""
    loads = [run["machine_load"] for run in pipeline["runs"]]
    text = f"{min(loads):.1f} to {max(loads):.1f}, median {median(loads):.1f}"
    return f"load average before each load of the pipelines {text}. The loads themselves cause about 1 of it"


def describe_speed(sync: list[dict[str, Any]], memory: list[dict[str, Any]]) -> str:
    """Return the section on speed for README.md."""
    row = next(row for row in sync if row["stream"] == STREAM)
    smallest, largest = memory[0], memory[-1]
    text = (
        f"For {row['lines']:,} conversation items ({row['MiB']} MiB), the tap uses {row['tap, s']:.1f} s of "
        f"CPU after startup: {row['tap : bare']:.2f} times as much as a minimal decode-and-encode loop, and "
        f"{row['SDK path : tap']:.0f} times less than the SDK's own record path. Memory doesn't grow with "
        f"the file: the tap needs {smallest['tap, peak MiB']:.0f} MiB for a file of "
        f"{smallest['file, MiB']} MiB, and {largest['tap, peak MiB']:.0f} MiB for a file of "
        f"{largest['file, MiB']:,} MiB."
    )
    chart = "![CPU time by method, and memory by file size](benchmarks/chart.svg)"
    return f"{chart}\n\n{textwrap.fill(text, 120)}"


if __name__ == "__main__":
    main()
