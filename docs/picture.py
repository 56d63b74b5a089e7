"""Draw the output of `make demo`, read from standard input, as a terminal window: the SVG in the README."""

from __future__ import annotations

import sys
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMAND: Final = "$ make demo"
_COLUMNS: Final = 80
_CHARACTER_WIDTH: Final = 9
_LINE_HEIGHT: Final = 19
_MARGIN: Final = 24
_TITLE_BAR: Final = 36
_WIDTH: Final = _COLUMNS * _CHARACTER_WIDTH + 2 * _MARGIN
# A dark window with a border that is also visible on dark pages. Chromium ignores an inherited xml:space,
# so `white-space: pre` keeps the spaces between columns.
_STYLE: Final = """
  text { font: 15px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }
  text { fill: #d1d7e0; white-space: pre }
  .name { font-size: 14px; fill: #9198a1; text-anchor: middle }
  .command { font-weight: bold; fill: #f0f6fc }
  .title { font-weight: bold; fill: #79c0ff }
  .header { fill: #9198a1 }
  .checked { fill: #56d364 }
"""


def main() -> None:
    """Read the text and print the SVG."""
    sys.stdout.write(draw_picture(f"{_COMMAND}\n{sys.stdin.read()}"))


def draw_picture(text: str) -> str:
    """Return the SVG of a window that shows the text."""
    lines = list(_iter_lines(text.strip("\n")))
    height = _TITLE_BAR + len(lines) * _LINE_HEIGHT + _MARGIN
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            "<title>Output of make demo</title>",
            f"<style>{_STYLE}</style>",
            *_iter_window(height),
            "<g>",
            *(_draw_line(number, *line) for number, line in enumerate(lines, start=1)),
            "</g>",
            "</svg>\n",
        ]
    )


def _iter_window(height: int) -> Iterator[str]:
    """Yield the elements of the empty window."""
    edge = f'x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"'
    yield f'<rect {edge} fill="#151b23" stroke="#3d444d"/>'
    yield f'<path d="M0.5 {_TITLE_BAR}.5H{_WIDTH - 0.5}" stroke="#3d444d"/>'
    for number, color in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{_MARGIN + 20 * number}" cy="{_TITLE_BAR / 2:g}" r="6" fill="{color}"/>'
    yield f'<text class="name" x="{_WIDTH / 2:g}" y="{_TITLE_BAR / 2 + 4:g}">tap-gladly</text>'


def _iter_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line with its CSS class, and an empty line between blocks."""
    for number, block in enumerate(text.split("\n\n")):
        if number:
            yield "", ""
        lines = block.split("\n")
        yield from zip_longest(lines, _list_classes(lines), fillvalue="")


def _list_classes(block: Sequence[str]) -> list[str]:
    """Return the CSS classes of a block's first lines. The other lines have none."""
    if block[0].startswith("$ "):
        return ["command"]
    if block[0].startswith("Checked: "):
        return ["checked"] * len(block)
    return ["title", "header"] if len(block) > 1 and block[1].startswith("  ") else []


def _draw_line(number: int, line: str, css_class: str) -> str:
    """Return a line with a position for each character, which aligns columns in any font."""
    attribute = f' class="{css_class}"' if css_class else ""
    positions = " ".join(f"{_MARGIN + column * _CHARACTER_WIDTH}" for column in range(len(line)))
    baseline = _TITLE_BAR + number * _LINE_HEIGHT + 5
    return f'<text{attribute} x="{positions}" y="{baseline}">{escape(line, quote=False)}</text>'


if __name__ == "__main__":
    main()
