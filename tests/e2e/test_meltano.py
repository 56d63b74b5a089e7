"""The Hub's definition in Meltano, and every Meltano command in the docs."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
import yaml
from support import rows_named

from e2e.conftest import CLONED, DEFINITION, PROJECT, ROOT, TOOLS, Meltano

if TYPE_CHECKING:
    from gladly_emulator import Emulator, StaticExports

# Each Meltano command takes seconds, and the first test waits for the installation.
pytestmark = pytest.mark.timeout(600)

STATE = "tap-gladly-to-target-duckdb"
RUN = ("run", "tap-gladly", "target-duckdb")


def add_job(exports: StaticExports, *, hours_ago: int) -> None:
    """Add a job with a customer, a topic and an item."""
    moment = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
    names = ("customers", "topics", "conversation_items")
    files = {f"{name}.jsonl": rows_named(f"{name}-{hours_ago}") for name in names}
    exports.add_job(f"job-{hours_ago}", f"{moment:%Y-%m-%dT%H:%M:%SZ}", files)


def count_files(emulator: Emulator) -> int:
    """Return the number of files requested since the last call."""
    count = sum("/files/" in request.path for request in emulator.requests)
    emulator.clear()
    return count


def list_sent_streams(output: str) -> set[str]:
    """Return the streams of the RECORD messages in an output."""
    messages = map(json.loads, output.splitlines())
    return {message["stream"] for message in messages if message["type"] == "RECORD"}


def test_added_plugin_equals_the_definition(added: Meltano) -> None:
    """`meltano.yml` has every property of the definition that isn't only for the Hub, except `log_parser`."""
    settings = [{**it, "kind": it["kind"].replace("password", "string")} for it in DEFINITION["settings"]]
    wanted = {**CLONED, "settings": settings, "select": sorted(DEFINITION["select"])}

    page = {"domain_url", "keywords", "maintenance_status", "next_steps", "prereq", "quality", "usage"}
    found = {**added.extractor, "select": sorted(added.extractor["select"])}
    assert wanted.keys() - found.keys() - {"repo"} == page | {"log_parser"}
    assert found == {name: wanted[name] for name in found}


def test_added_plugin_is_valid_for_meltanos_schema(added: Meltano) -> None:
    """Meltano's own schema accepts the project file."""
    file = str(added.folder / "meltano.yml")
    command = [str(TOOLS / "check-jsonschema"), "--builtin-schema", "meltano", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stdout == "ok -- validation done\n"


def test_plugin_from_the_hub_has_select_and_log_parser(meltano: Meltano) -> None:
    """For a plugin from the Hub, Meltano reads `select` and `log_parser` from the lock file."""
    lock = meltano.folder / "plugins" / "extractors" / f"tap-gladly--{DEFINITION['variant']}.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"plugin_type": "extractors", **DEFINITION}), encoding="utf-8")
    plugin = {name: DEFINITION[name] for name in ("name", "variant", "pip_url")}
    project = {**meltano.project, "plugins": {"extractors": [plugin]}}
    (meltano.folder / "meltano.yml").write_text(yaml.safe_dump(project), encoding="utf-8")

    extras = json.loads(meltano.run("config", "print", "--extras", "tap-gladly"))

    assert extras["_select"] == DEFINITION["select"]
    assert extras["_log_parser"] == DEFINITION["log_parser"]


def test_settings_are_listed_and_the_token_is_hidden(meltano: Meltano, emulator: Emulator) -> None:
    """Meltano lists a variable for each setting, and doesn't print the token."""
    listed = meltano.run("config", "list", "tap-gladly", "--all")
    printed = json.loads(meltano.run("config", "print", "tap-gladly"))

    variables = [
        f"TAP_GLADLY_{setting['name'].upper().replace('.', '_')}" for setting in DEFINITION["settings"]
    ]
    assert [name for name in variables if f"[env: {name}]" not in listed] == []
    assert listed.startswith("Required settings: agent_email, api_token, organization\n")
    assert emulator.settings["api_token"] not in listed
    defaults = {it["name"]: it["value"] for it in DEFINITION["settings"] if "value" in it}
    assert printed == {**emulator.settings, "api_token": "*****", **defaults}


def test_config_test_checks_the_credentials(meltano: Meltano, exports: StaticExports) -> None:
    """With a wrong token, `meltano config test` fails and logs the reason."""
    add_job(exports, hours_ago=3)

    assert "Plugin configuration is valid" in meltano.run("config", "test", "tap-gladly")
    meltano.run("config", "test", "tap-gladly", status=1, TAP_GLADLY_API_TOKEN="wrong")
    assert "Plugin configuration is invalid" in meltano.log
    assert "Gladly rejected the credentials (401)" in meltano.log


def test_config_test_names_missing_settings(meltano: Meltano) -> None:
    """Meltano shows only the last line of the tap, which names every missing setting."""
    for setting in ("organization", "api_token"):
        del meltano.variables[f"TAP_GLADLY_{setting.upper()}"]

    meltano.run("config", "test", "tap-gladly", status=1)

    assert "Plugin configuration is invalid" in meltano.log
    (error,) = re.findall(r'Invalid settings: ([^\n"]+)', meltano.log)
    assert sorted(error.split("; ")) == [
        "api_token is missing: set TAP_GLADLY_API_TOKEN",
        "organization is missing: set TAP_GLADLY_ORGANIZATION",
    ]


def test_select_limits_streams_and_columns(meltano: Meltano, exports: StaticExports) -> None:
    """`meltano select` changes the project file, and the tap sends only what is selected."""
    add_job(exports, hours_ago=3)
    before = meltano.extractor["select"]

    meltano.run("select", "tap-gladly", "--rm", "customers", "*")
    meltano.run("select", "tap-gladly", "--exclude", "topics", "name")

    listed = meltano.run("select", "tap-gladly", "--list", "--all")
    assert meltano.extractor["select"] == [*(it for it in before if it != "customers.*"), "!topics.name"]
    assert "[selected   ] topics.disabled" in listed
    assert "[excluded   ] topics.name" in listed
    assert "[excluded   ] customers.name" in listed
    sent = list_sent_streams(meltano.run("invoke", "tap-gladly"))
    assert sent == {"jobs", "topics", "conversation_items"}


def test_invoke_runs_the_tap_itself(meltano: Meltano) -> None:
    """`meltano invoke` passes options to the tap."""
    catalog = json.loads(meltano.run("invoke", "tap-gladly", "--discover"))

    assert {f"{stream['stream']}.*" for stream in catalog["streams"]} >= set(DEFINITION["select"])


def test_run_resumes_from_the_state(meltano: Meltano, exports: StaticExports, emulator: Emulator) -> None:
    """A run with nothing new requests only the job list, and the next one loads a new job."""
    add_job(exports, hours_ago=4)
    meltano.run(*RUN)
    assert count_files(emulator) == 3
    assert meltano.run("state", "list") == f"dev:{STATE}\n"

    meltano.run(*RUN)
    assert [request.path for request in emulator.requests if "/export/" in request.path] == [
        "/api/v1/export/jobs"
    ]

    add_job(exports, hours_ago=3)
    meltano.run(*RUN)
    assert count_files(emulator) == 3
    assert meltano.count_rows("topics") == 2
    state = json.loads(meltano.run("state", "get", f"dev:{STATE}"))
    assert list(state["singer_state"]["bookmarks"]["topics"]["jobs_read"]) == ["job-4", "job-3"]


def test_environments_have_separate_states(
    meltano: Meltano, exports: StaticExports, emulator: Emulator
) -> None:
    """Each environment loads everything once, and `--full-refresh` loads it again."""
    add_job(exports, hours_ago=3)
    for environment in ("dev", "prod"):
        meltano.run(f"--environment={environment}", *RUN)
        assert count_files(emulator) == 3
    assert meltano.run("state", "list").split() == [f"dev:{STATE}", f"prod:{STATE}"]

    meltano.run(*RUN, "--full-refresh")

    assert count_files(emulator) == 3
    assert meltano.count_rows("topics") == 1


def test_schedule_runs_the_job(meltano: Meltano, exports: StaticExports, emulator: Emulator) -> None:
    """The job and schedule of `meltano.yml` run the pipeline."""
    add_job(exports, hours_ago=3)
    added = {**meltano.project, "jobs": PROJECT["jobs"], "schedules": PROJECT["schedules"]}
    (meltano.folder / "meltano.yml").write_text(yaml.safe_dump(added, sort_keys=False), encoding="utf-8")

    meltano.run("schedule", "run", "hourly")

    assert count_files(emulator) == 3
    assert meltano.run("state", "list") == f"dev:{STATE}\n"


def test_meltano_keeps_the_layout_of_the_project_file(meltano: Meltano) -> None:
    """When Meltano changes a schedule, only that line of `meltano.yml` changes."""
    lines = (ROOT / "meltano.yml").read_text(encoding="utf-8").splitlines()
    (meltano.folder / "meltano.yml").write_text("\n".join(lines), encoding="utf-8")

    meltano.run("schedule", "set", "hourly", "--interval", "30 6,12 * * *")

    now = (meltano.folder / "meltano.yml").read_text(encoding="utf-8").splitlines()
    changes = [(before, after) for before, after in zip(lines, now, strict=True) if before != after]
    assert changes == [("  interval: 23 * * * *", "  interval: 30 6,12 * * *")]
