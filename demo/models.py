"""`python -m demo.models`: load two weeks into DuckDB, build the dbt package, answer ten questions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gladly_emulator import Emulator, GeneratedExports

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW: Final = datetime(2026, 3, 14, 2, tzinfo=timezone.utc)
"""The emulator's fixed time, which makes the answers reproducible."""
END_DATE: Final = "2026-03-13"
VARIABLES: Final = {
    "gladly__timezone": "America/New_York",
    "gladly__conversation_export_report_enabled": True,
    "gladly__contact_export_report_v3_enabled": True,
    "gladly__work_session_events_report_v4_enabled": True,
    "gladly__agent_durations_report_v2_enabled": True,
}
"""Variables of the dbt package: the organization's time zone and the loaded opt-in streams."""


class Extraction(NamedTuple):
    """A run of the tap.

    Attributes:
        streams: The selected streams.
        start_date: The start date.
    """

    streams: tuple[str, ...]
    start_date: str

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables for this run."""
        return {
            "TAP_GLADLY__SELECT": json.dumps([f"{stream}.*" for stream in self.streams]),
            "TAP_GLADLY_START_DATE": self.start_date,
            "TAP_GLADLY_END_DATE": END_DATE,
        }


# The tap requests at most 10 reports per minute. To avoid waiting, the report with one window per day has
# its own run and two days less.
EXTRACTIONS: Final = (
    Extraction(
        (
            *("jobs", "customers", "conversation_items", "agents", "topics", "teams", "inboxes"),
            *("conversation_export_report", "contact_export_report_v3", "work_session_events_report_v4"),
        ),
        "2026-03-02",
    ),
    Extraction(("agent_durations_report_v2",), "2026-03-04"),
)

_DATABASE: Final = Path("output/models.duckdb")
_LOG_FILE: Final = _DATABASE.with_suffix(".log")
_LOAD: Final = ("meltano", "run", "--full-refresh", "--state-id-suffix=models", "tap-gladly", "target-duckdb")
_BUILD: Final = ("meltano", "invoke", "dbt:build")
_ANSWER: Final = ("python", "docs/questions.py", f"{_DATABASE}")
_CONSTRAINTS: Final = ("UV_CONSTRAINT", "UV_BUILD_CONSTRAINT")
_SHOWN_LINES: Final = 20


def main() -> int:
    """Load, build and answer. Return the exit code."""
    _DATABASE.parent.mkdir(exist_ok=True)
    for path in (_DATABASE, _DATABASE.with_name(f"{_DATABASE.name}.wal"), _LOG_FILE):
        path.unlink(missing_ok=True)
    with Emulator(GeneratedExports(), clock=lambda: NOW, report_limits=None) as emulator:
        settings = {f"TAP_GLADLY_{name.upper()}": value for name, value in emulator.settings.items()}
        steps: list[tuple[tuple[str, ...], dict[str, str]]] = [
            (_LOAD, {**settings, **extraction.settings}) for extraction in EXTRACTIONS
        ]
        steps.append((_BUILD, {"DBT_VARS": json.dumps(VARIABLES)}))
        if not all(_run(command, environment) for command, environment in steps):
            return 1
    print(flush=True)
    return subprocess.run([sys.executable, *_ANSWER[1:]], check=False).returncode


def _run(command: tuple[str, ...], settings: Mapping[str, str]) -> bool:
    """Run Meltano with its output in the log. Return whether it succeeded."""
    print(f"$ {' '.join(command)}", end="", flush=True)
    started = time.monotonic()
    environment = {**_environment(command), **settings}
    program = str(Path(sys.executable).with_name(command[0]))
    with _LOG_FILE.open("a", encoding="utf-8") as log:
        status = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        ).returncode
    print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
    if status:
        lines = _LOG_FILE.read_text("utf-8", "replace").splitlines()[-_SHOWN_LINES:]
        print(
            f"Meltano exited with code {status}. The last lines of {_LOG_FILE}:",
            *lines,
            sep="\n",
            file=sys.stderr,
        )
    return status == 0


def _environment(command: tuple[str, ...]) -> dict[str, str]:
    """Return the environment variables for a command, without the settings of the tap and of dbt."""
    environment = {
        **os.environ,
        "MELTANO_PROJECT_ROOT": str(Path.cwd()),
        "TARGET_DUCKDB_PATH": str(_DATABASE),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    if command == _BUILD:
        # The Makefile constrains the tap's dependencies. dbt has pins of its own, and the two conflict.
        for name in _CONSTRAINTS:
            environment.pop(name, None)
    return environment


if __name__ == "__main__":
    sys.exit(main())
