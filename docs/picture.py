"""Draw what `make demo` printed, from standard input, as a terminal window: the SVG in the README."""

from __future__ import annotations

import sys
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMAND: Final = "$ make demo"
_COLUMNS: Final = 80
_ADVANCE: Final = 9
_LINE: Final = 19
_MARGIN: Final = 24
_BAR: Final = 36
_WIDTH: Final = _COLUMNS * _ADVANCE + 2 * _MARGIN
# A window as dark as terminals are, with an edge that shows on dark pages, too.
_STYLE: Final = """
  text { font: 15px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d1d7e0 }
  .name { font-size: 14px; fill: #9198a1; text-anchor: middle }
  .command { font-weight: bold; fill: #f0f6fc }
  .title { font-weight: bold; fill: #79c0ff }
  .header { fill: #9198a1 }
  .checked { fill: #56d364 }
"""


def main() -> None:
    """Read the text, and print the picture."""
    sys.stdout.write(draw_picture(f"{_COMMAND}\n{sys.stdin.read()}"))


def draw_picture(text: str) -> str:
    """Draw a window that shows the text, line by line."""
    lines = list(_iter_lines(text.strip("\n")))
    height = _BAR + len(lines) * _LINE + _MARGIN
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" xml:space="preserve">',
            "<title>What make demo prints</title>",
            f"<style>{_STYLE}</style>",
            *_iter_window(height),
            "<g>",
            *(_write(number, *line) for number, line in enumerate(lines, start=1)),
            "</g>",
            "</svg>\n",
        ]
    )


def _iter_window(height: int) -> Iterator[str]:
    """Yield the window without its text."""
    edge = f'x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"'
    yield f'<rect {edge} fill="#151b23" stroke="#3d444d"/>'
    yield f'<path d="M0.5 {_BAR}.5H{_WIDTH - 0.5}" stroke="#3d444d"/>'
    for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{_MARGIN + 20 * number}" cy="{_BAR / 2:g}" r="6" fill="{colour}"/>'
    yield f'<text class="name" x="{_WIDTH / 2:g}" y="{_BAR / 2 + 4:g}">tap-gladly</text>'


def _iter_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line with its kind; an empty line comes between blocks."""
    for number, block in enumerate(text.split("\n\n")):
        if number:
            yield "", ""
        lines = block.split("\n")
        yield from zip_longest(lines, _list_kinds(lines), fillvalue="")


def _list_kinds(block: Sequence[str]) -> list[str]:
    """Return what a block's first lines are; the others are plain."""
    if block[0].startswith("$ "):
        return ["command"]
    if block[0].startswith("Checked: "):
        return ["checked"] * len(block)
    return ["title", "header"] if len(block) > 1 and block[1].startswith("  ") else []


def _write(number: int, line: str, kind: str) -> str:
    """Write a line with a place for each character: columns meet, whatever the font."""
    look = f' class="{kind}"' if kind else ""
    places = " ".join(f"{_MARGIN + column * _ADVANCE}" for column in range(len(line)))
    return f'<text{look} x="{places}" y="{_BAR + number * _LINE + 5}">{escape(line, quote=False)}</text>'


if __name__ == "__main__":
    main()
