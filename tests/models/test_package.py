"""The package builds on both databases with any selection of streams, and documents every column."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from targets.destinations import DuckDB
from targets.project import ROOT, Project

from demo.models import VARIABLES
from gladly_emulator import Emulator, StaticExports
from models.conftest import ALL_STREAMS
from models.warehouse import PACKAGE, Warehouse, load, start_extraction

if TYPE_CHECKING:
    from pathlib import Path

    from models.warehouse import DbtRun

_DEFAULTS = ("jobs", "customers", "conversation_items", "agents", "topics", "teams", "inboxes")
_MARTS = {
    "gladly__agent_days",
    "gladly__backlog_daily",
    "gladly__contacts",
    "gladly__conversations",
    "gladly__customers",
    "gladly__messages",
    "gladly__topics_daily",
}

# What doesn't depend on the database is tested on one.
_ON_DUCKDB = pytest.mark.parametrize("warehouse", ["duckdb"], indirect=True)


def _enable(*streams: str) -> dict[str, object]:
    """Return variables that enable these streams, and no other."""
    return {
        **{name: False for name in ALL_STREAMS if name.endswith("_enabled")},
        **{f"gladly__{stream}_enabled": stream in streams for stream in (*_DEFAULTS, *streams)},
    }


def test_package_builds_with_every_stream(build: DbtRun) -> None:
    """Models, data tests and unit tests pass without a warning."""
    kinds = {name.split(".")[0] for name in build.results}

    assert build.status == 0, build.output[-6000:]
    assert kinds == {"model", "test", "unit_test"}
    assert set(build.results.values()) == {"success", "pass"}
    assert build.models >= _MARTS


def test_answers_on_the_page_are_those_of_the_models(warehouse: Warehouse) -> None:
    """The SQL in docs/questions.md returns the answers there, with the variables of `make models`."""
    run = warehouse.dbt("build", variables=VARIABLES, schema="answers")
    assert run.status == 0, run.output[-6000:]
    options = ["--check", warehouse.address, "--schema", "answers"]
    command = [sys.executable, str(ROOT / "docs" / "questions.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("build")
def test_every_column_is_documented(warehouse: Warehouse) -> None:
    """Each column of each model has a description, and each description has a column."""
    done = warehouse.dbt("docs", "generate", variables=ALL_STREAMS)
    assert done.status == 0, done.output[-3000:]
    manifest, catalog = (
        json.loads((warehouse.folder / name).read_text(encoding="utf-8"))
        for name in ("manifest.json", "catalog.json")
    )
    documented = {
        key: {name.lower() for name, column in node["columns"].items() if column["description"]}
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["description"]
    }

    found = {key: {name.lower() for name in node["columns"]} for key, node in catalog["nodes"].items()}
    assert len(found) > 30
    assert documented == found


@pytest.mark.parametrize(
    ("streams", "missing"),
    [
        (_DEFAULTS, {"gladly__contacts"}),
        (("conversation_items",), {"gladly__contacts"}),
        (("conversation_export_report",), {"gladly__agent_days", "gladly__contacts", "gladly__messages"}),
        (("work_session_events_report_v4", "agent_durations_report_v2"), {"gladly__messages"}),
        (
            ("contact_export_report_v3", "conversation_timestamps_report"),
            {"gladly__agent_days", "gladly__messages"},
        ),
    ],
    ids=["defaults", "items", "conversations", "work", "contacts"],
)
def test_models_of_streams_that_are_not_loaded_are_disabled(
    warehouse: Warehouse, streams: tuple[str, ...], missing: set[str]
) -> None:
    """The other models build and pass their tests."""
    run = warehouse.dbt("build", variables=_enable(*streams), schema="some")

    assert run.status == 0, run.output[-6000:]
    assert _MARTS - run.models == missing
    assert {name for name in run.models if name.startswith("stg_")} == {
        f"stg_gladly__{name}" for name in streams
    }


@_ON_DUCKDB
def test_missing_table_is_named_with_its_variable(warehouse: Warehouse) -> None:
    """If a stream is enabled but not loaded, the error names the remedy."""
    run = warehouse.dbt("build", variables=_enable("malformed_lines"), schema="some")

    assert run.status == 1
    assert "Load the stream malformed_lines" in run.output
    assert "gladly__malformed_lines_enabled" in run.output


def test_dropped_columns_are_null(tmp_path: Path) -> None:
    """A deselected column doesn't fail a model. `malformed_lines` has a model, too."""
    exports = StaticExports()
    customers = (
        b'{"id":"c1","name":"One","emailAddresses":["one@mail.example","more@mail.example"]}\n{"id":\n'
    )
    items = (
        b'{"id":"i1","conversationId":"v1","timestamp":"2026-03-04T10:00:00Z",'
        b'"content":{"type":"SMS","content":"Hi"}}\n'
    )
    exports.add_job(
        "j1", "2026-03-04T12:15:19Z", {"customers.jsonl": customers, "conversation_items.jsonl": items}
    )
    streams = ("customers", "conversation_items", "malformed_lines")
    selection = [*(f"{stream}.*" for stream in streams), "!customers.name", "!conversation_items.initiator"]
    settings = {"TAP_GLADLY__SELECT": json.dumps(selection), "TAP_GLADLY_START_DATE": "2026-03-01"}
    with Emulator(exports, requests_per_second=None) as emulator:
        process, messages = start_extraction(tmp_path / "tap", settings, emulator)
        assert process.wait() == 0
    destination = DuckDB(tmp_path)
    (tmp_path / "project").mkdir()
    load(Project(tmp_path / "project", []), destination, [messages])
    warehouse = Warehouse(destination, tmp_path)

    run = warehouse.dbt("build", variables=_enable(*streams))
    assert run.status == 0, run.output[-6000:]
    assert warehouse.ask("SELECT customer_id, name, email_address FROM {}.gladly__customers") == [
        ("c1", None, "one@mail.example")
    ]
    assert warehouse.ask("SELECT message_id, author_type, body FROM {}.gladly__messages") == [
        ("i1", None, "Hi")
    ]
    assert warehouse.ask("SELECT file, line_number FROM {}.stg_gladly__malformed_lines") == [
        ("customers.jsonl", 2)
    ]


@_ON_DUCKDB
def test_package_installs_from_a_git_repository(warehouse: Warehouse, tmp_path: Path) -> None:
    """A project installs it with `subdirectory`, and sets its variables."""
    repository, project = tmp_path / "tap-gladly", tmp_path / "project"
    shutil.copytree(
        PACKAGE, repository / "dbt", ignore=shutil.ignore_patterns("target", "logs", "dbt_packages")
    )
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "."),
        ("-c", "user.name=T", "-c", "user.email=t@mail.example", "commit", "--quiet", "--message=All"),
    ):
        subprocess.run(["git", *command], cwd=repository, check=True)  # noqa: S607
    project.mkdir()
    (project / "dbt_project.yml").write_text(
        "name: shop\nversion: 1.0.0\nprofile: gladly\n", encoding="utf-8"
    )
    (project / "packages.yml").write_text(
        f"packages:\n- git: file://{repository}\n  subdirectory: dbt\n  revision: main\n", encoding="utf-8"
    )
    variables = _enable("conversation_items")

    installed = warehouse.dbt("deps", variables=variables, project=project)
    built = warehouse.dbt("build", variables=variables, project=project, schema="installed")
    assert installed.status == 0, installed.output
    assert built.status == 0, built.output[-6000:]
    assert "gladly__messages" in built.models
