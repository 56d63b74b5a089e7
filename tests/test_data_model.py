"""docs/data-model.md is true of the emulated organization: its joins, tables and channel names."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator.server.metric_sets import CHANNELS
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
Rows = dict[str, list[dict[str, Any]]]


def read_table(header: str) -> list[list[str]]:
    """Return the rows of the page's table whose header starts with these cells."""
    table = PAGE[PAGE.index(f"| {header} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


JOINS = [(row[0].strip("`"), row[1].strip("`"), row[2]) for row in read_table("From | To")]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Rows of every stream, as the tap emits them for the emulated organization."""
    loaded: Rows = runpy.run_path(str(ROOT / "docs" / "example_rows.py"))["load_rows"]()
    return loaded


def iter_values(value: Any, path: list[str]) -> Iterator[Any]:
    """Yield the values at a path; `[]` at the end of a name stands for each element."""
    if not path:
        if value not in (None, ""):
            yield value
        return
    inner = value.get(path[0].removesuffix("[]")) if isinstance(value, dict) else None
    for each in (inner or []) if path[0].endswith("[]") else [inner]:
        yield from iter_values(each, path[1:])


def find_values(rows: Rows, column: str) -> list[Any]:
    """Return the values of `table.column`."""
    table, *path = column.split(".")
    return [value for row in rows[table] for value in iter_values(row, path)]


@pytest.mark.parametrize(("left", "right", "note"), JOINS, ids=[f"{join[0]}={join[1]}" for join in JOINS])
def test_joins_find_rows(rows: Rows, left: str, right: str, note: str) -> None:
    """Where the note says no condition, at least half of the IDs have their row; elsewhere some do."""
    values = find_values(rows, left)
    known = set(find_values(rows, right))
    found = sum(value in known for value in values)

    assert found > 0
    assert note.startswith(("If ", "For ")) or found >= len(values) / 2


def test_joins_name_declared_columns() -> None:
    """Each column of a join is a column of its stream's schema."""
    streams = TapGladly(validate_config=False).streams

    for column in [column for left, right, _ in JOINS for column in (left, right)]:
        table, name, *_ = column.split(".")
        assert name.removesuffix("[]") in streams[table].schema["properties"], column


def test_questions_name_tables() -> None:
    """Each table that the page names beside an entity or a question is a stream; every report is named."""
    streams = TapGladly(validate_config=False).streams
    entities = [row[2:] for row in read_table("Entity | What it is")]
    questions = [row[1:] for row in read_table("Question | Table")]
    named = {name for row in entities + questions for name in re.findall(r"`([a-z]\w+)`", " ".join(row))}

    columns = {"within_sla", "is_fcr_eligible", "is_fcr_success", "available_for", "customer_id"}
    assert named - columns <= set(streams)
    assert named >= {name for name in streams if "_report" in name}


def test_channel_names_are_those_of_the_rows(rows: Rows) -> None:
    """The page maps every channel that items and contacts have, and every channel filter of reports."""
    mapped = read_table("`content.type` of `conversation_items`")
    items = {row[0] for row in mapped}
    channels = {row[1] for row in mapped}
    spoken = {row["content"]["type"] for row in rows["conversation_items"] if row["content"].get("content")}

    assert spoken <= items
    assert set(find_values(rows, "contact_timestamps_report.channel")) == channels - {"TWITTER"}
    assert {row[3] for row in mapped} == set(CHANNELS) - {"allChannels"}


def test_diagram_is_mermaid() -> None:
    """The block that GitHub renders has one relation per line, and each entity of the table in it."""
    diagram = PAGE.split("```mermaid\n")[1].split("\n```")[0].splitlines()
    relation = re.compile(r'    (\w+) [|}][|o]--[o|][{|] (\w+) : (?:\w+|"[\w ]+")')
    matches = [relation.fullmatch(line) for line in diagram[1:]]
    drawn = {name for match in matches if match for name in match.groups()}

    assert diagram[0] == "erDiagram"
    assert all(matches)
    assert drawn == {row[0].upper().replace(" ", "_") for row in read_table("Entity | What it is")}
