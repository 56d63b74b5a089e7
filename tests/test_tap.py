"""The command line: what works without settings, and what --test says."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest
from support import (
    FILE_STREAMS,
    export_requests,
    list_errors,
    rows_named,
    run_command,
    write_json,
)

import tap_gladly
from tap_gladly.streams import STREAMS
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from pathlib import Path

    from gladly_emulator import Emulator, StaticExports

VERDICT = "| Gladly lets the tap in, and the settings are usable"


def test_about_and_discover_work_without_settings(tmp_path: Path) -> None:
    """What the tap is and has can be asked before anything is set."""
    about = run_command("--about", "--format=json", cwd=tmp_path)
    discovered = run_command("--discover", cwd=tmp_path)

    assert (about.returncode, discovered.returncode) == (0, 0)
    assert json.loads(about.stdout)["version"] == tap_gladly.__version__
    streams = [entry["tap_stream_id"] for entry in json.loads(discovered.stdout)["streams"]]
    assert sorted(streams) == sorted(TapGladly(validate_config=False).streams)
    assert len(streams) == len(STREAMS)
    assert "ERROR" not in discovered.stderr
    assert "WARNING" not in discovered.stderr


def test_discovered_catalog_can_be_synced_with(
    exports: StaticExports, emulator: Emulator, tmp_path: Path
) -> None:
    """The output of --discover is a catalog that selects what is on by default."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a1")})
    catalog = tmp_path / "catalog.json"
    catalog.write_text(run_command("--discover").stdout)

    run = run_command("--config=ENV", f"--catalog={catalog}", settings=emulator.settings)

    assert run.returncode == 0
    assert '"stream":"agents","record":{"id": "a1"' in run.stdout


def test_settings_come_from_file_and_environment(
    exports: StaticExports, emulator: Emulator, tmp_path: Path
) -> None:
    """A config file and TAP_GLADLY_* do the same, and may be mixed."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a1")})
    settings = emulator.settings
    file = write_json(tmp_path / "config.json", settings)
    part = write_json(tmp_path / "part.json", {"organization": settings["organization"]})
    rest = {name: value for name, value in settings.items() if name != "organization"}

    runs = [
        run_command(f"--config={file}"),
        run_command("--config=ENV", settings=settings),
        run_command(f"--config={part}", "--config=ENV", settings=rest),
    ]

    for run in runs:
        assert run.returncode == 0
        assert '"stream":"agents","record":{"id": "a1"' in run.stdout


def test_discovery_takes_wrong_settings(tmp_path: Path) -> None:
    """It asks for none, so it minds none."""
    file = write_json(tmp_path / "config.json", {"max_parallel_downloads": "many", "start_date": "soon"})

    assert run_command(f"--config={file}", "--discover").returncode == 0


def test_test_passes_for_an_account_without_jobs(emulator: Emulator) -> None:
    """Credentials, permission and address are right: that is all that --test asks, and its last line."""
    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert not list_errors(run.stderr)
    assert run.stderr.splitlines()[-1].endswith(VERDICT)


def test_test_of_the_schemas_says_nothing_of_gladly(emulator: Emulator) -> None:
    """It does not ask it."""
    run = run_command("--config=ENV", "--test=schema", settings=emulator.settings)

    assert run.returncode == 0
    assert VERDICT not in run.stderr
    assert not emulator.requests


def test_test_reads_no_more_than_it_needs(exports: StaticExports, emulator: Emulator) -> None:
    """One row of each stream is enough, however many jobs there are, and nothing is said of the others."""
    for hour in range(10, 20):
        files = {f"{stream}.jsonl": rows_named("a", "b") for stream in FILE_STREAMS}
        exports.add_job(f"j{hour}", f"2026-11-20T{hour}:00:00Z", files)

    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert len(export_requests(emulator)) == 1 + len(FILE_STREAMS)
    assert " of 10" not in run.stderr


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"api_token": "wrong"}, "Gladly refused the credentials (401)"),
        ({"api_url": "http://127.0.0.1:{port}"}, "the connection was refused"),
    ],
    ids=["credentials", "host"],
)
def test_test_says_in_one_line_what_is_wrong(emulator: Emulator, changed: dict[str, str], words: str) -> None:
    """One error line, no traceback, a status that is not zero."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    changed = {name: value.format(port=port) for name, value in changed.items()}

    run = run_command("--config=ENV", "--test", settings={**emulator.settings, **changed})

    assert run.returncode == 1
    assert len(list_errors(run.stderr)) == 1
    assert words in list_errors(run.stderr)[0]
    assert VERDICT not in run.stderr
    assert "Traceback" not in run.stderr


def test_test_of_a_good_account_logs_no_error(exports: StaticExports, emulator: Emulator) -> None:
    """That a dry run stops in the middle of a file is no error."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a", "b", "c")})
    exports.add_job("j2", "2026-11-20T08:00:00Z", {"agents.jsonl": rows_named("a", "b", "c")})

    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert not list_errors(run.stderr)
