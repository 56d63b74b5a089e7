"""Running Meltano against the emulator, and the files and reports that it requested."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from demo.database import DATABASE, Database, remove_database
from demo.report import SELECTION, list_report_windows
from demo.show import show_progress

if TYPE_CHECKING:
    from datetime import date, datetime

    from demo.report import Days
    from demo.shop import FileName
    from gladly_emulator import Emulator

_COMMAND: Final = ("meltano", "run", "tap-gladly", "target-duckdb")
LOG_FILE: Final = DATABASE.with_name("meltano.log")

_MELTANO_DATABASE: Final = Path(".meltano/meltano.db")
_SHOWN_LINES: Final = 8
_POLL_SECONDS: Final = 0.2
_PROGRESS_SECONDS: Final = 10
# Meltano starts each line with a time. Its own info messages and the tap's metrics and list of
# streams don't explain a failure.
_PREFIX: Final = re.compile(r"^\S+Z \[\w+ *\] ")
_IRRELEVANT: Final = re.compile(r"^\S+Z \[info *\] (meltano |tap-gladly +(METRIC|Added|Skipping))")


class LoadError(Exception):
    """Meltano failed."""


class Load(NamedTuple):
    """A successful load.

    Attributes:
        files: The files that the emulator served, in order.
        windows: The report windows that the emulator served, in order.
        starting_seconds: The time until the first file, including plugin installation.
        loading_seconds: The time since the first file.
    """

    files: list[FileName]
    windows: list[Days]
    starting_seconds: float
    loading_seconds: float


def list_loaded_jobs() -> dict[str, datetime]:
    """Return the completed jobs that earlier runs loaded, and when each was completed.

    The database and Meltano's state belong together. If Meltano's state is missing, this removes the
    database.
    """
    if not _MELTANO_DATABASE.exists():
        remove_database()
    if not DATABASE.exists():
        return {}
    with Database() as database:
        return database.list_completed_jobs()


def make_command() -> list[str]:
    """Return the command to run. Without a database, it loads everything and overwrites Meltano's state.

    Otherwise Meltano would merge the new state into the old one, which may have later jobs because the
    emulator's clock goes back.
    """
    is_restart = _MELTANO_DATABASE.exists() and not DATABASE.exists()
    return [*_COMMAND, "--full-refresh", "--state-strategy=overwrite"] if is_restart else [*_COMMAND]


def run_meltano(command: list[str], emulator: Emulator, *, file_count: int, start: date) -> Load:
    """Load the emulator's data into DuckDB. A failed load leaves no database."""
    started = time.monotonic()
    try:
        first_file = _run(command, emulator, file_count=file_count, start=start)
    except BaseException:
        remove_database()
        raise
    return Load(
        list_served_files(emulator),
        list_report_windows(emulator),
        starting_seconds=first_file - started,
        loading_seconds=time.monotonic() - first_file,
    )


def list_served_files(emulator: Emulator) -> list[FileName]:
    """Return the files that the emulator served, in order."""
    return [
        (request.parts[4], request.parts[6])
        for request in emulator.requests
        if request.status == HTTPStatus.OK and request.parts[5:6] == ["files"]
    ]


def _run(command: list[str], emulator: Emulator, *, file_count: int, start: date) -> float:
    """Run Meltano until it exits. Return when it read the first file."""
    DATABASE.parent.mkdir(exist_ok=True)
    program = str(Path(sys.executable).with_name(command[0]))
    with LOG_FILE.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | _make_settings(emulator, start),
        )
        try:
            first_file = _watch(process, emulator, file_count)
        finally:
            process.terminate()
            process.wait()
    if process.returncode:
        raise LoadError(_describe_failure(process.returncode))
    return first_file


def _make_settings(emulator: Emulator, start: date) -> dict[str, str]:
    """Return the environment that points Meltano to the emulator, without a proxy, and selects the report.

    The start date limits the report, and excludes no job that Gladly lists. The empty end date overrides
    one in the reader's `.env`.
    """
    dates = {"start_date": f"{start}", "end_date": ""}
    settings = {**emulator.settings, **dates, "_metadata": json.dumps(SELECTION)}
    variables = {f"TAP_GLADLY_{name.upper()}": value for name, value in settings.items()}
    direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**variables, **direct, "MELTANO_PROJECT_ROOT": str(Path.cwd())}


def _watch(process: subprocess.Popen[bytes], emulator: Emulator, file_count: int) -> float:
    """Show progress until the process exits. Return when it read the first file."""
    started = shown = time.monotonic()
    first_file = 0.0
    while process.poll() is None:
        time.sleep(_POLL_SECONDS)
        now = time.monotonic()
        count = len(list_served_files(emulator))
        first_file = first_file or (now if count else 0.0)
        if now - shown >= (_PROGRESS_SECONDS, 1)[sys.stderr.isatty()]:
            shown = now
            done = f"{count:,} of {file_count:,} files" if count else "installing plugins and starting"
            show_progress(f"  {now - started:3.0f} s: {done}")
    show_progress("")
    return first_file or time.monotonic()


def _describe_failure(status: int) -> str:
    """Return a message with the last relevant log lines of Meltano, the tap and the loader."""
    lines = LOG_FILE.read_text("utf-8", "replace").splitlines()
    relevant = [_PREFIX.sub("", line) for line in lines if not _IRRELEVANT.match(line)]
    last = "\n".join(f"  {line}" for line in relevant[-_SHOWN_LINES:])
    return (
        f"Meltano exited with code {status}. The last lines of its log, {LOG_FILE}:\n{last}\n"
        "The next run starts from the beginning."
    )
