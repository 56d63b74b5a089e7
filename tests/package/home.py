"""Separate home directories to install into."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

TOOLS = Path(sys.executable).parent


class Home(NamedTuple):
    """An empty home directory that an installer keeps its files in."""

    path: Path

    def run(self, *command: object) -> None:
        """Run a command in it. pip and uv use the caches of the current user."""
        settings = {
            "HOME": str(self.path),
            "PIPX_HOME": str(self.path / "pipx"),
            "PIPX_BIN_DIR": str(self.path / "bin"),
            "UV_TOOL_DIR": str(self.path / "tools"),
            "UV_TOOL_BIN_DIR": str(self.path / "bin"),
            "UV_CACHE_DIR": ask(TOOLS / "uv", "cache", "dir"),
            "PIP_CACHE_DIR": ask(sys.executable, "-m", "pip", "cache", "dir"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        subprocess.run([*map(str, command)], check=True, cwd=self.path, env=os.environ | settings)


def ask(*command: object) -> str:
    """Run a command and return its output."""
    return subprocess.check_output([*map(str, command)], text=True).strip()
