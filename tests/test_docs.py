"""Docs, schemas and code agree on streams, messages and links."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from importlib.metadata import metadata
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from support import ROOT, read_page, read_table

from tap_gladly import DISTRIBUTION
from tap_gladly.streams.lists import ListStream
from tap_gladly.streams.reports.base import ReportStream
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMAS = sorted((ROOT / "tap_gladly" / "schemas").iterdir())
README = read_page("README.md")
MAX_README_LINES = 260


def test_readme_is_short() -> None:
    """Long explanations belong in docs/."""
    assert len(README.splitlines()) <= MAX_README_LINES


def test_readme_lists_capabilities_and_python_versions() -> None:
    """Both are those of the package, without the capability start-date, which is only in singer-sdk 0.55."""
    section = README.split("\n## Capabilities\n")[1].split("\n## ")[0]
    classifiers = metadata(DISTRIBUTION).get_all("Classifier") or []

    capabilities = {each.value for each in TapGladly.capabilities} - {"start-date"}
    assert set(re.findall(r"`([\w-]+)`", section)) == capabilities
    assert re.findall(r"\b3\.\d+\b", section) == re.findall(r"3\.\d+", " ".join(classifiers))


def test_readme_lists_the_streams() -> None:
    """Streams, keys, replication keys and default selection are those of the catalog."""
    streams = TapGladly(validate_config=False).streams

    rows = {row[0].removesuffix(" (opt-in)").strip("`"): row for row in read_table("README.md", "Stream")}
    assert rows.keys() == streams.keys()
    for name, stream in streams.items():
        assert rows[name][0].endswith("(opt-in)") != stream.selected_by_default
        assert re.findall(r"`(\w+)`", rows[name][2]) == list(stream.primary_keys)
        assert rows[name][3].strip("`") == (stream.replication_key or "")


def test_meltano_selects_the_defaults() -> None:
    """In meltano.yml and in the README, because Meltano selects all streams otherwise."""
    streams = TapGladly(validate_config=False).streams
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    shown = yaml.safe_load(README.split("```yaml\n")[1].split("```")[0])

    defaults = {f"{name}.*" for name, stream in streams.items() if stream.selected_by_default}
    for plugins in (project["plugins"], shown["plugins"]):
        selected = plugins["extractors"][0]["select"]
        assert set(selected) == defaults
        assert len(selected) == len(defaults)


def test_scaling_page_states_the_requests_of_each_stream() -> None:
    """Lists and events are in the table; file streams are counted with `jobs`, and reports separately."""
    streams = TapGladly(validate_config=False).streams
    names = re.findall(r"`(\w+)`", " ".join(row[0] for row in read_table("docs/scaling.md", "Streams")))

    lists = {name for name, stream in streams.items() if isinstance(stream, ListStream)}
    assert set(names) == {*lists, "events", "jobs"}


def test_lists_page_lists_the_lists() -> None:
    """Names and default selection are those of the tap."""
    streams = TapGladly(validate_config=False).streams
    lists = {name: stream for name, stream in streams.items() if isinstance(stream, ListStream)}

    rows = {row[0].strip("`"): row[1] for row in read_table("docs/lists.md", "Stream")}
    assert rows == {name: "yes" if it.selected_by_default else "no" for name, it in lists.items()}


def test_reports_page_describes_the_windows_of_each_report() -> None:
    """Window, start of the first sync, and look-back are those of the stream."""
    rows = {row[0].strip("`"): row[2:5] for row in read_table("docs/reports.md", "Report")}

    streams = TapGladly(validate_config=False).streams.values()
    reports = [stream for stream in streams if isinstance(stream, ReportStream)]
    assert rows.keys() == {report.name for report in reports}
    for report in reports:
        look_back = report.window_days if report.look_back_days is None else report.look_back_days
        expected = [f"{report.window_days} days", f"{report.initial_days} days ago", f"{look_back} days"]
        assert [re.sub(r"^1 day$", "1 days", cell) for cell in rows[report.name]] == expected


def test_index_lists_every_page() -> None:
    """Each page of docs/ has a row."""
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}

    assert {re.findall(r"\((.+)\)", row[0])[0] for row in read_table("docs/README.md", "Page")} >= pages


def test_schema_files_are_those_of_the_streams() -> None:
    """Each stream has one schema file, and there are no others."""
    files = {path.stem for path in SCHEMAS}

    assert files == set(TapGladly(validate_config=False).streams)


def _walk(schema: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = [(path, schema)]
    for name, inner in schema.get("properties", {}).items():
        found += _walk(inner, f"{path}.{name}")
    if "items" in schema:
        found += _walk(schema["items"], f"{path}[]")
    return found


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tap_gladly" / "schemas").iterdir()), ids=lambda path: path.stem
)
def test_schemas_keep_to_what_targets_understand(path: Path) -> None:
    """Type lists, no anyOf, no $ref; all but the key nullable and described; nested objects open."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    keys = TapGladly(validate_config=False).streams[path.stem].primary_keys

    for place, part in _walk(schema)[1:]:
        assert isinstance(part["type"], list)
        assert ("null" in part["type"]) == (place[1:] not in keys)
        assert part.keys() <= {"type", "format", "description", "items", "additionalProperties", "properties"}
        assert part.get("description") or place.endswith("[]")
        if "object" in part["type"]:
            assert part["additionalProperties"] is True


def test_tables_page_is_current() -> None:
    """The page is what `make docs` writes, whenever and wherever it runs: every stream and column."""
    script = [sys.executable, str(ROOT / "docs" / "tables.py")]
    written = subprocess.check_output(
        script, text=True, encoding="utf-8", env={**os.environ, "TZ": "Asia/Tokyo"}
    )

    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == written
    assert set(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == set(TapGladly(validate_config=False).streams)


def test_tables_page_has_examples_of_every_stream() -> None:
    """Each stream shows up to three rows, whose columns are declared; none has only undeclared columns."""
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)$(.+?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))

    for name, stream in TapGladly(validate_config=False).streams.items():
        block = sections[name].split("```json\n")[1].split("\n```")[0]
        rows = [json.loads(text) for text in re.split(r"(?<=^\})\n", block, flags=re.MULTILINE)]
        assert 1 <= len(rows) <= 3
        for row in rows:
            assert row.keys() <= stream.schema["properties"].keys()
            assert row.keys() >= set(stream.primary_keys)


@pytest.mark.parametrize("page", ["*.md", "docs/*.md", "benchmarks/*.md", "dbt/*.md", "hub/texts/*.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Each linked file exists, and each linked heading does."""
    pages = list(ROOT.glob(page))
    links = [(file, link) for file in pages for link in re.findall(r"\]\(([^)\s:]+)\)", file.read_text())]

    assert pages
    assert [f"{file.name}: {link}" for file, link in links if not _leads_somewhere(file, link)] == []


def _leads_somewhere(file: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = file.parent / name if name else file
    return target.exists() and (not anchor or anchor in _iter_anchors(target.read_text(encoding="utf-8")))


def _iter_anchors(page: str) -> Iterator[str]:
    """Yield the anchors that GitHub gives the headings of a page."""
    for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE):
        text = re.sub(r"[^\w\s-]", "", heading.lower())
        yield text.strip().replace(" ", "-")


def _iter_texts() -> Iterator[str]:
    """Yield the texts in the tap's code; placeholders of any kind become one character."""
    for path in (ROOT / "tap_gladly").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [part.value if isinstance(part, ast.Constant) else "\0" for part in parts]
            if all(isinstance(text, str) for text in texts):
                yield re.sub(r"%[.\d]*[dfrs]", "\0", "".join(map(str, texts)))


def test_troubleshooting_quotes_messages_of_the_tap() -> None:
    """Each quoted message is in the code; `...` stands for what varies."""
    page = read_page("docs/troubleshooting.md")
    rows = re.findall(r"^\| (`.+?) \|", page, re.MULTILINE)
    quotes = [quote for row in rows for quote in re.findall(r"`([^`]+)`", row)]
    texts = list(_iter_texts())

    patterns = {quote: r"[\0]+".join(map(re.escape, quote.split("..."))) for quote in quotes}
    assert len(quotes) > 40
    assert [quote for quote, it in patterns.items() if not any(re.search(it, text) for text in texts)] == []
