"""The same load by other tools: `python -m benchmarks.peers TOOL ADDRESS TABLE=URL...`. Runs in .venv/peers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Files = Mapping[str, Path]

SCHEMA = "gladly"
KEY = "id"
PAGE_ROWS = 5_000


def main() -> None:
    """Download the files, then load each into the table of its name, with an upsert on `id`."""
    tool, address, *pairs = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        urls = dict(pair.split("=", 1) for pair in pairs)
        files = {table: download(url, Path(folder) / f"{table}.jsonl") for table, url in urls.items()}
        TOOLS[tool](address, files, Path(folder))


def download(url: str, path: Path) -> Path:
    """Download a file with the credentials in the environment."""
    auth = (os.environ["TAP_GLADLY_AGENT_EMAIL"], os.environ["TAP_GLADLY_API_TOKEN"])
    with requests.get(url, auth=auth, stream=True, timeout=60) as response, path.open("wb") as file:
        response.raise_for_status()
        shutil.copyfileobj(response.raw, file, 1 << 20)
    return path


def load_with_dlt(
    address: str, files: Files, folder: Path, *, file_format: str | None = None, nesting: int | None = 0
) -> None:
    """Merge with dlt. Like the targets, keep objects and arrays as JSON, unless `nesting` allows child tables."""
    import dlt  # noqa: PLC0415 - the other tools don't need it

    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    # dlt insists on a host and a password. The server uses neither.
    url = address.replace("//postgres:@/", "//postgres:none@localhost/")
    is_postgres = address.startswith("postgresql:")
    destination = dlt.destinations.postgres(url) if is_postgres else dlt.destinations.duckdb(address)
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name=SCHEMA, pipelines_dir=str(folder))
    resources = [
        dlt.resource(
            _iter_pages(path),
            name=table,
            primary_key=KEY,
            write_disposition="merge",
            max_table_nesting=nesting,
        )
        for table, path in files.items()
    ]
    pipeline.run(resources, loader_file_format=file_format).raise_on_failed_jobs()


def load_with_nested_dlt(address: str, files: Files, folder: Path) -> None:
    """Merge with dlt's defaults, which create a child table for each array of objects, and columns for objects."""
    load_with_dlt(address, files, folder, nesting=None)


def load_with_tuned_dlt(address: str, files: Files, folder: Path) -> None:
    """Merge with dlt and the fastest file format for the destination."""
    file_format = "csv" if address.startswith("postgresql:") else "parquet"
    load_with_dlt(address, files, folder, file_format=file_format)


def load_with_ingestr(address: str, files: Files, folder: Path) -> None:
    """Merge with ingestr, which loads one table per run."""
    for table, path in files.items():
        options = {
            "source-uri": f"jsonl://{path}",
            "source-table": table,
            "dest-uri": address,
            "dest-table": f"{SCHEMA}.{table}",
            "incremental-strategy": "merge",
            "primary-key": KEY,
            "progress": "log",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        program = Path(sys.executable).with_name("ingestr")
        _run([str(program), "ingest", "--yes", *arguments], folder, INGESTR_DISABLE_TELEMETRY="true")


def load_with_sling(address: str, files: Files, folder: Path) -> None:
    """Upsert with Sling, in its incremental mode with a primary key, and keep objects as JSON."""
    import sling_linux_amd64  # noqa: PLC0415 - not on every platform

    program = Path(sling_linux_amd64.__path__[0]) / "bin" / "sling-linux-amd64"
    replication = {
        "source": "LOCAL",
        "target": "BENCH",
        "defaults": {"mode": "incremental", "primary_key": [KEY], "source_options": {"flatten": 1}},
        "streams": {f"file://{path}": {"object": f"{SCHEMA}.{table}"} for table, path in files.items()},
    }
    file = folder / "replication.json"
    file.write_text(json.dumps(replication), encoding="utf-8")
    program.chmod(0o755)
    _run([str(program), "run", "-r", str(file)], folder, BENCH=address, SLING_DISABLE_TELEMETRY="true")


def load_with_duckdb(address: str, files: Files, _folder: Path) -> None:
    """Upsert with read_json, which detects the columns itself."""
    import duckdb  # noqa: PLC0415 - the other tools don't need it

    with duckdb.connect(address) as connection:
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for table, path in files.items():
            rows = f"read_json('{path}', format = 'newline_delimited', sample_size = -1)"
            name = f"{SCHEMA}.{table}"
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {rows} LIMIT 0")  # noqa: S608
            # A table that comes from a query has no key. The upsert needs one.
            connection.execute(f"CREATE UNIQUE INDEX {table}_key ON {name} ({KEY})")
            connection.execute(f"INSERT OR REPLACE INTO {name} SELECT * FROM {rows}")  # noqa: S608


def _iter_pages(path: Path) -> Iterator[list[Any]]:
    """Yield lists of records, which dlt processes faster than single records."""
    import orjson  # noqa: PLC0415 - dlt's JSON library, which only it installs

    page = []
    with path.open("rb") as lines:
        for line in lines:
            page.append(orjson.loads(line))
            if len(page) == PAGE_ROWS:
                yield page
                page = []
    yield page


def _run(command: list[str], folder: Path, **variables: str) -> None:
    """Run a program that keeps its files in the folder."""
    subprocess.run(command, cwd=folder, env={**os.environ, "HOME": str(folder), **variables}, check=True)


TOOLS: Mapping[str, Callable[[str, Files, Path], None]] = {
    "dlt": load_with_dlt,
    "dlt-nested": load_with_nested_dlt,
    "dlt-tuned": load_with_tuned_dlt,
    "duckdb": load_with_duckdb,
    "ingestr": load_with_ingestr,
    "sling": load_with_sling,
}

if __name__ == "__main__":
    main()
