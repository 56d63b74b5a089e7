"""Chromium draws docs/demo.svg with each character in its column, spaces included."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from e2e.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"
LINES = [line.text or "" for line in ET.fromstring(PICTURE).iterfind(f"{SVG}g/{SVG}text")]  # noqa: S314
LEFT, COLUMN_WIDTH, RIGHT = 24, 9, 24 + 80 * 9
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
INSTALL = "Chromium is required. On Debian and Ubuntu, run: apt-get install chromium"
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
# A browser gives each character that it draws a number and a position. A collapsed space has neither.
SCRIPT = """<script>
  const lines = [...document.querySelectorAll("g > text")].map((line) => {
    const numbers = Array.from({length: line.getNumberOfChars()}, (_, number) => number);
    const box = line.getBBox();
    return {
      starts: numbers.map((number) => line.getStartPositionOfChar(number).x),
      right: box.x + box.width,
    };
  });
  document.querySelector("title").textContent = JSON.stringify(lines);
</script>
"""


@pytest.fixture(scope="session")
def browser() -> str:
    """Return the program. Without one, the tests are skipped, but fail in CI."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(INSTALL)
    assert found
    return found


def measure(browser: str, picture: str, folder: Path) -> list[tuple[list[float], float]]:
    """Return the positions of the characters of each line, and where the line ends."""
    file = folder / "picture.svg"
    file.write_text(picture.replace("</svg>", f"{SCRIPT}</svg>"), encoding="utf-8")
    done = subprocess.run(
        [browser, *OPTIONS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    title = re.search("<title>(.+?)</title>", done.stdout)
    assert title, done.stderr
    return [(line["starts"], line["right"]) for line in json.loads(unescape(title[1]))]


def test_browser_keeps_the_spaces_of_every_line(browser: str, tmp_path: Path) -> None:
    """Each character starts in its column, and no line ends outside the window."""
    lines = measure(browser, PICTURE, tmp_path)

    for text, (starts, right) in zip(LINES, lines, strict=True):
        assert starts == [LEFT + COLUMN_WIDTH * column for column in range(len(text))], text
        assert right <= RIGHT + COLUMN_WIDTH
    assert sum("  " in text for text in LINES) > 10


def test_browser_collapses_spaces_without_the_style(browser: str, tmp_path: Path) -> None:
    """This is how the test above sees that the picture needs `white-space: pre`."""
    lines = measure(browser, PICTURE.replace("white-space: pre", ""), tmp_path)

    collapsed = [text for text, (starts, _) in zip(LINES, lines, strict=True) if len(starts) < len(text)]
    assert collapsed == [text for text in LINES if re.search("^ |  | $", text)]
