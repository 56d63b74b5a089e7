"""README, .env.example, meltano.yml and code agree on the settings."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
import yaml
from support import ROOT, read_page, read_table

from tap_gladly.tap import TapGladly

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
    """The tap's own settings, by name."""
    declared: dict[str, dict[str, Any]] = TapGladly.config_jsonschema["properties"]
    return {name: declared[name] for name in OWN_SETTINGS}


def list_sdk_settings() -> set[str]:
    """Return the settings that the SDK adds. singer-sdk 0.55 has a start_date of its own; the tap's replaces it."""
    builtin: dict[str, Any] = {"properties": {}}
    TapGladly.append_builtin_config(builtin)
    return set(builtin["properties"]) - set(OWN_SETTINGS)


def test_own_settings_are_all_that_the_tap_declares() -> None:
    """The tap declares no settings besides these and the SDK's."""
    declared = set(TapGladly.config_jsonschema["properties"])

    assert declared - list_sdk_settings() == set(OWN_SETTINGS)


def test_readme_declares_the_settings_to_meltano() -> None:
    """The plugin in the README declares each setting."""
    shown = yaml.safe_load(read_page("README.md").split("```yaml\n")[1].split("```")[0])

    declared = [setting["name"] for setting in shown["plugins"]["extractors"][0]["settings"]]
    assert tuple(declared) == OWN_SETTINGS


def test_readme_lists_the_settings(settings: dict[str, dict[str, Any]]) -> None:
    """Each setting has the tap's description."""
    required = TapGladly.config_jsonschema["required"]

    rows = read_table("README.md", "Setting")
    assert [row[0].strip("`") for row in rows] == list(settings)
    for (name, setting), row in zip(settings.items(), rows, strict=True):
        assert row[1].startswith("yes") == (name in required)
        assert ("secret" in row[1]) == setting.get("secret", False)
        assert row[2] == setting["description"]


def test_readme_lists_the_settings_of_the_sdk() -> None:
    """Nested settings are listed under their outermost one."""
    names = re.findall(r"`(\w+)`", " ".join(row[0] for row in read_table("README.md", "SDK setting")))

    assert sorted(names) == sorted(list_sdk_settings())


def test_env_example_lists_the_settings(settings: dict[str, dict[str, Any]]) -> None:
    """Each setting is a variable with the tap's description; optional ones are commented out."""
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
    """A shell can source the file, with the optional variables uncommented."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8").replace("# TAP_GLADLY_", "TAP_GLADLY_")
    program = f'set -eu\n{text}\nprintf %s "$TAP_GLADLY_EVENT_ENTITIES"'

    printed = subprocess.check_output(["/bin/sh", "-c", program], text=True)
    assert json.loads(printed) == ["CONTACT", "CONVERSATION"]


def test_meltano_yml_lists_the_settings(settings: dict[str, dict[str, Any]]) -> None:
    """Each setting is declared before those of the SDK, with its title, description and secrecy."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    extractor = project["plugins"]["extractors"][0]

    listed = {setting["name"]: setting for setting in extractor["settings"]}
    assert list(listed)[: len(settings)] == list(settings)
    (required,) = extractor["settings_group_validation"]
    assert sorted(required) == sorted(TapGladly.config_jsonschema["required"])
    for name, setting in settings.items():
        assert listed[name].get("sensitive", False) == setting.get("secret", False)
        assert listed[name]["label"] == setting["title"]
        assert listed[name]["description"] == setting["description"]
