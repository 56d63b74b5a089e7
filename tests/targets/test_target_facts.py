"""Facts in docs/targets.md besides rows and types: versions, blocks, unusual text, deleted rows, BATCH."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gladly_emulator import Emulator, Fault, StaticExports
from targets.destinations import Database, Destination, DuckDB, JsonLines, Postgres
from targets.expectations import SCHEMAS
from targets.project import ROOT, Project
from targets.test_targets import KINDS, expect_types

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {
    "type": "SCHEMA",
    "stream": "notes",
    "key_properties": ["id"],
    "schema": {
        "type": "object",
        "properties": {"id": {"type": ["string"]}, "text": {"type": ["string", "null"]}},
    },
}


PAGE = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
TABLE = PAGE.split("| | ")[1].split("\n\n")[0]
ROWS = {title: cells for title, *cells in (line.strip("| ").split(" | ") for line in TABLE.splitlines()[2:])}
TARGETS: tuple[type[Destination], ...] = (DuckDB, Postgres, JsonLines)
KIND_TITLES = {
    "String": "text",
    "Object": "object",
    "Array": "list",
    "Timestamp": "time",
    "Integer": "integer",
    "Number": "number",
    "Boolean": "boolean",
}


def feed(target: str, folder: Path, config: dict[str, Any], messages: list[dict[str, Any]]) -> int:
    """Run a target on messages, and return its exit code."""
    file = folder / "config.json"
    file.write_text(json.dumps({"default_target_schema": "gladly", **config}), encoding="utf-8")
    program = ROOT / ".meltano" / "loaders" / target / "venv" / "bin" / target
    lines = "".join(f"{json.dumps(message)}\n" for message in messages)
    done = subprocess.run(
        [program, "--config", file], input=lines, capture_output=True, text=True, check=False
    )
    return done.returncode


def make_rows(*texts: str) -> list[dict[str, Any]]:
    """Return one RECORD message per text."""
    return [
        {"type": "RECORD", "stream": "notes", "record": {"id": str(number), "text": text}}
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize("title", KIND_TITLES)
def test_page_names_the_column_types(title: str) -> None:
    """The page names the types that the tests see in the tables."""
    duckdb, postgres, _ = ROWS[title]

    assert duckdb.startswith(f"`{KINDS['duckdb'][KIND_TITLES[title]]}`")
    assert postgres.startswith(f"`{KINDS['postgres'][KIND_TITLES[title]]}`")


def test_page_states_what_the_tests_assume(socket: str) -> None:
    """The page states the server version, keys, column names and empty strings that the tests rely on."""
    ((version,),) = Postgres(socket, "public").ask("SHOW server_version")

    assert f"PostgreSQL {version.split('.')[0]}" in ROWS["Tested with"]
    assert ROWS["Row with an existing key"] == [
        "appended" if target.appends else "replaces the old row" for target in TARGETS
    ]
    assert ROWS["Key"] == ["primary key" if issubclass(target, Database) else "none" for target in TARGETS]
    assert ROWS["Empty string"] == ["kept" if target.keeps_empty_text else "null" for target in TARGETS]
    assert ["lower case" in cell for cell in ROWS["Column names"]] == [
        target.folds_case for target in TARGETS
    ]


def test_report_columns_have_matching_types(tmp_path: Path, socket: str) -> None:
    """Columns of reports have the same types as those of other streams, including decimals."""
    postgres, duckdb = Postgres(socket, "reports"), DuckDB(tmp_path)
    reports = {stream: schema for stream, schema in SCHEMAS.items() if "_report" in stream}
    messages = [
        {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["_window_end"]}
        for stream, schema in reports.items()
    ]
    address = {"sqlalchemy_url": postgres.settings["TARGET_POSTGRES_SQLALCHEMY_URL"]}

    assert feed("target-postgres", tmp_path, {**address, "default_target_schema": "reports"}, messages) == 0
    assert feed("target-duckdb", tmp_path, {"path": str(duckdb.path)}, messages) == 0
    for stream in reports:
        assert postgres.list_types(stream) == expect_types(stream, postgres)
        assert duckdb.list_types(stream) == expect_types(stream, duckdb)
    assert "DOUBLE" in duckdb.list_types("agent_durations_report_v2").values()


def read_block(target: str) -> dict[str, Any]:
    """Return the loader of a plugin block on the page."""
    blocks = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    loaders = [loader for block in blocks for loader in block.get("loaders", ())]
    (loader,) = [loader for loader in loaders if loader["name"] == target]
    return dict(loader)


def load_notes(folder: Path, socket: str, *, schema: str, config: dict[str, Any], note: Any) -> int:
    """Load a row with a string, an array and an object into PostgreSQL, and return the exit code."""
    kinds = {"text": "string", "list": "array", "object": "object"}
    properties = {name: {"type": [kind, "null"]} for name, kind in kinds.items()}
    message = {
        **SCHEMA,
        "schema": {"type": "object", "properties": {"id": {"type": ["string"]}, **properties}},
    }
    record = {"type": "RECORD", "stream": "notes", "record": {"id": "1", **note}}
    address = Postgres(socket, schema).settings["TARGET_POSTGRES_SQLALCHEMY_URL"]
    settings = {**config, "sqlalchemy_url": address, "default_target_schema": schema}
    return feed("target-postgres", folder, settings, [message, record])


def test_blocks_declare_the_settings_that_they_use() -> None:
    """Meltano passes a setting to a custom plugin only if the plugin declares it."""
    for target in ("postgres", "duckdb", "jsonl", "snowflake", "bigquery", "parquet"):
        block = read_block(f"target-{target}")
        assert block["config"].keys() <= {setting["name"] for setting in block["settings"]}


def test_null_characters_fail_by_default(tmp_path: Path, socket: str) -> None:
    """PostgreSQL rejects U+0000, and DuckDB keeps it."""
    duckdb = DuckDB(tmp_path)

    assert load_notes(tmp_path, socket, schema="nul", config={}, note={"text": "a\0b"}) == 1
    messages = [SCHEMA, *make_rows("lost with a table of text", "a\0b")]
    assert feed("target-duckdb", tmp_path, {"path": str(duckdb.path)}, messages) == 0
    assert duckdb.ask("SELECT text FROM notes") == [("a\0b",)]


def test_postgres_block_replaces_null_characters(tmp_path: Path, socket: str) -> None:
    """It does so in strings, in array items, and in the top-level values of an object."""
    note = {"text": "a\0b", "list": ["a\0b"], "object": {"key": "a\0b"}}
    config = _without_address(read_block("target-postgres")["config"])

    assert load_notes(tmp_path, socket, schema="sanitized", config=config, note=note) == 0
    (row,) = Postgres(socket, "sanitized").ask("SELECT text, list, object FROM notes")
    assert row == ("a\ufffdb", ["a\ufffdb"], {"key": "a\ufffdb"})


@pytest.mark.parametrize("value", [{"a\0b": 1}, {"key": {"deeper": "a\0b"}}, {"key": ["a\0b"]}])
def test_postgres_block_fails_on_deeper_null_characters(tmp_path: Path, socket: str, value: Any) -> None:
    """The target leaves keys and deeper values of an object as they are."""
    config = _without_address(read_block("target-postgres")["config"])

    assert load_notes(tmp_path, socket, schema="deeper", config=config, note={"object": value}) == 1


def _without_address(config: dict[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in config.keys() - {"host", "port", "user", "database"}}


def test_duckdb_drops_the_first_row_of_a_text_table(tmp_path: Path) -> None:
    """A table with one column of another type keeps all rows."""
    duckdb = DuckDB(tmp_path)
    properties = {**SCHEMA["schema"]["properties"], "more": {"type": ["object", "null"]}}  # type: ignore[index]
    with_more = {**SCHEMA, "stream": "others", "schema": {"type": "object", "properties": properties}}
    rows = make_rows("a", "b", "c")
    others = [{**row, "stream": "others"} for row in rows]

    assert (
        feed("target-duckdb", tmp_path, {"path": str(duckdb.path)}, [SCHEMA, *rows, with_more, *others]) == 0
    )
    assert duckdb.ask("SELECT text FROM notes ORDER BY id") == [("b",), ("c",)]
    assert duckdb.ask("SELECT text FROM others ORDER BY id") == [("a",), ("b",), ("c",)]


def load_versions(folder: Path, destination: Destination, stream: str, *entries: str) -> None:
    """Load a list of two entries, then without the first one, with ACTIVATE_VERSION messages."""
    project, exports = Project(folder, [f"{stream}.*"]), StaticExports()
    settings = {**destination.settings, "TAP_GLADLY_EMIT_ACTIVATE_VERSION_MESSAGES": "true"}
    with Emulator(exports, requests_per_second=None) as emulator:
        for present in (entries, entries[1:]):
            exports.lists[stream.replace("_", "-")] = [{"id": entry} for entry in present]
            project.run(destination.target, emulator, settings=settings)


def test_postgres_marks_removed_list_entries(tmp_path: Path, socket: str) -> None:
    """An entry that is no longer in the list is marked deleted, except in the list with a `version` column."""
    postgres = Postgres(socket, "versions")

    load_versions(tmp_path, postgres, "teams", "t1", "t2")
    statement = "SELECT id, _sdc_deleted_at IS NULL FROM teams ORDER BY id"
    assert postgres.ask(statement) == [("t1", False), ("t2", True)]
    assert [name for name, it in SCHEMAS.items() if "version" in it["properties"]] == ["business_hours"]


def test_postgres_fails_with_a_version_column(tmp_path: Path, socket: str) -> None:
    """ACTIVATE_VERSION for a table with a column named `version` ends the run."""
    with pytest.raises(AssertionError, match=r"bindparam\(\) name 'version' is reserved"):
        load_versions(tmp_path, Postgres(socket, "columns"), "business_hours", "b1", "b2")


@pytest.mark.parametrize("status", [403, 404])
def test_postgres_keeps_the_rows_of_an_unavailable_list(tmp_path: Path, socket: str, status: int) -> None:
    """If Gladly doesn't return a list, the run succeeds and the target marks no row as deleted."""
    postgres = Postgres(socket, f"unavailable_{status}")
    project, exports = Project(tmp_path, ["teams.*", "inboxes.*"]), StaticExports()
    settings = {**postgres.settings, "TAP_GLADLY_EMIT_ACTIVATE_VERSION_MESSAGES": "true"}
    exports.lists["teams"] = [{"id": "t1"}, {"id": "t2"}]
    exports.lists["inboxes"] = [{"id": "i1"}]

    with Emulator(exports, requests_per_second=None) as emulator:
        project.run("target-postgres", emulator, settings=settings)
        exports.lists["inboxes"] = []
        emulator.faults.add(Fault("status", path="teams", status=status, times=None))
        project.run("target-postgres", emulator, settings=settings)

    statement = "SELECT id, _sdc_deleted_at IS NULL FROM {} ORDER BY id"
    assert postgres.ask(statement.format("teams")) == [("t1", True), ("t2", True)]
    assert postgres.ask(statement.format("inboxes")) == [("i1", False)]


def test_duckdb_keeps_removed_list_entries(tmp_path: Path) -> None:
    """target-duckdb ignores ACTIVATE_VERSION."""
    duckdb = DuckDB(tmp_path)

    load_versions(tmp_path, duckdb, "teams", "t1", "t2")
    assert duckdb.ask("SELECT id FROM teams ORDER BY id") == [("t1",), ("t2",)]


def test_json_lines_keep_removed_list_entries(tmp_path: Path) -> None:
    """target-jsonl ignores ACTIVATE_VERSION."""
    files = JsonLines(tmp_path, {"teams": set()})

    load_versions(tmp_path, files, "teams", "t1", "t2")
    assert [row["id"] for row in files.iter_rows("teams")] == ["t1", "t2", "t2"]


@pytest.mark.parametrize("target", ["target-duckdb", "target-jsonl"])
def test_targets_without_batch_fail(tmp_path: Path, target: str) -> None:
    """A target without BATCH support ends with an error instead of skipping the rows."""
    file = tmp_path / "batch.json.gz"
    file.write_bytes(gzip.compress(b'{"id":"1","text":"a"}\n'))
    encoding = {"format": "jsonl", "compression": "gzip"}
    batch = {"type": "BATCH", "stream": "notes", "encoding": encoding, "manifest": [f"file://{file}"]}
    config = {"path": str(tmp_path / "warehouse.duckdb"), "destination_path": str(tmp_path)}

    assert feed(target, tmp_path, config, [SCHEMA, *make_rows("a")]) == 0
    assert feed(target, tmp_path, config, [SCHEMA, batch]) == 1
