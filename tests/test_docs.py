"""What stands in more than one place agrees: streams, schemas and settings, in files and in texts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_gladly.streams.lists import ListStream
from tap_gladly.tap import TapGladly

ROOT = Path(__file__).parent.parent
SCHEMAS = sorted((ROOT / "tap_gladly" / "schemas").iterdir())
README = (ROOT / "README.md").read_text(encoding="utf-8")
OWN_SETTINGS = (
    "organization",
    "agent_email",
    "api_token",
    "start_date",
    "end_date",
    "max_parallel_downloads",
    "event_entities",
    "api_url",
    "custom_reports",
)


@pytest.fixture(scope="module")
def settings() -> dict[str, dict[str, Any]]:
    """The tap's own settings, as it declares them."""
    declared: dict[str, dict[str, Any]] = TapGladly.config_jsonschema["properties"]
    return {name: declared[name] for name in OWN_SETTINGS}


def read_table(header: str) -> list[list[str]]:
    """Give the rows of the README's table that starts with a header cell."""
    table = README[README.index(f"| {header} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def test_own_settings_are_all_that_the_tap_declares() -> None:
    """What the SDK adds apart, there are no others."""
    declared = set(TapGladly.config_jsonschema["properties"])
    builtin: dict[str, Any] = {"properties": {}}
    TapGladly.append_builtin_config(builtin)

    assert declared - set(builtin["properties"]) == set(OWN_SETTINGS)


def test_readme_lists_the_streams() -> None:
    """Streams, keys and replication keys are those of the catalog, and which are off by default."""
    streams = TapGladly(validate_config=False).streams

    rows = {row[0].removesuffix(" (off)").strip("`"): row for row in read_table("Stream")}
    assert rows.keys() == streams.keys()
    for name, stream in streams.items():
        assert rows[name][0].endswith("(off)") != stream.selected_by_default
        assert re.findall(r"`(\w+)`", rows[name][2]) == list(stream.primary_keys)
        assert rows[name][3].strip("`") == (stream.replication_key or "")


def test_meltano_selects_the_defaults() -> None:
    """Here and in the README: Meltano would take every stream there is."""
    streams = TapGladly(validate_config=False).streams
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    shown = yaml.safe_load(README.split("```yaml\n")[1].split("```")[0])

    defaults = {f"{name}.*" for name, stream in streams.items() if stream.selected_by_default}
    for plugins in (project["plugins"], shown["plugins"]):
        selected = plugins["extractors"][0]["select"]
        assert set(selected) == defaults
        assert len(selected) == len(defaults)


def test_readme_tells_what_each_stream_costs() -> None:
    """Every list and the events have a place in the table of requests."""
    streams = TapGladly(validate_config=False).streams
    told = " ".join(row[0] for row in read_table("Streams"))

    for name in [name for name, stream in streams.items() if isinstance(stream, ListStream)] + ["events"]:
        assert f"`{name}`" in told


def test_readme_shows_the_settings_to_meltano() -> None:
    """The plugin there declares each setting."""
    shown = yaml.safe_load(README.split("```yaml\n")[1].split("```")[0])

    declared = [setting["name"] for setting in shown["plugins"]["extractors"][0]["settings"]]
    assert tuple(declared) == OWN_SETTINGS


def test_schema_files_are_those_of_the_streams() -> None:
    """There is one schema a stream, and none besides."""
    files = {path.stem for path in SCHEMAS}

    assert files == set(TapGladly(validate_config=False).streams)


def test_readme_lists_the_settings(settings: dict[str, dict[str, Any]]) -> None:
    """Each setting stands there as the tap describes it."""
    required = TapGladly.config_jsonschema["required"]

    rows = read_table("Setting")
    assert [row[0].strip("`") for row in rows] == list(settings)
    for (name, setting), row in zip(settings.items(), rows, strict=True):
        assert row[1].startswith("yes") == (name in required)
        assert ("secret" in row[1]) == setting.get("secret", False)
        assert row[2] == setting["description"]


def test_env_example_lists_the_settings(settings: dict[str, dict[str, Any]]) -> None:
    """Each setting is there as a variable, in the tap's own words; those that may be missing are comments."""
    required = TapGladly.config_jsonschema["required"]
    blocks = (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n")[1:]

    assert len(blocks) == len(settings)
    for block, (name, setting) in zip(blocks, settings.items(), strict=True):
        *comment, line = block.splitlines()
        needed = " Required, secret." if setting.get("secret") else " Required."
        text = " ".join(part.removeprefix("# ") for part in comment)
        assert text == setting["description"] + (needed if name in required else "")
        assert line.startswith(f"TAP_GLADLY_{name.upper()}=" if name in required else "# TAP_GLADLY_")
        assert line.removeprefix("# ").startswith(f"TAP_GLADLY_{name.upper()}=")


def test_env_example_suits_a_shell() -> None:
    """With what it shows filled in, a shell reads it as Meltano does."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8").replace("# TAP_GLADLY_", "TAP_GLADLY_")
    program = f'set -eu\n{text}\nprintf %s "$TAP_GLADLY_EVENT_ENTITIES"'

    told = subprocess.check_output(["/bin/sh", "-c", program], text=True)
    assert json.loads(told) == ["CONTACT", "CONVERSATION"]


def test_meltano_yml_lists_the_settings(settings: dict[str, dict[str, Any]]) -> None:
    """Meltano knows each setting, the SDK's own after those of the tap, and which are required or secret."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    extractor = project["plugins"]["extractors"][0]

    listed = {setting["name"]: setting for setting in extractor["settings"]}
    assert list(listed)[: len(settings)] == list(settings)
    assert extractor["settings_group_validation"] == [TapGladly.config_jsonschema["required"]]
    for name, setting in settings.items():
        assert listed[name].get("sensitive", False) == setting.get("secret", False)
        assert listed[name]["label"] == setting["title"]
        assert listed[name]["description"] == setting["description"]


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


@pytest.mark.parametrize("page", ["*.md", "docs/*.md", "benchmarks/*.md", "hub/texts/*.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Each file of the project that a page links to is there."""
    pages = list(ROOT.glob(page))
    links = [(file, link) for file in pages for link in re.findall(r"\]\(([^)#:]+)[)#]", file.read_text())]

    assert pages
    assert [str(link) for file, link in links if not (file.parent / link).exists()] == []
