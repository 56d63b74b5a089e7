"""The code blocks of docs/recipes.md."""

from __future__ import annotations

import re
from typing import Any

import yaml

from targets.project import ROOT

_PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPES = dict(part.split("\n", 1) for part in _PAGE.split("\n## ")[1:])


def read_block(title: str, language: str) -> str:
    """Return the only block of a language under a title."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", RECIPES[title], re.MULTILINE | re.DOTALL)
    return str(block)


def read_plugins(title: str) -> dict[str, list[dict[str, Any]]]:
    """Return the plugins in the YAML block under a title."""
    plugins: dict[str, list[dict[str, Any]]] = yaml.safe_load(read_block(title, "yaml"))["plugins"]
    return plugins
