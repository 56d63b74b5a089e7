"""Errors for invalid settings."""

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


def test_missing_settings_are_in_the_last_line() -> None:
    """`meltano config test` shows the last line only, so it names every missing setting and its variable."""
    run = run_command("--config=ENV")

    assert run.returncode == 1
    (error,) = list_errors(run.stderr)
    assert run.stderr.splitlines()[-1].endswith(error)
    hint, *missing = error.removeprefix("Invalid settings: ").split("; ")
    assert set(missing) == {f"{setting} is missing: set TAP_GLADLY_{setting.upper()}" for setting in SETTINGS}
    assert hint.endswith("given: pass --config FILE, or set TAP_GLADLY_* variables and pass --config=ENV")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("argument", ["--config", "--test"])
@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("organization", "evil.com", "organization must be a name, such as"),
        ("organization", "", "organization must be a name, such as"),
        ("agent_email", " ", "agent_email must not be empty"),
        ("api_token", "", "api_token must not be empty"),
        ("api_token", 12345678, "api_token must be a string"),
        ("api_url", "http://proxy.example", "api_url must be a scheme, host and port"),
        ("start_date", "last week", "start_date is not a timestamp such as 2026-11-20T00:00:00Z"),
        ("event_entities", ["CONTACTS"], "event_entities.0 must be one of AGENT_AVAILABILITY, "),
        ("event_entities", "CONTACT", "event_entities must be an array"),
        ("max_parallel_downloads", "many", "max_parallel_downloads must be an integer"),
        (
            "stream_maps",
            {"agents": "x{"},
            "stream_maps.agents must be __NULL__ or an object",
        ),
        (
            "stream_maps",
            {"agents": {"x": 1.25}},
            "stream_maps.agents.x must be __NULL__ or a string",
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
    """An empty variable sets nothing, with or without a settings file."""
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
