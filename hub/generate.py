"""Print what Meltano Hub is to know: what the tap and its package say of themselves, and a few texts."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from tap_gladly import DISTRIBUTION

_NAME: Final = "tap-gladly"
_TEXTS: Final = Path(__file__).parent / "texts"
_HEADER: Final = """\
# Written by `make hub`. In the repository meltano/hub its place is the folder
# _data/meltano/extractors/tap-gladly, its name there that of the variant.
"""
# In place of the owner's name, until that is settled: then it is a clone that is installed.
_NO_OWNER: Final = "clone"
_STATUSES: Final = {"3 - Alpha": "development", "4 - Beta": "beta", "5 - Production/Stable": "active"}
# The SDK offers it to every tap, but what it needs does not come with this one.
_NOT_OFFERED: Final = "faker_config"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repository",
        default=_find_repository(),
        metavar="URL",
        help="the repository's address (default: the one in [project.urls], if there is one)",
    )
    definition = _make_definition(parser.parse_args().repository)
    sys.stdout.write(_HEADER + yaml.dump(definition, Dumper=_Dumper, allow_unicode=True, width=100))


def _find_repository() -> str | None:
    urls = dict(url.split(", ", 1) for url in metadata(DISTRIBUTION).get_all("Project-URL") or [])
    return urls.get("Repository")


def _make_definition(repository: str | None) -> dict[str, Any]:
    """Make the definition; without a repository it names none, and stands for the clone that it is in."""
    about = _ask_tap("--about", "--format=json")
    return {
        "capabilities": sorted(about["capabilities"]),
        "description": "Customer service platform",
        "domain_url": "https://www.gladly.com",
        "executable": _NAME,
        "keywords": ["meltano_sdk"],
        "label": "Gladly",
        "log_parser": "singer-sdk",
        "maintenance_status": _find_status(),
        "name": _NAME,
        "namespace": "tap_gladly",
        "quality": "unknown",  # the Hub rates for itself, and wants the field
        "select": _list_default_streams(),
        "settings": _make_settings(about["settings"]["properties"]),
        "settings_group_validation": [about["settings"]["required"]],
        "supported_python_versions": about["supported_python_versions"],
        **{path.stem: path.read_text(encoding="utf-8") for path in _TEXTS.iterdir()},
        **_tell_origin(repository),
    }


def _tell_origin(repository: str | None) -> dict[str, str]:
    # Never the package's name alone: at PyPI it is that of another tap, which would be sent the token.
    if repository is None:
        return {"pip_url": f"../{_NAME}", "variant": _NO_OWNER}
    owner = urlsplit(repository).path.split("/")[1]
    return {"pip_url": f"git+{repository}.git", "repo": repository, "variant": owner.lower()}


def _make_settings(properties: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [_make_setting(name, schema) for name, schema in properties.items() if name != _NOT_OFFERED]


def _make_setting(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Tell of a setting what its JSON schema does."""
    about = {"name": name, "label": schema["title"], "description": schema["description"]}
    default = {"value": schema["default"]} if "default" in schema else {}
    if schema.get("secret"):
        return {**about, "kind": "password", "sensitive": True, **default}
    (kind,) = {*schema["type"]} - {"null"}
    return {**about, "kind": "date_iso8601" if schema.get("format") == "date-time" else kind, **default}


def _find_status() -> str:
    """Return the Hub's word for the package's status of development."""
    prefix = "Development Status :: "
    classifiers = metadata(DISTRIBUTION).get_all("Classifier") or []
    (status,) = (line.removeprefix(prefix) for line in classifiers if line.startswith(prefix))
    return _STATUSES[status]


def _list_default_streams() -> list[str]:
    streams = _ask_tap("--discover")["streams"]
    return [f"{stream['stream']}.*" for stream in streams if _is_default(stream)]


def _is_default(stream: dict[str, Any]) -> bool:
    (of_stream,) = (item["metadata"] for item in stream["metadata"] if not item["breadcrumb"])
    return bool(of_stream.get("selected-by-default"))


def _ask_tap(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tap_gladly", *arguments]
    environment = os.environ | {"TAP_GLADLY_LOGLEVEL": "WARNING"}
    answer: dict[str, Any] = json.loads(subprocess.check_output(command, env=environment))
    return answer


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as these lines."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)

if __name__ == "__main__":
    main()
