"""Meltano, run beside the emulator, and what it asked the emulator for."""

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
from demo.report import SELECTION, list_windows_read
from demo.show import show_progress

if TYPE_CHECKING:
    from datetime import date, datetime

    from demo.report import Days
    from demo.shop import FileName
    from gladly_emulator import Emulator

_COMMAND: Final = ("meltano", "run", "tap-gladly", "target-duckdb")
LOG_FILE: Final = DATABASE.with_name("meltano.log")

_MELTANO_DATABASE: Final = Path(".meltano/meltano.db")
_TOLD_LINES: Final = 8
_LOOK_EVERY_SECONDS: Final = 0.2
_TELL_EVERY_SECONDS: Final = 10
# Meltano starts each line with a time. What it says itself at level info is no news, nor are the
# tap's measurements and its list of streams.
_PREFIX: Final = re.compile(r"^\S+Z \[\w+ *\] ")
_NO_NEWS: Final = re.compile(r"^\S+Z \[info *\] (meltano |tap-gladly +(METRIC|Added|Skipping))")


class LoadError(Exception):
    """Meltano did not end well."""


class Load(NamedTuple):
    """A load that ended well.

    Attributes:
        files: The files that the emulator handed out, in order.
        windows: The windows of the report that it handed out, in order.
        starting_seconds: How long it took until the first file, installing plugins included.
        loading_seconds: How long it took from there.
    """

    files: list[FileName]
    windows: list[Days]
    starting_seconds: float
    loading_seconds: float


def list_loaded_jobs() -> dict[str, datetime]:
    """Return the completed jobs that runs before this one have loaded, and when each was completed.

    The database and Meltano's memory of what it has loaded belong together: without one, the other goes.
    """
    if not _MELTANO_DATABASE.exists():
        remove_database()
    if not DATABASE.exists():
        return {}
    with Database() as database:
        return database.list_completed_jobs()


def make_command() -> list[str]:
    """Return the command to run: Meltano has to load everything if the database is gone.

    It would merge the new state into the old one, whose jobs may be later ones: the shop's clock goes back.
    """
    starts_again = _MELTANO_DATABASE.exists() and not DATABASE.exists()
    return [*_COMMAND, "--full-refresh", "--state-strategy=overwrite"] if starts_again else [*_COMMAND]


def run_meltano(command: list[str], emulator: Emulator, *, file_count: int, start: date) -> Load:
    """Load what the emulator serves into DuckDB; a load that does not end well leaves no database."""
    started = time.monotonic()
    try:
        first_file = _run(command, emulator, file_count=file_count, start=start)
    except BaseException:
        remove_database()
        raise
    return Load(
        list_files_read(emulator),
        list_windows_read(emulator),
        starting_seconds=first_file - started,
        loading_seconds=time.monotonic() - first_file,
    )


def list_files_read(emulator: Emulator) -> list[FileName]:
    """Return the files that the emulator handed out, in order."""
    return [
        (request.parts[4], request.parts[6])
        for request in emulator.requests
        if request.status == HTTPStatus.OK and request.parts[5:6] == ["files"]
    ]


def _run(command: list[str], emulator: Emulator, *, file_count: int, start: date) -> float:
    """Run Meltano to its end and return when it read the first file."""
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
    """Return the environment in which Meltano finds the emulator, here and by no proxy, and takes the report.

    The start is for the report: it leaves out no job that Gladly lists. A `.env` of the reader's own,
    with an end in it, would have the demo load less than there is.
    """
    dates = {"start_date": f"{start}", "end_date": ""}
    wanted = {**emulator.settings, **dates, "_metadata": json.dumps(SELECTION)}
    settings = {f"TAP_GLADLY_{name.upper()}": value for name, value in wanted.items()}
    direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**settings, **direct, "MELTANO_PROJECT_ROOT": str(Path.cwd())}


def _watch(process: subprocess.Popen[bytes], emulator: Emulator, file_count: int) -> float:
    """Show how far the process is until it ends; return when it read the first file."""
    started = told = time.monotonic()
    first_file = 0.0
    while process.poll() is None:
        time.sleep(_LOOK_EVERY_SECONDS)
        now = time.monotonic()
        count = len(list_files_read(emulator))
        first_file = first_file or (now if count else 0.0)
        if now - told >= (_TELL_EVERY_SECONDS, 1)[sys.stderr.isatty()]:
            told = now
            done = f"{count:,} of {file_count:,} files" if count else "installing plugins and starting"
            show_progress(f"  {now - started:3.0f} s: {done}")
    show_progress("")
    return first_file or time.monotonic()


def _describe_failure(status: int) -> str:
    """Return what the tap, the loader and Meltano said last."""
    lines = LOG_FILE.read_text("utf-8", "replace").splitlines()
    told = [_PREFIX.sub("", line) for line in lines if not _NO_NEWS.match(line)]
    last = "\n".join(f"  {line}" for line in told[-_TOLD_LINES:])
    return (
        f"Meltano ended with status {status}. The end of its log, {LOG_FILE}:\n{last}\n"
        "The next run starts from the beginning."
    )
