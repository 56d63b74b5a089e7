"""What Meltano Hub is told is what the tap says, and what this project's own Meltano files say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import run_command

from tap_gladly import DISTRIBUTION
from tap_gladly.tap import TapGladly

ROOT = Path(__file__).parent.parent
FILE = ROOT / "hub" / "tap-gladly.yml"
DEFINITION: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")

# What the Hub's schema for extractors takes, as far as a tap may need it, and what it wants.
FIELDS = """
    capabilities commands definition description docs domain_url executable hidden keywords label log_parser
    logo_url maintenance_status name namespace next_steps pip_url prereq python quality repo requires select
    settings settings_group_validation settings_preamble supported_python_versions usage variant
"""
NEEDED_FIELDS = "name namespace quality variant"
SETTING_FIELDS = "description kind label name sensitive value"
KINDS = "array boolean date_iso8601 decimal email file integer object options password string"
CAPABILITIES = """
    about activate-version batch catalog discover log-based properties schema-flattening state stream-maps
    structured-logging test
"""
STATUSES = "active beta development inactive unknown"


def words(text: str) -> set[str]:
    """Give the words of a text."""
    return set(text.split())


def generate(*arguments: str) -> str:
    """Run the generator."""
    command = [sys.executable, str(ROOT / "hub" / "generate.py"), *arguments]
    return subprocess.check_output(command, text=True, encoding="utf-8")


def as_meltano_writes(setting: dict[str, Any]) -> dict[str, Any]:
    """Give a setting as Meltano has it in a project's file: a password there is text that is sensitive."""
    return {**setting, "kind": setting["kind"].replace("password", "string")}


@pytest.fixture(scope="module")
def about() -> dict[str, Any]:
    """What the tap says of itself."""
    told: dict[str, Any] = json.loads(run_command("--about", "--format=json").stdout)
    return told


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """The settings that the Hub is told of, by name."""
    return {setting["name"]: setting for setting in DEFINITION["settings"]}


def load_extractor(text: str) -> dict[str, Any]:
    """Give the tap's part of a Meltano project."""
    extractor: dict[str, Any] = yaml.safe_load(text)["plugins"]["extractors"][0]
    return extractor


def test_hub_file_is_what_the_generator_makes() -> None:
    """If not, `make hub` writes it anew."""
    assert FILE.read_text(encoding="utf-8") == generate()


def test_hub_file_names_repository_and_owner_once_they_are_settled() -> None:
    """All else stays."""
    settled = yaml.safe_load(generate("--repository", "https://code.example/Acme-Data/tap-gladly"))

    assert settled["repo"] == "https://code.example/Acme-Data/tap-gladly"
    assert settled["pip_url"] == "git+https://code.example/Acme-Data/tap-gladly.git"
    assert settled["variant"] == "acme-data"
    rest = {"pip_url": None, "repo": None, "variant": None}
    assert {**settled, **rest} == {**DEFINITION, **rest}


def test_hub_file_makes_up_no_repository() -> None:
    """Its address is that of `[project.urls]`; without one, a word and a folder stand in its place."""
    urls = dict(url.split(", ", 1) for url in metadata(DISTRIBUTION).get_all("Project-URL") or [])

    assert DEFINITION.get("repo") == urls.get("Repository")
    assert (DEFINITION["variant"] == "clone") == ("Repository" not in urls)
    assert (DEFINITION["pip_url"] == "../tap-gladly") == ("Repository" not in urls)


def test_hub_file_never_names_the_package_alone() -> None:
    """At PyPI that name is another tap's: it would be installed, and handed the token."""
    for arguments in ((), ("--repository", "https://code.example/Acme-Data/tap-gladly")):
        assert "/" in yaml.safe_load(generate(*arguments))["pip_url"]


def test_hub_file_presents_the_tap() -> None:
    """What it is called, what it is built with, and how its log is read."""
    assert DEFINITION["label"] == "Gladly"
    assert DEFINITION["keywords"] == ["meltano_sdk"]
    assert DEFINITION["log_parser"] == "singer-sdk"


def test_hub_file_keeps_to_the_fields_of_the_hub(declared: dict[str, Any]) -> None:
    """None is missing that the Hub wants, and none is there that it does not know."""
    assert DEFINITION.keys() <= words(FIELDS)
    assert DEFINITION.keys() >= words(NEEDED_FIELDS)
    assert DEFINITION["maintenance_status"] in words(STATUSES)
    assert set(DEFINITION["capabilities"]) <= words(CAPABILITIES)
    for setting in declared.values():
        assert setting.keys() <= words(SETTING_FIELDS)
        assert setting["kind"] in words(KINDS)
        assert setting["label"]
        assert setting["description"]


def test_hub_file_has_the_settings_of_the_tap(about: dict[str, Any], declared: dict[str, Any]) -> None:
    """All but that of a package which does not come with the tap; secret ones are passwords."""
    properties: dict[str, Any] = about["settings"]["properties"]

    assert declared.keys() == properties.keys() - {"faker_config"}
    assert DEFINITION["settings_group_validation"] == [about["settings"]["required"]]
    for name, setting in declared.items():
        schema = properties[name]
        assert setting["label"] == schema["title"]
        assert setting["description"] == schema["description"]
        assert setting.get("value") == schema.get("default")
        assert setting.get("sensitive", False) == schema.get("secret", False)
        assert (setting["kind"] == "password") == schema.get("secret", False)
        assert (setting["kind"] == "date_iso8601") == (schema.get("format") == "date-time")


def test_hub_file_has_what_the_tap_can_do(about: dict[str, Any]) -> None:
    """Capabilities, Pythons, and the streams that are selected if nobody selects."""
    streams = TapGladly(validate_config=False).streams

    defaults = {f"{name}.*" for name, stream in streams.items() if stream.selected_by_default}
    assert DEFINITION["capabilities"] == sorted(about["capabilities"])
    assert DEFINITION["supported_python_versions"] == about["supported_python_versions"]
    assert set(DEFINITION["select"]) == defaults
    assert len(DEFINITION["select"]) == len(defaults)


def test_meltano_yml_has_what_the_hub_file_has(declared: dict[str, Any]) -> None:
    """The same capabilities, and the same settings in the same words."""
    extractor = load_extractor((ROOT / "meltano.yml").read_text(encoding="utf-8"))

    assert extractor["capabilities"] == DEFINITION["capabilities"]
    assert extractor["settings"] == [as_meltano_writes(setting) for setting in declared.values()]


def test_readme_has_what_the_hub_file_has(declared: dict[str, Any]) -> None:
    """The project file shown there has the same capabilities and the same kinds."""
    extractor = load_extractor(README.split("```yaml\n")[1].split("```")[0])

    assert extractor["capabilities"] == DEFINITION["capabilities"]
    for setting in extractor["settings"]:
        told = declared[setting["name"]]
        assert setting.get("kind", "string") == told["kind"]
        assert setting.get("sensitive", False) == told.get("sensitive", False)


@pytest.mark.parametrize("name", ["usage", "next_steps", "prereq"])
def test_hub_texts_speak_of_this_tap(name: str) -> None:
    """Streams and settings named there are the tap's, and no address is named."""
    known = {*TapGladly(validate_config=False).streams, *(item["name"] for item in DEFINITION["settings"])}
    text = DEFINITION[name]

    assert set(re.findall(r"`([a-z_]+)`", text)) <= known | {"select", "_unmapped"}
    assert "://" not in text
