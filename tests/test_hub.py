"""The plugin definition agrees with the tap, with meltano.yml, and with how Meltano Hub reads the tap."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from support import run_command

from tap_gladly import DISTRIBUTION
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
FILE = ROOT / "plugin.yaml"
DEFINITION: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")

# The fields and values that the Hub's schema for extractors allows, as far as a tap may need them.
FIELDS = """
    capabilities commands definition description docs domain_url executable hidden keywords label log_parser
    logo_url maintenance_status name namespace next_steps pip_url prereq python quality repo requires select
    settings settings_group_validation settings_preamble supported_python_versions usage variant
"""
REQUIRED_FIELDS = "name namespace quality variant"
SETTING_FIELDS = "description kind label name options sensitive value"
KINDS = "array boolean date_iso8601 decimal email file integer object options password string"
CAPABILITIES = """
    about activate-version batch catalog discover log-based properties schema-flattening state stream-maps
    structured-logging test
"""
STATUSES = "active beta development inactive unknown"
# The Hub doesn't insert a space after a period inside a word that contains one of these.
WORDS_LEFT_ALONE = re.compile(r"`|\.com|http|ssh|ssl|e\.g\.|i\.e\.|\"|\(\)|^\d+\.\d+$")


def words(text: str) -> set[str]:
    """Split a text into words."""
    return set(text.split())


def generate(*arguments: str) -> str:
    """Run the generator."""
    command = [sys.executable, str(ROOT / "hub" / "generate.py"), *arguments]
    return subprocess.check_output(command, text=True, encoding="utf-8")


def as_meltano_writes(setting: dict[str, Any]) -> dict[str, Any]:
    """Return a setting as a meltano.yml has it: a password is a sensitive string there."""
    return {**setting, "kind": setting["kind"].replace("password", "string")}


def read_as_hub(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield dotted name, schema and necessity of each setting, as the Hub's weekly refresh of SDK taps does.

    A nested setting is required if its parent's `required` lists it, even if the parent isn't required.
    """
    for name, value in schema["properties"].items():
        if name != "stream_maps" and "object" in value.get("type", ()) and value.get("properties"):
            for nested, nested_schema, is_required in read_as_hub(value):
                yield f"{name}.{nested}", nested_schema, is_required
        else:
            yield name, value, name in schema.get("required", ())


def find_hub_kind(name: str, schema: dict[str, Any]) -> str:
    """Return the kind that the Hub gives a setting."""
    types = schema.get("type") or ("array" if name == "faker_config.locale" else "string")
    kind = types if isinstance(types, str) else next(each for each in types if each != "null")
    if kind != "string":
        return {"number": "integer"}.get(kind, kind)
    if schema.get("format") in {"date", "date-time"} or name in {"start_date", "end_date"}:
        return "date_iso8601"
    if any(word in name for word in ("password", "id", "token", "key", "secret")):
        return "password"
    return "options" if schema.get("enum") else "string"


@pytest.fixture(scope="module")
def about() -> dict[str, Any]:
    """The output of `--about`."""
    output: dict[str, Any] = json.loads(run_command("--about", "--format=json").stdout)
    return output


@pytest.fixture(scope="module")
def hub_settings(about: dict[str, Any]) -> dict[str, tuple[dict[str, Any], bool]]:
    """Schema and necessity of the settings that the Hub reads, by dotted name."""
    return {name: (schema, is_required) for name, schema, is_required in read_as_hub(about["settings"])}


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """The settings of the definition, by name."""
    return {setting["name"]: setting for setting in DEFINITION["settings"]}


def test_definition_is_current() -> None:
    """`make hub` changes nothing, except that another version of the SDK has another order of settings."""
    lines = FILE.read_text(encoding="utf-8").splitlines()

    assert sorted(lines) == sorted(generate().splitlines())


def test_definition_names_repository_and_owner_once_they_are_set(declared: dict[str, Any]) -> None:
    """The repository of `[project.urls]` changes three fields."""
    released = yaml.safe_load(generate("--repository", "https://code.example/Acme-Data/tap-gladly"))

    assert released["repo"] == "https://code.example/Acme-Data/tap-gladly"
    assert released["pip_url"] == "git+https://code.example/Acme-Data/tap-gladly.git"
    assert released["variant"] == "acme-data"
    changed = {"pip_url", "repo", "variant", "settings"}
    assert {name: it for name, it in released.items() if name not in changed} == {
        name: it for name, it in DEFINITION.items() if name not in changed
    }
    assert {setting["name"]: setting for setting in released["settings"]} == declared


def test_definition_invents_no_repository() -> None:
    """The repository is the one in `[project.urls]`. Without one, the definition installs a local clone."""
    urls = dict(url.split(", ", 1) for url in metadata(DISTRIBUTION).get_all("Project-URL") or [])

    assert DEFINITION.get("repo") == urls.get("Repository")
    assert (DEFINITION["variant"] == "clone") == ("Repository" not in urls)
    assert (DEFINITION["pip_url"] == "../tap-gladly") == ("Repository" not in urls)


def test_definition_never_installs_by_package_name() -> None:
    """On PyPI, the package name belongs to another tap, which would receive the token."""
    for arguments in ((), ("--repository", "https://code.example/Acme-Data/tap-gladly")):
        assert "/" in yaml.safe_load(generate(*arguments))["pip_url"]


def test_definition_presents_the_tap() -> None:
    """Label, keywords, log parser and logo are set."""
    assert DEFINITION["label"] == "Gladly"
    assert DEFINITION["keywords"] == ["meltano_sdk"]
    assert DEFINITION["log_parser"] == "singer-sdk"
    assert DEFINITION["logo_url"] == "/assets/logos/extractors/gladly.png"


def test_definition_fits_the_schema_of_the_hub(declared: dict[str, Any]) -> None:
    """Required fields are present, and unknown fields and values are absent."""
    assert DEFINITION.keys() <= words(FIELDS)
    assert DEFINITION.keys() >= words(REQUIRED_FIELDS)
    assert DEFINITION["maintenance_status"] in words(STATUSES)
    assert set(DEFINITION["capabilities"]) <= words(CAPABILITIES)
    for setting in declared.values():
        assert setting.keys() <= words(SETTING_FIELDS)
        assert setting["kind"] in words(KINDS)
        assert (setting["kind"] == "options") == ("options" in setting)
        assert setting["label"]
        assert setting["description"]


def test_definition_has_the_settings_that_the_hub_reads(
    hub_settings: dict[str, tuple[dict[str, Any], bool]], declared: dict[str, Any]
) -> None:
    """The Hub's weekly refresh from `--about` changes no setting."""
    assert declared.keys() == hub_settings.keys()
    for name, setting in declared.items():
        schema, _ = hub_settings[name]
        assert setting["label"] == schema["title"]
        assert setting["description"] == schema["description"]
        assert setting["kind"] == find_hub_kind(name, schema)
        assert setting.get("value") == schema.get("default")
        assert setting.get("sensitive", False) == schema.get("secret", False)
        options = [option["value"] for option in setting.get("options", ())]
        assert options == [value for value in schema.get("enum", ()) if value is not None]


def test_definition_requires_the_settings_that_the_hub_reads_as_required(
    hub_settings: dict[str, tuple[dict[str, Any], bool]],
) -> None:
    """No setting of BATCH is required: a user who sets it turns on BATCH, which many targets can't load."""
    required = {name for name, (_, is_required) in hub_settings.items() if is_required}

    assert required == {"organization", "agent_email", "api_token"}
    assert [set(group) for group in DEFINITION["settings_group_validation"]] == [required]


def test_hub_leaves_descriptions_unchanged(declared: dict[str, Any]) -> None:
    """The Hub splits words at inner periods and capitalizes sentences. Backticks prevent both."""
    for setting in declared.values():
        description: str = setting["description"]
        split = [word for word in description.split() if "." in word[:-1] and not word.startswith(".")]

        assert [word for word in split if not WORDS_LEFT_ALONE.search(word)] == []
        assert re.findall(r"(?:^|\. )[a-z]", description) == []
        assert description == " ".join(description.split())


def test_definition_has_the_capabilities_and_streams_of_the_tap(about: dict[str, Any]) -> None:
    """It leaves out the capability start-date of singer-sdk 0.55, which the Hub's schema doesn't allow."""
    streams = TapGladly(validate_config=False).streams

    defaults = {f"{name}.*" for name, stream in streams.items() if stream.selected_by_default}
    assert DEFINITION["capabilities"] == sorted({*about["capabilities"]} - {"start-date"})
    assert DEFINITION["supported_python_versions"] == about["supported_python_versions"]
    assert set(DEFINITION["select"]) == defaults
    assert len(DEFINITION["select"]) == len(defaults)


def test_meltano_yml_has_the_capabilities_and_settings_of_the_definition(declared: dict[str, Any]) -> None:
    """The descriptions are the same, too."""
    (extractor,) = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]["extractors"]

    assert extractor["capabilities"] == DEFINITION["capabilities"]
    assert extractor["settings"] == [as_meltano_writes(setting) for setting in declared.values()]


def test_readme_has_the_capabilities_and_kinds_of_the_definition(declared: dict[str, Any]) -> None:
    """The meltano.yml in the README declares a subset of the settings."""
    (block,) = (
        block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "namespace:" in block
    )
    (extractor,) = yaml.safe_load(block)["plugins"]["extractors"]

    assert sorted(extractor["capabilities"]) == DEFINITION["capabilities"]
    for setting in extractor["settings"]:
        assert setting.get("kind", "string") == declared[setting["name"]]["kind"]
        assert setting.get("sensitive", False) == declared[setting["name"]].get("sensitive", False)


@pytest.mark.parametrize("name", ["usage", "next_steps", "prereq"])
def test_texts_name_only_streams_and_settings_of_the_tap(name: str) -> None:
    """They contain no URL either."""
    known = {*TapGladly(validate_config=False).streams, *(item["name"] for item in DEFINITION["settings"])}
    text = DEFINITION[name]

    assert set(re.findall(r"`([a-z_]+)`", text)) <= known | {"select", "_unmapped"}
    assert "://" not in text
