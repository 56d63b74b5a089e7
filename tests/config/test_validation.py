"""Errors for invalid settings, states and catalogs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from support import SETTINGS, list_errors, list_warnings, run_command, write_json

from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from pathlib import Path

    from gladly_emulator import Emulator

UNREADABLE = [
    (None, "No such file or directory"),
    (b'{"organization":\n myorg}', "it isn't valid JSON at line 2, column 2"),
    (b"[1]", "it isn't a JSON object"),
    (b'{"organization": "\xff"}', "it isn't UTF-8 text"),
    (b'{"organization": ' + b"[" * 100_000, "its JSON is nested too deeply or has a number that is too long"),
]


def test_missing_settings_are_in_the_last_line() -> None:
    """`meltano config test` shows the last line only, so it names every missing setting and its variable."""
    run = run_command("--config=ENV")

    assert run.returncode == 1
    (error,) = list_errors(run.stderr)
    assert run.stderr.splitlines()[-1].endswith(error)
    missing = "; ".join(f"{setting} is missing: set TAP_GLADLY_{setting.upper()}" for setting in SETTINGS)
    hint = "no settings given: pass --config FILE, or set TAP_GLADLY_* variables and pass --config=ENV"
    assert error == f"Invalid settings: {missing}; {hint}"
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("argument", ["--config", "--test"])
@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("organization", "evil.com", "organization must be a name, such as"),
        ("organization", "", "organization must be a name, such as"),
        ("agent_email", " ", "agent_email must not be empty"),
        ("api_token", "", "api_token must not be empty"),
        ("api_token", 12345678, "api_token must be text"),
        ("api_url", "http://proxy.example", "api_url must be a scheme, host and port"),
        ("start_date", "last week", "start_date is not a timestamp such as 2026-11-20T00:00:00Z"),
        ("event_entities", ["CONTACTS"], "event_entities.0 must be one of AGENT_AVAILABILITY, "),
        ("event_entities", "CONTACT", "event_entities must be an array"),
        ("max_parallel_downloads", "many", "max_parallel_downloads must be an integer"),
        (
            "stream_maps",
            {"agents": "x{"},
            "stream_maps.agents must be __NULL__, or ",
        ),
        (
            "stream_maps",
            {"agents": {"x": 1.25}},
            "stream_maps.agents.x must be __NULL__, or ",
        ),
        ("end_date", "2026-02-30", "end_date is not a timestamp such as 2026-11-20T00:00:00Z"),
    ],
)
def test_invalid_settings_are_named_without_their_values(
    tmp_path: Path, argument: str, setting: str, value: object, words: str
) -> None:
    """The error names the setting and what it must be, never the value, which may be secret."""
    file = write_json(tmp_path / "config.json", {**SETTINGS, setting: value})

    run = run_command(f"--config={file}", *([argument] if argument == "--test" else []))

    assert run.returncode == 1
    (error,) = list_errors(run.stderr)
    assert error.startswith(f"Invalid settings: {words}")
    assert "Traceback" not in run.stderr
    if str(value).strip():
        assert str(value) not in run.stderr


def test_empty_variables_count_as_unset(emulator: Emulator, tmp_path: Path) -> None:
    """An empty variable doesn't override the settings file."""
    file = write_json(tmp_path / "config.json", {**emulator.settings, "max_parallel_downloads": 0})
    declared: dict[str, Any] = TapGladly.config_jsonschema["properties"]
    empty = dict.fromkeys(declared, "")

    rejected = run_command(f"--config={file}", "--config=ENV", settings=empty)
    run = run_command("--config=ENV", settings={**empty, **emulator.settings})

    assert list_errors(rejected.stderr) == ["Invalid settings: max_parallel_downloads must be at least 1"]
    assert run.returncode == 0


def test_null_settings_count_as_unset(emulator: Emulator) -> None:
    """A null setting has its default; a required one is missing."""
    declared = dict.fromkeys(TapGladly.config_jsonschema["properties"])

    tap = TapGladly(config={**declared, **emulator.settings})
    with pytest.raises(ConfigValidationError) as rejected:
        TapGladly(config={**SETTINGS, "api_token": None})

    assert tap.config["max_parallel_downloads"] == 6
    assert tap.streams
    assert rejected.value.errors == ["api_token is missing: set TAP_GLADLY_API_TOKEN"]


def test_empty_objects_count_as_unset(emulator: Emulator) -> None:
    """The SDK treats an empty object as unset, and so does the tap."""
    tap = TapGladly(config={**emulator.settings, "batch_config": {}, "stream_maps": {}})

    assert {"batch_config", "stream_maps"}.isdisjoint(tap.config)


def test_flattened_column_names_must_differ(emulator: Emulator) -> None:
    """Column names that collide when shortened, and an invalid stream map, are one line each."""
    short = {"flattening_enabled": True, "flattening_max_depth": 3, "flattening_max_key_length": 12}
    for settings in (short, {"stream_maps": {"customers": {"__alias__": None}}}):
        with pytest.raises(ConfigValidationError) as rejected:
            TapGladly(config={**emulator.settings, **settings}).sync_all()

        assert len(rejected.value.errors) == 1
        assert rejected.value.errors[0].startswith("stream_maps or flattening can't be applied to ")


def test_parquet_requires_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tap doesn't install pyarrow."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    batches = {"encoding": {"format": "parquet"}, "storage": {"root": "x"}}
    with pytest.raises(ConfigValidationError) as rejected:
        TapGladly(config={**SETTINGS, "batch_config": batches})

    assert rejected.value.errors == [
        "batch_config.encoding.format parquet needs the package pyarrow, which is not installed"
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"stream_maps": {"customers": {"name": "__NULL__"}}},
        {"flattening_enabled": True, "flattening_max_depth": 1},
    ],
)
def test_parquet_rejects_settings_that_would_not_apply(settings: dict[str, object]) -> None:
    """A stream map that removes personal data must not be ignored."""
    batches = {"encoding": {"format": "parquet"}, "storage": {"root": "x"}}
    with pytest.raises(ConfigValidationError, match="doesn't apply to Parquet files"):
        TapGladly(config={**SETTINGS, "batch_config": batches, **settings})


def test_flattening_requires_a_depth() -> None:
    """The tap reports a missing depth before it sends a request."""
    with pytest.raises(ConfigValidationError) as rejected:
        TapGladly(config={**SETTINGS, "flattening_enabled": True})

    assert rejected.value.errors == ["flattening_enabled needs flattening_max_depth"]


def test_unknown_settings_are_warned_about(log: pytest.LogCaptureFixture) -> None:
    """A warning names unknown settings without their values; the SDK's own settings are known."""
    misspelled = {"max_paralel_downloads": "secret", "start-date": "secret"}
    known = {
        "emit_activate_version_messages": True,
        "faker_config": {"seed": 1},
        "stream_map_config": {"a": 1},
    }

    TapGladly(config={**SETTINGS, **known, **misspelled})

    assert list_warnings(log) == ["Ignoring unknown settings: max_paralel_downloads, start-date"]


def test_misspelled_settings_are_named_before_missing_ones(log: pytest.LogCaptureFixture) -> None:
    """If a required setting is missing, the log also names the misspelled one."""
    with pytest.raises(ConfigValidationError):
        TapGladly(
            config={"organization": "myorg", "agent_email": "agent@myorg.example", "api_tokn": "secret"}
        )

    assert list_warnings(log) == ["Ignoring unknown settings: api_tokn"]


def test_end_date_before_start_date_is_rejected() -> None:
    """Such a range would never load anything."""
    with pytest.raises(ConfigValidationError) as rejected:
        TapGladly(config={**SETTINGS, "start_date": "2026-11-20", "end_date": "2026-11-19"})

    assert rejected.value.errors == ["end_date must not be before start_date"]


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
def test_invalid_state_is_one_line(emulator: Emulator, tmp_path: Path, state: object) -> None:
    """An invalid state ends the run before the first request; it doesn't count as empty."""
    file = write_json(tmp_path / "state.json", state)

    run = run_command("--config=ENV", f"--state={file}", settings=emulator.settings)

    assert run.returncode == 1
    (error,) = list_errors(run.stderr)
    assert error.startswith(
        (
            "Invalid state: bookmarks must map stream names to objects",
            f"{file} is not usable: it isn't a JSON object",
        )
    )
    assert "Traceback" not in run.stderr
    assert not emulator.requests


@pytest.mark.parametrize(
    ("catalog", "problem"),
    [
        ({"streams": None}, "streams must be an array"),
        ({"streams": [5]}, "streams.0 must be an object"),
        ({"streams": [{}]}, "streams.0 lacks tap_stream_id, or streams.0 lacks stream"),
        ({"streams": [{"stream": 5}]}, "streams.0.stream must be text"),
        ({"streams": [{"stream": "x", "schema": None}]}, "streams.0.schema must be an object"),
        (
            {"streams": [{"stream": "x", "schema": {"properties": {"id": "string"}}}]},
            "streams.0.schema.properties.id must be an object",
        ),
        ({"streams": [{"stream": "x", "metadata": {}}]}, "streams.0.metadata must be an array"),
        (
            {"streams": [{"stream": "x", "metadata": [{"breadcrumb": []}]}]},
            "streams.0.metadata.0 lacks metadata",
        ),
        (
            {"streams": [{"stream": "x", "key_properties": "id"}]},
            "streams.0.key_properties must be an array",
        ),
    ],
    ids=str,
)
def test_invalid_catalog_is_one_line(tmp_path: Path, catalog: dict[str, Any], problem: str) -> None:
    """The error names the place in the catalog and the type it must have."""
    file = write_json(tmp_path / "catalog.json", catalog)

    run = run_command("--config=ENV", f"--catalog={file}", settings=SETTINGS)

    assert run.returncode == 1
    (error,) = list_errors(run.stderr)
    assert error.startswith(f"{file} is not usable: {problem}")
    assert "Traceback" not in run.stderr


def test_unknown_streams_in_a_catalog_are_ignored() -> None:
    """A catalog may list streams of another tap, even without a schema."""
    tap = TapGladly(config=SETTINGS, catalog={"streams": [{"stream": "other"}, {"stream": "customers"}]})

    assert [name for name, stream in tap.streams.items() if stream.selected] == ["customers"]


def test_empty_state_file_is_no_state(emulator: Emulator, tmp_path: Path) -> None:
    """A pipeline that hasn't saved a state yet passes an empty file."""
    file = tmp_path / "state.json"
    file.write_text("\n")

    assert run_command("--config=ENV", f"--state={file}", settings=emulator.settings).returncode == 0


def test_state_file_may_begin_with_a_byte_order_mark(emulator: Emulator, tmp_path: Path) -> None:
    """Some editors write one."""
    file = tmp_path / "state.json"
    file.write_text('{"bookmarks": {}}', encoding="utf-8-sig")

    assert run_command("--config=ENV", f"--state={file}", settings=emulator.settings).returncode == 0


@pytest.mark.parametrize("argument", ["", "--test", "--discover"])
@pytest.mark.parametrize(("content", "reason"), UNREADABLE)
def test_unreadable_settings_file_is_one_line(
    tmp_path: Path, argument: str, content: bytes | None, reason: str
) -> None:
    """The error says what is wrong with the file."""
    file = tmp_path / "config.json"
    if content is not None:
        file.write_bytes(content)

    run = run_command("--config", str(file), *argument.split())

    assert run.returncode == 1
    assert list_errors(run.stderr) == [f"{file} is not usable: {reason}"]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("option", ["--catalog", "--state"])
@pytest.mark.parametrize(("content", "reason"), UNREADABLE[1:])
def test_unreadable_catalog_and_state_are_one_line(
    emulator: Emulator, tmp_path: Path, option: str, content: bytes, reason: str
) -> None:
    """The error names the file; click reports a missing one."""
    file = tmp_path / "file.json"
    file.write_bytes(content)

    run = run_command("--config=ENV", option, str(file), settings=emulator.settings)

    assert run.returncode == 1
    assert list_errors(run.stderr) == [f"{file} is not usable: {reason}"]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("arguments", [(), ("--test",), ("--discover",)])
@pytest.mark.parametrize(
    "setting", ["stream_maps", "flattening_max_depth", "max_parallel_downloads", "event_entities"]
)
def test_unreadable_variables_are_one_line(setting: str, arguments: tuple[str, ...]) -> None:
    """A variable that isn't of its setting's type is named without its value."""
    wanted = {"stream_maps": "an object", "event_entities": "an array"}.get(setting, "an integer")
    value = "many{" if setting != "flattening_max_depth" else "1.5"
    run = run_command("--config=ENV", *arguments, settings={**SETTINGS, setting: value})

    assert run.returncode == 1
    problem = f"TAP_GLADLY_{setting.upper()} must be {wanted}"
    assert list_errors(run.stderr)[-1].endswith(problem)
    assert value not in run.stderr
    assert "Traceback" not in run.stderr
