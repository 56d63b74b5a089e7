"""Imports at startup, and the two ways to start the tap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import singer_sdk
from support import run_command


def test_tap_imports_only_what_a_sync_needs(tmp_path: Path) -> None:
    """Beyond the SDK's own imports, the tap imports only msgspec."""
    script = tmp_path / "modules.py"
    script.write_text(
        "import sys\n"
        "import singer_sdk, fsspec\n"
        "before = {name.partition('.')[0] for name in sys.modules}\n"
        "import tap_gladly.tap\n"
        "after = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*sorted(after - before - set(sys.stdlib_module_names)))\n"
    )

    modules = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True
    ).stdout.split()

    assert set(modules) == {"tap_gladly", "msgspec"}


def test_command_line_skips_joblib() -> None:
    """The SDK imports joblib for targets; the tap's command line replaces it with a stub."""
    script = (
        "import sys, tap_gladly.__main__ as command\n"
        "sys.argv = ['tap-gladly', '--version']\n"
        "try:\n"
        "    command.main()\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(sorted(name for name in sys.modules if name.startswith(('joblib', 'loky', 'tap_gladly.tap'))))"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.splitlines()[-1] == "['joblib', 'tap_gladly.tap']"


def test_sdk_uses_joblib_only_in_targets() -> None:
    """The stub is safe as long as no other SDK module imports joblib."""
    package = Path(singer_sdk.__file__).parent
    users = [path.name for path in package.rglob("*.py") if "joblib" in path.read_text()]

    assert users == ["target_base.py"]


def test_console_script_and_module_are_the_same() -> None:
    """`tap-gladly` and `python -m tap_gladly` run the same command line."""
    command = Path(sys.executable).with_name("tap-gladly")

    run = subprocess.run([command, "--about", "--format=json"], capture_output=True, text=True, check=True)

    assert run.stdout == run_command("--about", "--format=json").stdout
