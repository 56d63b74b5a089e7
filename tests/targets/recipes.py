"""The recipes of docs/recipes.md, taken from the page."""

from __future__ import annotations

import re
from typing import Any

import yaml

from targets.project import ROOT

_PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPES = dict(part.split("\n", 1) for part in _PAGE.split("\n## ")[1:])


def take(title: str, language: str) -> str:
    """Give the one block of a language under a title."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", RECIPES[title], re.MULTILINE | re.DOTALL)
    return str(block)


def take_plugins(title: str) -> dict[str, list[dict[str, Any]]]:
    """Give the plugins of the YAML under a title."""
    plugins: dict[str, list[dict[str, Any]]] = yaml.safe_load(take(title, "yaml"))["plugins"]
    return plugins
