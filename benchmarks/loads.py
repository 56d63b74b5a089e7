"""The ways to load that the pipeline benchmark compares, each a command or two commands with a pipe."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.data import ROOT
from benchmarks.databases import SCHEMA
from benchmarks.measure import TAP, Command
from benchmarks.serving import JOB_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.databases import Database

    Source = Mapping[str, str]
    MakeCommands = Callable[["Database", Source], list[Command]]

PEERS_PYTHON = ROOT / ".venv/peers/bin/python"
MELTANO = ROOT / ".venv/demo/bin/meltano"
STREAMS = ("customers", "conversation_items")
_PROJECT: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
_ADDRESSES = {"target-duckdb": "path", "target-postgres": "sqlalchemy_url"}
_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Way:
    """One way to load into a database. `prepare` runs first and isn't measured."""

    name: str
    make_commands: MakeCommands
    prepare: Callable[[Database], None] | None = None


def _recommend(target: str) -> dict[str, Any]:
    """Return the target's settings in meltano.yml, without the address."""
    loader = next(plugin for plugin in _PROJECT["plugins"]["loaders"] if plugin["name"] == target)
    return {name: value for name, value in loader["config"].items() if name not in _ADDRESSES.values()}


def _pipe(target: str, config: Mapping[str, Any] | None = None, *, batch: bool = False) -> MakeCommands:
    """Pipe the tap into a target with these settings, or those of meltano.yml."""
    settings = {"default_target_schema": SCHEMA} if config is None else dict(config)

    def make_commands(database: Database, source: Source) -> list[Command]:
        catalog = database.folder / "catalog.json"
        catalog.write_text(_select_streams(), encoding="utf-8")
        file = database.folder / "config.json"
        file.write_text(json.dumps({**settings, _ADDRESSES[target]: _adapt(target, database)}), "utf-8")
        batches = {"TAP_GLADLY_BATCH_CONFIG": _configure_batches(database.folder)} if batch else {}
        program = str(Path(sys.executable).with_name(target))
        tap = (*TAP, "--catalog", str(catalog))
        return [Command(tap, {**source, **batches}), Command([program, "--config", str(file)], {})]

    return make_commands


@cache
def _select_streams() -> str:
    """Return a catalog that selects only the streams that the other tools load, too."""
    settings = {"ORGANIZATION": "bench", "AGENT_EMAIL": "bot@bench.example", "API_TOKEN": "none"}
    variables = {f"TAP_GLADLY_{name}": value for name, value in settings.items()}
    discover = Command((*TAP, "--discover"), variables)
    output = subprocess.check_output(
        discover.arguments, cwd=ROOT, env=discover.environment, stderr=subprocess.DEVNULL
    )
    catalog = json.loads(output)
    for stream in catalog["streams"]:
        (whole,) = (entry["metadata"] for entry in stream["metadata"] if not entry["breadcrumb"])
        whole["selected"] = stream["tap_stream_id"] in STREAMS
    return json.dumps(catalog)


def _adapt(target: str, database: Database) -> str:
    """Return the address in the form that the target expects."""
    return (
        database.address.replace("postgresql:", "postgresql+psycopg:")
        if "postgres" in target
        else database.address
    )


def _configure_batches(folder: Path) -> str:
    return json.dumps(
        {
            "encoding": {"format": "jsonl", "compression": "gzip"},
            "storage": {"root": f"file://{folder}"},
            "batch_size": _BATCH_ROWS,
        }
    )


def _run_meltano(target: str) -> Way:
    """Run both with Meltano, which relays the messages and keeps the state."""

    def prepare(database: Database) -> None:
        """Write the project, and let Meltano create its own database."""
        project = {**_PROJECT, "plugins": _list_plugins(target)}
        (database.folder / "meltano.yml").write_text(json.dumps(project), encoding="utf-8")
        command = Command([str(MELTANO), "state", "list"], _quiet(database))
        subprocess.run(
            command.arguments, cwd=database.folder, env=command.environment, check=True, capture_output=True
        )

    def make_commands(database: Database, source: Source) -> list[Command]:
        variable = f"{target.replace('-', '_')}_{_ADDRESSES[target]}".upper()
        variables = {**source, **_quiet(database), variable: _adapt(target, database)}
        return [Command([str(MELTANO), "run", "tap-gladly", target], variables)]

    return Way("Meltano, recommended", make_commands, prepare)


def _list_plugins(target: str) -> dict[str, Any]:
    """Return the plugins of meltano.yml, with the programs of this benchmark instead of those that Meltano installs."""
    (tap,) = _PROJECT["plugins"]["extractors"]
    loader = next(plugin for plugin in _PROJECT["plugins"]["loaders"] if plugin["name"] == target)
    programs = {"tap-gladly": TAP[0], target: str(Path(sys.executable).with_name(target))}
    tap, loader = (
        {key: value for key, value in plugin.items() if key != "pip_url"}
        | {"executable": programs[plugin["name"]]}
        for plugin in (tap, loader)
    )
    tap["select"] = [f"{stream}.*" for stream in STREAMS]
    return {"extractors": [tap], "loaders": [loader]}


def _quiet(database: Database) -> dict[str, str]:
    """Return the environment in which Meltano finds its project and asks no host for anything."""
    folder = str(database.folder)
    return {
        "HOME": folder,
        "MELTANO_PROJECT_ROOT": folder,
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
    }


def _run_peer(tool: str) -> MakeCommands:
    def make_commands(database: Database, source: Source) -> list[Command]:
        files = f"{source['TAP_GLADLY_API_URL']}/api/v1/export/jobs/{JOB_ID}/files"
        urls = [f"{table}={files}/{table}.jsonl" for table in STREAMS]
        arguments = [str(PEERS_PYTHON), "-m", "benchmarks.peers", tool, database.address, *urls]
        return [Command(arguments, source)]

    return make_commands


WAYS: Mapping[str, Sequence[Way]] = {
    "PostgreSQL": (
        Way("tap, target's defaults", _pipe("target-postgres")),
        Way("tap, recommended", _pipe("target-postgres", _recommend("target-postgres"))),
        Way("tap, BATCH", _pipe("target-postgres", _recommend("target-postgres"), batch=True)),
        _run_meltano("target-postgres"),
        Way("dlt", _run_peer("dlt")),
        Way("dlt, child tables", _run_peer("dlt-nested")),
        Way("dlt, CSV files", _run_peer("dlt-tuned")),
        Way("ingestr", _run_peer("ingestr")),
        Way("Sling", _run_peer("sling")),
    ),
    "DuckDB": (
        Way("tap, recommended", _pipe("target-duckdb", _recommend("target-duckdb"))),
        _run_meltano("target-duckdb"),
        Way("dlt", _run_peer("dlt")),
        Way("dlt, child tables", _run_peer("dlt-nested")),
        Way("dlt, Parquet files", _run_peer("dlt-tuned")),
        Way("read_json", _run_peer("duckdb")),
    ),
}
