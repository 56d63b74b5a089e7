"""Runs of the tap, loads into a database, and runs of dbt on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targets.destinations import DuckDB, Postgres
from targets.project import ROOT, TAP, Project, tap_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gladly_emulator import Emulator

SCHEMA = "gladly_models"
PACKAGE = ROOT / "dbt"

_MELTANO = Path(sys.executable).with_name("meltano")
_DBT = ROOT / ".meltano" / "utilities" / "dbt" / "venv" / "bin" / "dbt"
_OWN_VARIABLES = ("TAP_GLADLY_", "TARGET_", "MELTANO_", "DBT_", "GLADLY_")


def start_extraction(
    folder: Path, settings: Mapping[str, str], emulator: Emulator
) -> tuple[subprocess.Popen[bytes], Path]:
    """Start the tap in a separate project, and return the process and the file of its messages."""
    folder.mkdir()
    project = Project(folder, [])
    messages = folder / "messages.jsonl"
    environment = {
        **_plain_environment(),
        **tap_settings(emulator),
        **settings,
        "MELTANO_PROJECT_ROOT": str(project.folder),
    }
    with messages.open("wb") as output, (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [_MELTANO, "invoke", TAP], cwd=folder, env=environment, stdout=output, stderr=log
        )
    return process, messages


def load(project: Project, destination: DuckDB | Postgres, files: Iterable[Path]) -> None:
    """Load messages into a database, with the target's settings in meltano.yml."""
    environment = {
        **_plain_environment(),
        **destination.settings,
        "MELTANO_PROJECT_ROOT": str(project.folder),
    }
    for path in files:
        with path.open("rb") as messages:
            done = subprocess.run(
                [_MELTANO, "invoke", destination.target],
                cwd=project.folder,
                env=environment,
                stdin=messages,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stderr[-3000:]


@dataclass(frozen=True)
class DbtRun:
    """A finished run of dbt.

    Attributes:
        status: Its exit status.
        output: Its standard output and standard error.
        results: The status of each model and test, by its unique id.
    """

    status: int
    output: str
    results: Mapping[str, str] = field(default_factory=dict)

    @property
    def models(self) -> set[str]:
        """The names of the models that it built."""
        return {name.split(".")[-1] for name in self.results if name.startswith("model.")}


class Warehouse:
    """A database with the tap's tables and the package's models.

    Args:
        destination: The database.
        folder: A folder for dbt's own files.
    """

    def __init__(self, destination: DuckDB | Postgres, folder: Path) -> None:
        self.destination = destination
        self.folder = folder

    @property
    def address(self) -> str:
        """The address that docs/questions.py connects to."""
        return (
            str(self.destination.path) if isinstance(self.destination, DuckDB) else self.destination.address
        )

    def dbt(
        self,
        *arguments: str,
        variables: Mapping[str, object],
        schema: str = SCHEMA,
        project: Path = PACKAGE,
    ) -> DbtRun:
        """Run dbt with the package's variables, and return its results."""
        results = self.folder / "run_results.json"
        results.unlink(missing_ok=True)
        done = subprocess.run(
            [_DBT, "--no-use-colors", *arguments, "--vars", json.dumps(dict(variables))],
            cwd=self.folder,
            env={
                **_plain_environment(),
                **self._settings,
                **self._paths(project),
                "GLADLY_DBT_SCHEMA": schema,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        content = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {"results": []}
        statuses = {result["unique_id"]: str(result["status"]) for result in content["results"]}
        return DbtRun(done.returncode, done.stdout + done.stderr, statuses)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL in which `{}` is the models' schema."""
        return self.destination.ask(statement.format(SCHEMA))

    @property
    def _settings(self) -> dict[str, str]:
        if isinstance(self.destination, DuckDB):
            return self.destination.settings
        host = self.destination.address.partition("?host=")[2]
        return {"DBT_TARGET": "postgres", "GLADLY_DBT_HOST": host}

    def _paths(self, project: Path) -> dict[str, str]:
        return {
            "DBT_PROJECT_DIR": str(project),
            "DBT_PROFILES_DIR": str(PACKAGE),
            "DBT_TARGET_PATH": str(self.folder),
            "DBT_LOG_PATH": str(self.folder),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}
