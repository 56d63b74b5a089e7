"""The chart of the results: CPU time by contender, and memory by file size."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.results import Row

STREAM = "conversation_items"
CONTENDERS = {
    "SDK path, s": "the SDK's own record path",
    "requests, s": "requests and json.loads, sending nothing",
    "bare loop, s": "bare loop: decode, add, encode",
    "tap, s": "tap-gladly, with download and state",
}
WIDTH, HEIGHT = 760, 400
LEFT, BAR, ROW_HEIGHT = 320, 20, 32
LONGEST = WIDTH - LEFT - 80
FLOOR, TALLEST, MOST_MIB = 350, 100, 120
# Background and text colors change together, whatever the surrounding page looks like.
STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .soft { fill: #59636e }
  .paper { fill: #ffffff; stroke: #d1d9e0 }
  .bar { fill: #afb8c1 }
  .tap { fill: #0969da }
  .line { stroke: #0969da; stroke-width: 2; fill: none }
  .axis { stroke: #d1d9e0 }
  .right { text-anchor: end }
  .middle { text-anchor: middle }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .soft { fill: #9198a1 }
    .paper { fill: #0d1117; stroke: #3d444d }
    .bar { fill: #656c76 }
    .tap { fill: #4493f8 }
    .line { stroke: #4493f8 }
    .axis { stroke: #3d444d }
  }
"""


def draw_chart(sync: Sequence[Row], memory: Sequence[Row]) -> str:
    """Return the chart of two tables as SVG."""
    row = next(row for row in sync if row["stream"] == STREAM)
    seconds = {label: row[column] / row["MiB"] * 100 for column, label in CONTENDERS.items()}
    summary = "; ".join(f"{label} {value:.2f} s" for label, value in seconds.items())
    body = [*_draw_bars(seconds), *_draw_line(memory)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>CPU for 100 MiB: {escape(summary)}. Memory doesn't grow with the file size.</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
            *body,
            "</svg>\n",
        ]
    )


def _draw_bars(seconds: dict[str, float]) -> Iterator[str]:
    yield _write(20, 32, "CPU seconds for 100 MiB of conversation items, startup apart", "title")
    longest = max(seconds.values())
    for number, (label, value) in enumerate(seconds.items()):
        top = 52 + number * ROW_HEIGHT
        length = LONGEST * value / longest
        kind = "tap" if label.startswith("tap") else "bar"
        yield _write(LEFT - 12, top + 15, label, "right")
        yield f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2"/>'
        yield _write(LEFT + length + 8, top + 15, f"{value:.2f}", "title")


def _draw_line(memory: Sequence[Row]) -> Iterator[str]:
    yield _write(20, 220, "Peak memory of the tap in MiB, by the size of the file", "title")
    for mib in range(0, MOST_MIB + 1, 40):
        y = _height(mib)
        yield f'<line class="axis" x1="60" x2="{WIDTH - 30}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _write(52, y + 5, f"{mib}", "soft right")
    places = [110 + (WIDTH - 190) * number / (len(memory) - 1) for number in range(len(memory))]
    peaks = [row["tap, peak MiB"] for row in memory]
    points = " ".join(f"{x:.1f},{_height(peak):.1f}" for x, peak in zip(places, peaks, strict=True))
    yield f'<polyline class="line" points="{points}"/>'
    for x, peak, row in zip(places, peaks, memory, strict=True):
        yield f'<circle class="tap" cx="{x:.1f}" cy="{_height(peak):.1f}" r="4"/>'
        yield _write(x, _height(peak) - 10, f"{peak:.0f}", "title middle")
        yield _write(x, FLOOR + 24, _name_size(row["file, MiB"]), "soft middle")


def _height(mib: float) -> float:
    return FLOOR - TALLEST * mib / MOST_MIB


def _name_size(mib: int) -> str:
    gib, rest = divmod(mib, 1024)
    return f"{mib} MiB" if rest else f"{gib} GiB"


def _write(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
