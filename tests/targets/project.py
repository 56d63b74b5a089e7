"""A Meltano project with this checkout's plugins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gladly_emulator import Emulator

ROOT = Path(__file__).parents[2]
TAP = "tap-gladly"


class Project:
    """A project in a separate folder, with this checkout's `meltano.yml` and installed plugins.

    Args:
        folder: An empty folder.
        select: The tap's selection rules.
        more: Additional plugins, by kind.
        config: Settings of the tap.
    """

    def __init__(
        self,
        folder: Path,
        select: list[str],
        *,
        more: Mapping[str, list[dict[str, Any]]] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = folder
        plugins = folder / ".meltano"
        plugins.mkdir()
        for kind in ("extractors", "loaders"):
            (plugins / kind).symlink_to(ROOT / ".meltano" / kind)
        content = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
        extractor = content["plugins"]["extractors"][0]
        extractor["select"] = select
        extractor["config"] = dict(config or {})
        for kind, plugins_of_kind in (more or {}).items():
            content["plugins"][kind] += plugins_of_kind
        (folder / "meltano.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def run(
        self,
        target: str,
        emulator: Emulator,
        *,
        settings: Mapping[str, str],
        state: str = "",
        full_refresh: bool = False,
    ) -> str:
        """Run the tap into a target, and return the log.

        Args:
            target: The loader's name.
            emulator: The emulator that the tap reads.
            settings: Additional environment variables.
            state: A suffix of the state id, for a separate state.
            full_refresh: Whether to ignore the state.
        """
        options = [
            *(["--full-refresh"] if full_refresh else []),
            *(["--state-id-suffix", state] if state else []),
        ]
        return self.call("run", *options, TAP, target, settings={**tap_settings(emulator), **settings})

    def call(self, *arguments: str, settings: Mapping[str, str]) -> str:
        """Run Meltano, and return its output."""
        program = str(Path(sys.executable).with_name("meltano"))
        run = subprocess.run(
            [program, *arguments],
            cwd=self.folder,
            env={**_plain_environment(), "MELTANO_PROJECT_ROOT": str(self.folder), **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout[-6000:]
        return run.stdout


def tap_settings(emulator: Emulator) -> dict[str, str]:
    """Return the environment variables for an emulator, without a proxy."""
    direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**{f"TAP_GLADLY_{name.upper()}": value for name, value in emulator.settings.items()}, **direct}


def load_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of every stream, by stream name."""
    folder = ROOT / "tap_gladly" / "schemas"
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.iterdir())}


def _plain_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TAP_GLADLY_", "TARGET_", "MELTANO_"))
    }
