"""The command line: what works without settings, and what is said of wrong ones."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from support import (
    FILE_STREAMS,
    export_requests,
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

UNREADABLE = [
    (None, "No such file or directory"),
    (b'{"organization":\n myorg}', "it is not JSON, at line 2, column 2"),
    (b"[1]", "it holds JSON, but no object"),
    (b'{"organization": "\xff"}', "it is not text in UTF-8"),
    (b'{"organization": ' + b"[" * 100_000, "it holds JSON that is too large to be read"),
]
SETTINGS = {"organization": "myorg", "agent_email": "agent@myorg.example", "api_token": "secret-token"}


def lines(text: str) -> list[str]:
    """Give a log's messages of level ERROR."""
    return [line.rsplit("| ", 1)[1] for line in text.splitlines() if "| ERROR" in line]


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


def test_missing_settings_are_named_in_the_last_line() -> None:
    """Meltano shows no other when it tests a configuration."""
    run = run_command("--config=ENV")

    assert run.returncode == 1
    (error,) = lines(run.stderr)
    assert run.stderr.splitlines()[-1].endswith(error)
    missing = "; ".join(f"'{setting}' is a required property" for setting in SETTINGS)
    assert error.startswith(f"Settings are not usable: {missing}")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("argument", ["--config", "--test"])
@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("organization", "evil.com", "organization is neither a name such as"),
        ("organization", "", "organization is neither a name such as"),
        ("agent_email", " ", "agent_email is empty"),
        ("api_token", "", "api_token is empty"),
        ("api_token", 12345678, "api_token does not fit its type"),
        ("api_url", "http://proxy.example", "api_url is not scheme, host and port alone"),
        ("start_date", "last week", "start_date is not a time such as 2026-11-20T00:00:00Z"),
        ("event_entities", ["CONTACTS"], "event_entities.0 does not fit its enum: ['AGENT_AVAILABILITY', "),
        ("event_entities", "CONTACT", "event_entities does not fit its type"),
        ("end_date", "2026-02-30", "end_date is not a time such as 2026-11-20T00:00:00Z"),
    ],
)
def test_wrong_settings_are_told_without_their_values(
    tmp_path: Path, argument: str, setting: str, value: object, words: str
) -> None:
    """The line names the setting and what it should be; what it is may be secret."""
    file = write_json(tmp_path / "config.json", {**SETTINGS, setting: value})

    run = run_command(f"--config={file}", *([argument] if argument == "--test" else []))

    assert run.returncode == 1
    (error,) = lines(run.stderr)
    assert error.startswith(f"Settings are not usable: {words}")
    assert "Traceback" not in run.stderr
    if str(value).strip():
        assert str(value) not in run.stderr


def test_empty_variables_count_as_not_set(emulator: Emulator, tmp_path: Path) -> None:
    """So it is in a file .env with nothing behind a name; what the settings' file says holds."""
    file = write_json(tmp_path / "config.json", {**emulator.settings, "max_parallel_downloads": 0})
    declared: dict[str, Any] = TapGladly.config_jsonschema["properties"]
    empty = dict.fromkeys(declared, "")

    refused = run_command(f"--config={file}", "--config=ENV", settings=empty)
    run = run_command("--config=ENV", settings={**empty, **emulator.settings})

    assert lines(refused.stderr) == [
        "Settings are not usable: max_parallel_downloads does not fit its minimum: 1"
    ]
    assert run.returncode == 0


def test_null_counts_as_not_set(emulator: Emulator) -> None:
    """A setting that is null has its default; one that is required is missing."""
    declared = dict.fromkeys(TapGladly.config_jsonschema["properties"])

    tap = TapGladly(config={**declared, **emulator.settings})
    with pytest.raises(ConfigValidationError) as refused:
        TapGladly(config={**SETTINGS, "api_token": None})

    assert tap.config["max_parallel_downloads"] == 6
    assert tap.streams
    assert refused.value.errors == ["'api_token' is a required property"]


def test_discovery_takes_wrong_settings(tmp_path: Path) -> None:
    """It asks for none, so it minds none."""
    file = write_json(tmp_path / "config.json", {"max_parallel_downloads": "many", "start_date": "soon"})

    assert run_command(f"--config={file}", "--discover").returncode == 0


def test_dates_in_the_wrong_order_are_refused() -> None:
    """A span that ends before it starts would read nothing for ever."""
    with pytest.raises(ConfigValidationError) as refused:
        TapGladly(config={**SETTINGS, "start_date": "2026-11-20", "end_date": "2026-11-19"})

    assert refused.value.errors == ["end_date lies before start_date"]


def test_test_passes_for_an_account_without_jobs(emulator: Emulator) -> None:
    """Credentials, permission and address are right: that is all that --test asks."""
    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert not lines(run.stderr)


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
    assert len(lines(run.stderr)) == 1
    assert words in lines(run.stderr)[0]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "state",
    [
        {"bookmarks": {"customers": "yesterday"}},
        {"bookmarks": []},
        {"type": "STATE", "value": {"bookmarks": {}}},
        [],
        "x",
    ],
    ids=str,
)
def test_unusable_state_is_told(emulator: Emulator, tmp_path: Path, state: object) -> None:
    """A state that is not one ends the run before anything is read, and is not taken for an empty one."""
    file = write_json(tmp_path / "state.json", state)

    run = run_command("--config=ENV", f"--state={file}", settings=emulator.settings)

    assert run.returncode == 1
    (error,) = lines(run.stderr)
    assert error.startswith(
        (
            "The state is not usable: it has no bookmarks",
            f"{file} is not usable: it holds JSON, but no object",
        )
    )
    assert "Traceback" not in run.stderr
    assert not emulator.requests


def test_an_empty_state_file_is_no_state(emulator: Emulator, tmp_path: Path) -> None:
    """So is what a pipe leaves that has not kept a state yet."""
    file = tmp_path / "state.json"
    file.write_text("\n")

    assert run_command("--config=ENV", f"--state={file}", settings=emulator.settings).returncode == 0


@pytest.mark.parametrize("argument", ["", "--test", "--discover"])
@pytest.mark.parametrize(("content", "reason"), UNREADABLE)
def test_unreadable_settings_are_told(
    tmp_path: Path, argument: str, content: bytes | None, reason: str
) -> None:
    """One line says what is wrong with the file."""
    file = tmp_path / "config.json"
    if content is not None:
        file.write_bytes(content)

    run = run_command("--config", str(file), *argument.split())

    assert run.returncode == 1
    assert lines(run.stderr) == [f"{file} is not usable: {reason}"]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("option", ["--catalog", "--state"])
@pytest.mark.parametrize(("content", "reason"), UNREADABLE[1:])
def test_unreadable_catalogs_and_states_are_told(
    emulator: Emulator, tmp_path: Path, option: str, content: bytes, reason: str
) -> None:
    """So it is with what Meltano hands in; that a file is missing, the options themselves say."""
    file = tmp_path / "file.json"
    file.write_bytes(content)

    run = run_command("--config=ENV", option, str(file), settings=emulator.settings)

    assert run.returncode == 1
    assert lines(run.stderr) == [f"{file} is not usable: {reason}"]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("arguments", [(), ("--test",), ("--discover",)])
@pytest.mark.parametrize(
    "setting", ["stream_maps", "flattening_max_depth", "max_parallel_downloads", "event_entities"]
)
def test_unreadable_variables_are_told(setting: str, arguments: tuple[str, ...]) -> None:
    """A variable that is no number or no JSON is named in one line, without its value."""
    value = "many{" if setting != "flattening_max_depth" else "1.5"
    run = run_command("--config=ENV", *arguments, settings={**SETTINGS, setting: value})

    assert run.returncode == 1
    problem = f"TAP_GLADLY_{setting.upper()} is neither a number nor JSON, as it should be"
    assert lines(run.stderr)[-1].endswith(problem)
    assert value not in run.stderr
    assert "Traceback" not in run.stderr


def test_test_of_a_good_account_logs_no_error(exports: StaticExports, emulator: Emulator) -> None:
    """That a dry run stops in the middle of a file is no error."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a", "b", "c")})
    exports.add_job("j2", "2026-11-20T08:00:00Z", {"agents.jsonl": rows_named("a", "b", "c")})

    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert not lines(run.stderr)
