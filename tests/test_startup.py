"""A run imports what it needs, and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import singer_sdk
from support import run_command


def test_the_tap_imports_nothing_that_a_sync_does_not_need(tmp_path: Path) -> None:
    """Beyond what the SDK brings with itself, there are msgspec, backoff and the tap's own modules."""
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

    assert {"tap_gladly", "msgspec"} <= set(modules) <= {"tap_gladly", "msgspec", "backoff"}


def test_the_command_line_leaves_joblib_alone() -> None:
    """The SDK imports it for its targets; a process that is a tap does without."""
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


def test_joblib_is_for_targets_alone() -> None:
    """Were it used elsewhere in the SDK, a tap would need it."""
    package = Path(singer_sdk.__file__).parent
    users = [path.name for path in package.rglob("*.py") if "joblib" in path.read_text()]

    assert users == ["target_base.py"]


def test_both_ways_to_start_are_the_same() -> None:
    """`tap-gladly` and `python -m tap_gladly` say the same of the tap."""
    command = Path(sys.executable).with_name("tap-gladly")

    run = subprocess.run([command, "--about", "--format=json"], capture_output=True, text=True, check=True)

    assert run.stdout == run_command("--about", "--format=json").stdout
