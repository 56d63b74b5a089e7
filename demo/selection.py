"""The command `python -m demo.selection`: check which streams Meltano requests and loads.

It runs in a temporary project with this project's `meltano.yml` and the plugins that the demo installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from demo.shop import FILE_STREAMS, LISTS
from gladly_emulator import Emulator, StaticExports

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFAULTS: Final = {"jobs", *FILE_STREAMS, "malformed_lines", *LISTS}
_API: Final = "/api/v1"
_DEFAULT_PATHS: Final = {
    f"{_API}/export/jobs",
    *(f"{_API}/export/jobs/j1/files/{stream}.jsonl" for stream in FILE_STREAMS),
    *(f"{_API}/{name}" for name in LISTS),
}
_ENTITIES: Final = '["TASK"]'
_RUN: Final = ("run", "--full-refresh", "tap-gladly", "target-duckdb")


def main() -> int:
    """Run the check and return its exit code: 0 if Meltano requests and loads the expected streams."""
    with tempfile.TemporaryDirectory() as folder, Emulator(_make_exports()) as emulator:
        project = _Project(Path(folder), emulator)
        problems = list(_iter_problems(project))
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print("Checked: Meltano loads the default streams, and the streams added with `meltano select`.")
    return 1 if problems else 0


class _Project:
    """A temporary Meltano project that uses an emulator."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        plugins = folder / ".meltano"
        plugins.mkdir()
        for kind in ("extractors", "loaders"):
            (plugins / kind).symlink_to(Path(".meltano", kind).resolve())
        shutil.copy("meltano.yml", folder)
        settings = {**emulator.settings, "start_date": "", "end_date": "", "event_entities": _ENTITIES}
        self.emulator = emulator
        self._folder = folder
        self._database = folder / "gladly.duckdb"
        self._environment = {
            **os.environ,
            **{f"TAP_GLADLY_{name.upper()}": value for name, value in settings.items()},
            "TARGET_DUCKDB_PATH": str(self._database),
            "MELTANO_PROJECT_ROOT": str(folder),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def run(self, *arguments: str) -> None:
        """Run Meltano. Show its output only if it fails."""
        program = str(Path(sys.executable).with_name("meltano"))
        result = subprocess.run(
            [program, *arguments],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            command = f"meltano {' '.join(arguments)}"
            sys.exit(f"{command} exited with code {result.returncode}:\n{result.stderr[-4000:]}")

    def count_rows(self) -> dict[str, int]:
        """Return the number of rows in each table."""
        with duckdb.connect(str(self._database), read_only=True) as connection:
            connection.execute("USE gladly.gladly")
            tables = [str(name) for (name,) in connection.execute("SHOW TABLES").fetchall()]
            counts = [connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() for table in tables]  # noqa: S608 - table names of this project
        return {table: count[0] for table, count in zip(tables, counts, strict=True) if count}


def _make_exports() -> StaticExports:
    """Return a dataset with one record of each kind and one malformed line."""
    now = datetime.now(timezone.utc)
    files = {f"{stream}.jsonl": b'{"id":"1"}\n' for stream in FILE_STREAMS}
    exports = StaticExports()
    exports.add_job("j1", f"{now:%Y-%m-%dT%H:%M:%SZ}", {**files, "customers.jsonl": b'{"id":"1"}\n{"id":\n'})
    for name, entries in exports.lists.items():
        if isinstance(entries, list):
            entries.append({"id": "1", "name": f"An entry of {name}"})
    at = f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    for kind in ("TASK/CREATED", "CONTACT/STARTED"):
        exports.events.add({"id": kind, "type": kind, "timestamp": at, "content": {}})
    return exports


def _iter_problems(project: _Project) -> Iterator[str]:
    project.run(*_RUN)
    yield from _compare("default selection", project, paths=_DEFAULT_PATHS, tables=_DEFAULTS)
    project.emulator.clear()
    for stream in ("audiences", "events"):
        project.run("select", "tap-gladly", stream, "*")
    project.run(*_RUN)
    paths = {*_DEFAULT_PATHS, f"{_API}/audiences", f"{_API}/events"}
    yield from _compare(
        "extended selection", project, paths=paths, tables={*_DEFAULTS, "audiences", "events"}
    )


def _compare(selection: str, project: _Project, *, paths: set[str], tables: set[str]) -> Iterator[str]:
    """Yield one message per kind of difference. Every expected table should have one row."""
    requested = {request.path for request in project.emulator.requests}
    if requested != paths:
        yield f"{selection}: unexpected or missing requests: {sorted(requested ^ paths)}"
    expected = dict.fromkeys(tables, 1)
    loaded = project.count_rows()
    if loaded != expected:
        yield f"{selection}: unexpected or missing row counts: {sorted(loaded.items() ^ expected.items())}"


if __name__ == "__main__":
    sys.exit(main())
