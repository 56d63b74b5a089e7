"""A target that flattens objects drops undeclared nested properties, unless the tap sends JSON text."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from gladly_emulator import Emulator, StaticExports
from targets.destinations import Postgres
from targets.project import ROOT, tap_settings

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Targets that flatten objects\n")[1].split("```yaml\n")[1].split("```")[0]
STREAM_MAPS = yaml.safe_load(SECTION)["plugins"]["extractors"][0]["config"]["stream_maps"]
CONTENT = {"type": "KIOSK", "score": 9.5, "newList": [{"deep": None}], "newObject": {"text": "\u2028"}}
ITEM = {"id": "i1", "content": CONTENT, "newTop": {"a": 1.25}}


def load(folder: Path, postgres: Postgres, settings: dict[str, str]) -> dict[str, Any]:
    """Load one item into target-postgres with flattening enabled, and return the columns of its row."""
    exports = StaticExports()
    exports.add_job(
        "job", "2026-03-04T12:15:19Z", {"conversation_items.jsonl": f"{json.dumps(ITEM)}\n".encode()}
    )
    config = {
        "sqlalchemy_url": postgres.settings["TARGET_POSTGRES_SQLALCHEMY_URL"],
        "default_target_schema": postgres.settings["TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA"],
        "flattening_enabled": True,
        "flattening_max_depth": 3,
    }
    file = folder / "target.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    target = ROOT / ".meltano" / "loaders" / postgres.target / "venv" / "bin" / postgres.target
    with Emulator(exports, requests_per_second=None) as emulator:
        variables = {**os.environ, **tap_settings(emulator), **settings}
        sent = subprocess.check_output([ROOT / ".venv/bin/tap-gladly", "--config=ENV"], env=variables)
    subprocess.run([target, "--config", file], input=sent, stdout=subprocess.DEVNULL, check=True)
    ((row,),) = postgres.ask("SELECT to_jsonb(conversation_items) FROM conversation_items")
    found: dict[str, Any] = row
    return found


def test_flattening_drops_undeclared_properties(tmp_path: Path, socket: str) -> None:
    """Declared nested properties become columns. Nothing keeps the others."""
    row = load(tmp_path, Postgres(socket, "flattened"), {})

    assert row["content__type"] == "KIOSK"
    assert "content" not in row
    assert not any(name.lower().endswith(("score", "newlist", "newobject")) for name in row)


def test_documented_map_keeps_undeclared_properties(tmp_path: Path, socket: str) -> None:
    """The column has the whole object as JSON text."""
    settings = {"TAP_GLADLY_STREAM_MAPS": json.dumps(STREAM_MAPS)}

    row = load(tmp_path, Postgres(socket, "mapped"), settings)
    assert json.loads(row["content"]) == CONTENT
    assert json.loads(row["_unmapped"]) == {"newTop": {"a": 1.25}}
