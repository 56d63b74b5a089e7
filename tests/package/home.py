"""Places to install to, apart from everything else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

TOOLS = Path(sys.executable).parent


class Home(NamedTuple):
    """An empty home directory, in which a way of installing has its own places."""

    path: Path

    def run(self, *command: object) -> None:
        """Run a command in it, quietly; pip and uv may take from their caches."""
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
    """Run a command, and give what it says."""
    return subprocess.check_output([*map(str, command)], text=True).strip()
