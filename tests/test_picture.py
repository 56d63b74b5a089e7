"""The README's picture of the demo is complete and self-contained, and shows the current output."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parent.parent
PICTURE = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
SVG = "http://www.w3.org/2000/svg"
IMAGE = ET.fromstring(PICTURE)  # noqa: S314  (a file of our own)
LINES = [line.text or "" for line in IMAGE.iterfind(f"{{{SVG}}}g/{{{SVG}}}text")]
MAX_BYTES = 40_000


def test_picture_is_what_make_picture_draws_of_its_text() -> None:
    """Drawing the picture's text again gives the same file, so it hasn't been edited by hand."""
    command, *printed = LINES
    drawn = subprocess.check_output(
        [sys.executable, ROOT / "docs" / "picture.py"], input="\n".join(printed), text=True
    )

    assert command == "$ make demo"
    assert drawn == PICTURE


def test_picture_is_self_contained() -> None:
    """It loads nothing from a host, has no script, is small, and has a title for screen readers."""
    tags = {element.tag.removeprefix(f"{{{SVG}}}") for element in IMAGE.iter()}

    assert tags == {"svg", "title", "style", "rect", "path", "circle", "g", "text"}
    assert PICTURE.count("//") == PICTURE.count(f'"{SVG}"') == 1
    assert re.findall(r"href|url\(|@|<!|<\?|\bon\w+=", PICTURE) == []
    assert len(PICTURE.encode()) < MAX_BYTES
    assert IMAGE.get("role") == "img"
    assert IMAGE.findtext(f"{{{SVG}}}title")


def test_picture_clips_no_text() -> None:
    """Every character and every line lies within the window."""
    for line in IMAGE.iterfind(f"{{{SVG}}}g/{{{SVG}}}text"):
        places = [int(place) for place in line.attrib["x"].split()]
        assert len(places) == len(line.text or "")
        assert max(places, default=0) < int(IMAGE.attrib["width"]) - 24
        assert int(line.attrib["y"]) < int(IMAGE.attrib["height"]) - 5


def test_picture_shows_the_tables_that_the_demo_loads() -> None:
    """The picture has the tables that the demo compares, in that order, without differences."""
    names = (
        "from demo.report import REPORT; from demo.shop import *; print(JOBS, *FILE_STREAMS, *LISTS, REPORT)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", names], cwd=ROOT, text=True).split()
    start = next(number for number, line in enumerate(LINES) if line.endswith("   differences")) + 1

    rows = [line.split() for line in LINES[start : LINES.index("", start)]]
    assert [row[0] for row in rows] == loaded
    assert {row[-1] for row in rows} == {"0"}


def test_picture_shows_the_questions() -> None:
    """The picture has every question in questions.sql, in that order, each with an answer."""
    asked = re.findall("^-- (.*)", (ROOT / "demo" / "questions.sql").read_text("utf-8"), re.MULTILINE)
    titles = [line.text for line in IMAGE.iterfind(f".//{{{SVG}}}text[@class='title']")]

    assert asked
    assert titles[1:] == asked
    assert len(IMAGE.findall(f".//{{{SVG}}}text[@class='header']")) == len(titles)
    assert all(LINES[LINES.index(question) + 2] for question in asked)


def list_sentences() -> list[list[str]]:
    """Return the text that the demo prints around its tables, without the parts that vary."""
    tree = ast.parse((ROOT / "demo" / "__main__.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    texts = [call.args[0] for call in calls if ast.unparse(call.func) == "print_text"]
    parts = [text.values if isinstance(text, ast.JoinedStr) else [text] for text in texts]
    return [[str(part.value).strip() for part in each if isinstance(part, ast.Constant)] for each in parts]


def test_picture_has_the_text_of_the_demo() -> None:
    """The picture has each sentence that the demo prints, whatever the numbers are."""
    start, load, end = list_sentences()

    shown = " ".join(LINES)
    assert [text for text in (*start, *load, *end) if text not in shown] == []


def test_readme_shows_the_picture() -> None:
    """The README shows the picture before its first heading, with an alternative text."""
    top = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0]

    assert re.search(r"!\[[^\]]{40,}\]\(docs/demo\.svg\)", top)
