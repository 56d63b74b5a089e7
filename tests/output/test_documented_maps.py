"""The stream map in docs/targets.md keeps all nested properties in targets that flatten objects."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from support import jsonl

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports

PAGE = (Path(__file__).parents[2] / "docs" / "targets.md").read_text(encoding="utf-8")
CONTENT = {"type": "KIOSK", "newNumber": 9.5, "newList": [{"deep": None}], "newText": "\u2028\u00eb"}


@pytest.fixture
def config() -> dict[str, Any]:
    """The settings of the block under "Targets that flatten objects"."""
    section = PAGE.split("\n## Targets that flatten objects\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    settings: dict[str, Any] = yaml.safe_load(block)["plugins"]["extractors"][0]["config"]
    return settings


def test_documented_map_sends_objects_as_text(
    exports: StaticExports, sync: Callable[..., Sync], config: dict[str, Any]
) -> None:
    """Schema and records declare strings, whose JSON equals what Gladly sent, undeclared properties included."""
    items = [
        {"id": "i1", "content": CONTENT, "newTop": {"a": 1.25}},
        {"id": "i2", "content": None},
        {"id": "i3"},
    ]
    exports.add_job("job", "2026-11-20T07:00:00Z", {"conversation_items.jsonl": jsonl(*items)})

    run = sync(**config)

    (schema,) = [message for message in run.of_type("SCHEMA") if message["stream"] == "conversation_items"]
    full, *others = run.rows("conversation_items")
    for column in ("content", "_unmapped"):
        assert schema["schema"]["properties"][column]["type"] == ["string", "null"]
        assert [row.get(column) for row in others] == [None, None]
    assert json.loads(full["content"]) == CONTENT
    assert json.loads(full["_unmapped"]) == {"newTop": {"a": 1.25}}
