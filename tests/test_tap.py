"""The command line: discovery, settings, and the connection test."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from support import (
    FILE_STREAMS,
    export_requests,
    list_errors,
    list_warnings,
    rows_named,
    run_command,
    write_json,
)

import tap_gladly
from gladly_emulator import Fault
from tap_gladly.exceptions import AccessDeniedError, StreamsFailedError
from tap_gladly.streams import STREAMS
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

PASSED = "| Connection test passed"


def test_about_and_discover_work_without_settings(tmp_path: Path) -> None:
    """`--about` and `--discover` need no settings."""
    about = run_command("--about", "--format=json", cwd=tmp_path)
    discovered = run_command("--discover", cwd=tmp_path)

    assert (about.returncode, discovered.returncode) == (0, 0)
    assert json.loads(about.stdout)["version"] == tap_gladly.__version__
    streams = [entry["tap_stream_id"] for entry in json.loads(discovered.stdout)["streams"]]
    assert sorted(streams) == sorted(TapGladly(validate_config=False).streams)
    assert len(streams) == len(STREAMS)
    assert "ERROR" not in discovered.stderr
    assert "WARNING" not in discovered.stderr


def test_discovered_catalog_can_be_synced(exports: StaticExports, emulator: Emulator, tmp_path: Path) -> None:
    """The output of `--discover` is a catalog that selects the default streams."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a1")})
    catalog = tmp_path / "catalog.json"
    catalog.write_text(run_command("--discover").stdout)

    run = run_command("--config=ENV", f"--catalog={catalog}", settings=emulator.settings)

    assert run.returncode == 0
    assert '"stream":"agents","record":{"id": "a1"' in run.stdout


def test_settings_come_from_file_and_environment(
    exports: StaticExports, emulator: Emulator, tmp_path: Path
) -> None:
    """A config file and `TAP_GLADLY_*` variables are equivalent and can be combined."""
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


def test_discovery_accepts_invalid_settings(tmp_path: Path) -> None:
    """`--discover` needs no settings, so it doesn't validate them."""
    file = write_json(tmp_path / "config.json", {"max_parallel_downloads": "many", "start_date": "soon"})

    assert run_command(f"--config={file}", "--discover").returncode == 0


def test_connection_test_passes_without_jobs(emulator: Emulator) -> None:
    """An account without jobs passes, the verdict is the last line, and no METRIC is logged."""
    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert run.stderr.splitlines()[-1].endswith(f"{PASSED}: Gladly accepted the credentials")
    assert "ERROR" not in run.stderr
    assert "METRIC" not in run.stderr
    assert "failed" not in run.stderr


def test_schema_test_sends_no_request(emulator: Emulator) -> None:
    """`--test=schema` prints schemas without a request, so it logs no verdict."""
    run = run_command("--config=ENV", "--test=schema", settings=emulator.settings)

    assert run.returncode == 0
    assert PASSED not in run.stderr
    assert not emulator.requests


def test_connection_test_requests_one_record_per_stream(exports: StaticExports, emulator: Emulator) -> None:
    """However many jobs there are, the test downloads one file of each stream and logs no progress or error."""
    for hour in range(10, 20):
        files = {f"{stream}.jsonl": rows_named("a", "b", "c") for stream in FILE_STREAMS}
        exports.add_job(f"j{hour}", f"2026-11-20T{hour}:00:00Z", files)

    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert len(export_requests(emulator)) == 1 + len(FILE_STREAMS)
    assert " of 10" not in run.stderr
    assert "METRIC" not in run.stderr
    assert not list_errors(run.stderr)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"api_token": "wrong"}, "Gladly rejected the credentials (401)"),
        ({"api_url": "http://127.0.0.1:{port}"}, "the connection was refused"),
    ],
    ids=["credentials", "host"],
)
def test_connection_test_reports_a_failure_in_one_line(
    emulator: Emulator, changed: dict[str, str], words: str
) -> None:
    """Rejected credentials or an unreachable host are one error line and a non-zero exit code."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    changed = {name: value.format(port=port) for name, value in changed.items()}

    run = run_command("--config=ENV", "--test", settings={**emulator.settings, **changed})

    assert run.returncode == 1
    assert len(list_errors(run.stderr)) == 1
    assert words in list_errors(run.stderr)[0]
    assert PASSED not in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(("stream", "status"), [("teams", 500), ("events", 403)])
def test_connection_test_fails_if_a_stream_fails(emulator: Emulator, stream: str, status: int) -> None:
    """A failure of any stream fails the test, and its last line names the stream."""
    emulator.faults.add(Fault("status", path=f"/{stream}$", status=status, times=None))

    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 1
    assert f"| Connection test failed: {stream}: " in run.stderr.splitlines()[-1]
    assert PASSED not in run.stderr
    assert "Traceback" not in run.stderr


def test_connection_test_fails_if_gladly_rejects_a_custom_report(emulator: Emulator) -> None:
    """The last line names a report that discovery requested in vain."""
    settings = {**emulator.settings, "custom_reports": '[{"metric_set": "AgentSumary"}]'}

    run = run_command("--config=ENV", "--test", settings=settings)

    assert run.returncode == 1
    assert (
        "| Connection test failed: agent_sumary: AgentSumary: Gladly rejected" in run.stderr.splitlines()[-1]
    )
    assert PASSED not in run.stderr


@pytest.mark.parametrize("status", [403, 404])
def test_connection_test_passes_without_an_optional_list(emulator: Emulator, status: int) -> None:
    """A list that the agent can't read doesn't fail the test, and the verdict names it."""
    emulator.faults.add(Fault("status", path="audiences", status=status, times=None))

    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert f"{PASSED}, but not for all streams: " in run.stderr.splitlines()[-1]
    assert "audiences" in run.stderr.splitlines()[-1]
    assert "ERROR" not in run.stderr


def test_catalog_without_a_known_stream_fails(emulator: Emulator, tmp_path: Path) -> None:
    """A catalog that selects none of the tap's streams is an error, and a warning names the unknown ones."""
    metadata = [{"breadcrumb": [], "metadata": {"selected": True}}]
    entry = {"tap_stream_id": "tickets", "schema": {"properties": {}}, "metadata": metadata}
    catalog = write_json(tmp_path / "catalog.json", {"streams": [entry]})

    run = run_command("--config=ENV", f"--catalog={catalog}", settings=emulator.settings)

    assert run.returncode == 1
    assert len(list_errors(run.stderr)) == 1
    assert list_errors(run.stderr)[0].startswith("The catalog selects none of this tap's streams")
    assert "doesn't have, or custom reports that aren't in custom_reports: tickets" in run.stderr
    assert not emulator.requests
    assert not run.stdout


def test_unknown_selected_stream_is_a_warning(
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """A catalog that also selects an unknown stream syncs the others."""
    chosen = catalog("teams")
    metadata = [{"breadcrumb": [], "metadata": {"selected": True}}]
    entry = {
        "tap_stream_id": "tickets",
        "stream": "tickets",
        "schema": {"properties": {}},
        "metadata": metadata,
    }
    chosen["streams"].append(entry)

    run = sync(catalog=chosen)

    assert run.schemas == ["teams"]
    assert [request.path for request in emulator.requests] == ["/api/v1/teams"]
    [warning] = list_warnings(log)
    assert warning.endswith("custom_reports: tickets")


def test_failed_sync_raises_the_error_to_an_embedding_program(
    emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """`sync_all()` raises an error that says what failed, instead of ending the program."""
    emulator.faults.add(Fault("status", path="teams", status=500, times=None))

    with pytest.raises(
        StreamsFailedError, match=r"^Some streams failed: teams: Gladly sent no usable response"
    ):
        sync()


def test_failed_job_list_raises_the_error_to_an_embedding_program(
    emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """An error that ends the run at once is raised as it is."""
    emulator.faults.add(Fault("status", path="export/jobs", status=403, times=None))

    with pytest.raises(AccessDeniedError, match=r"^Gladly denied access \(403\)"):
        sync()


def test_noise_of_the_sdk_is_logged_at_debug(emulator: Emulator, tmp_path: Path) -> None:
    """A run at the default level doesn't list deselected streams, child streams, and how settings are read."""
    file = f"--config={write_json(tmp_path / 'config.json', emulator.settings)}"
    quiet = run_command(file)
    verbose = run_command(file, TAP_GLADLY_LOGLEVEL="DEBUG")

    noise = ("Skipping deselected stream 'audiences'", "Added 'agents' as child", "Skipping parse of env var")
    assert not [line for line in noise if line in quiet.stderr]
    assert [line for line in noise if line in verbose.stderr] == [*noise]
