"""The runs of docs/recipes.md: stream maps, a reload, several organizations."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import Emulator, StaticExports
from targets.destinations import DuckDB, Postgres
from targets.project import TAP, Project, tap_settings
from targets.recipes import read_block, read_plugins

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = """\
{"id":"c1","name":"Zo\u00eb","emailAddresses":["one@mail.example"],"phoneNumbers":["+15550100001"],"tier":"gold"}
{"id":"c2","address":"1 Odd Lane"}
{"id":"c3","name":"Cut
"""
ITEMS = """\
{"id":"i1","content":{"type":"EMAIL","subject":"Mine","content":"Secret","score":9.50}}
{"id":"i2","content":{"type":"TOPIC_CHANGE","addedTopicIds":["t1"]}}
{"id":"i3"}
"""


def make_project(folder: Path, title: str) -> Project:
    """Return a project with the settings under a title of the page."""
    (tap,) = read_plugins(title)["extractors"]
    folder.mkdir()
    return Project(folder, ["customers.*", "conversation_items.*", "malformed_lines.*"], config=tap["config"])


@pytest.fixture
def exports() -> StaticExports:
    """Return the dataset that a test fills."""
    return StaticExports()


def test_personal_data_is_hashed_or_dropped(tmp_path: Path, exports: StaticExports) -> None:
    """The recipe covers columns, `_unmapped` and malformed lines."""
    files = {"customers.jsonl": CUSTOMERS.encode(), "conversation_items.jsonl": ITEMS.encode()}
    exports.add_job("job", "2026-03-04T12:15:19Z", files)
    destination = DuckDB(tmp_path)
    project = make_project(tmp_path / "project", "Hash or drop personal data")

    with Emulator(exports, requests_per_second=None) as emulator:
        project.run("target-duckdb", emulator, settings={**destination.settings, "GLADLY_SALT": "rough salt"})
    name, address = (
        hashlib.sha256(f"rough salt{text}".encode()).hexdigest() for text in ("Zoë", "one@mail.example")
    )

    people = destination.ask("SELECT id, name, emailaddresses FROM customers ORDER BY id")
    assert people == [("c1", name, f'["{address}"]'), ("c2", None, "[]")]
    assert {"address", "phonenumbers", "_unmapped"} & destination.list_types("customers").keys() == set()
    contents = [
        json.loads(content) for (content,) in destination.ask("SELECT content FROM conversation_items")
    ]
    assert contents == [{"type": "EMAIL"}, {"type": "TOPIC_CHANGE", "addedTopicIds": ["t1"]}, {}]
    assert "line" not in destination.list_types("malformed_lines")
    assert not re.search(rb"Zo\xc3|Odd Lane|Mine|Secret|gold|\+1555|one@", destination.path.read_bytes())


def test_reload_loads_only_its_time_span(project: Project, exports: StaticExports, socket: str) -> None:
    """A reload loads the files of its span into the same rows, and doesn't change the regular state."""
    title = "Reload a time span"
    dates = dict(re.findall(r"(TAP_GLADLY_\w+)=(\S+)", read_block(title, "console")))
    (command,) = re.findall(r"^\$ meltano (.+)$", read_block(title, "console"), re.MULTILINE)
    for hour in range(17, 22):
        exports.add_job(
            f"job-{hour}", f"2026-03-04T{hour}:15:19Z", {"agents.jsonl": f'{{"id":"a{hour}"}}\n'.encode()}
        )
    destination = Postgres(socket, "span")

    with Emulator(exports, requests_per_second=None) as emulator:
        settings = {**tap_settings(emulator), **destination.settings}
        project.call("run", TAP, "target-postgres", settings=settings)
        destination.ask("DELETE FROM agents WHERE id IN ('a18', 'a21') RETURNING id")
        emulator.clear()
        project.call(*command.split(), settings={**settings, **dates})
        span = {request.parts[4] for request in emulator.requests if "/files/" in request.path}
        emulator.clear()
        project.call("run", TAP, "target-postgres", settings=settings)
        later = [request for request in emulator.requests if "/files/" in request.path]

    assert span == {"job-18", "job-19"}
    assert later == []
    assert destination.ask("SELECT id FROM agents ORDER BY id") == [("a17",), ("a18",), ("a19",), ("a20",)]


def test_reloaded_rows_only_fill_gaps(socket: str) -> None:
    """The statement inserts the rows whose key is missing, and keeps the others."""
    server = Postgres(socket, "public")

    with server.connect() as connection:
        for schema, rows in (("gladly", "('c1', 'new')"), ("gladly_reload", "('c1', 'old'), ('c2', 'only')")):
            connection.execute(f"CREATE SCHEMA {schema}")
            connection.execute(f"CREATE TABLE {schema}.customers (id, name) AS VALUES {rows}")
        connection.execute(read_block("Reload a time span", "sql").encode())
        found = connection.execute("SELECT id, name FROM gladly.customers ORDER BY id").fetchall()
        connection.rollback()

    assert found == [("c1", "new"), ("c2", "only")]


def test_organizations_load_into_separate_schemas(tmp_path: Path, socket: str) -> None:
    """Each organization is loaded from its own URL into its own schema."""
    title = "Load several organizations"
    project = Project(tmp_path, ["agents.*"], more=read_plugins(title))
    commands = re.findall(r"^\$ meltano (.+)$", read_block(title, "console"), re.MULTILINE)
    server = Postgres(socket, "public")
    variables = {"TARGET_POSTGRES_SQLALCHEMY_URL": server.settings["TARGET_POSTGRES_SQLALCHEMY_URL"]}

    with ExitStack() as stack:
        for name in ("north", "south"):
            exports = StaticExports()
            exports.add_job("job", "2026-03-04T12:15:19Z", {"agents.jsonl": _agent(name)})
            emulator = stack.enter_context(Emulator(exports, requests_per_second=None))
            variables |= _rename(tap_settings(emulator), name)
        for command in commands:
            project.call(*command.split(), settings=variables)

    found = server.ask(read_block(title, "sql"))
    assert found == [("north", "same", "Of north"), ("south", "same", "Of south")]


def _agent(name: str) -> bytes:
    return json.dumps({"id": "same", "name": f"Of {name}"}).encode() + b"\n"


def _rename(settings: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the variables of an inherited extractor, without the organization, which the project sets."""
    renamed = {
        key.replace("TAP_GLADLY_", f"TAP_GLADLY__{name.upper()}_"): value for key, value in settings.items()
    }
    del renamed[f"TAP_GLADLY__{name.upper()}_ORGANIZATION"]
    return renamed
