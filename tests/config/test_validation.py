"""What users hand in: what is said of settings, state and files that are not usable."""

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
    (b'{"organization":\n myorg}', "it is not JSON, at line 2, column 2"),
    (b"[1]", "it holds JSON, but no object"),
    (b'{"organization": "\xff"}', "it is not text in UTF-8"),
    (b'{"organization": ' + b"[" * 100_000, "it holds JSON that is too large to be read"),
]


def test_missing_settings_are_named_in_the_last_line() -> None:
    """Meltano shows no other when it tests a configuration."""
    run = run_command("--config=ENV")

    assert run.returncode == 1
    (error,) = list_errors(run.stderr)
    assert run.stderr.splitlines()[-1].endswith(error)
    missing = "; ".join(f"'{setting}' is a required property" for setting in SETTINGS)
    assert error.startswith(f"Settings are not usable: {missing}; there are none: name a file with --config")
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
        (
            "stream_maps",
            {"agents": "x{"},
            "stream_maps.agents does not fit its const: __NULL__, or stream_maps.",
        ),
        (
            "stream_maps",
            {"agents": {"x": 1.25}},
            "stream_maps.agents.x does not fit its const: __NULL__, or stre",
        ),
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
    (error,) = list_errors(run.stderr)
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

    assert list_errors(refused.stderr) == [
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


def test_an_object_with_nothing_in_it_counts_as_not_set(emulator: Emulator) -> None:
    """So the SDK takes it, too."""
    tap = TapGladly(config={**emulator.settings, "batch_config": {}, "stream_maps": {}})

    assert {"batch_config", "stream_maps"}.isdisjoint(tap.config)


def test_columns_need_names_of_their_own(emulator: Emulator) -> None:
    """Cut short, two of them would have the same; what the SDK takes no map for is one line, too."""
    short = {"flattening_enabled": True, "flattening_max_depth": 3, "flattening_max_key_length": 12}
    for settings in (short, {"stream_maps": {"customers": {"__alias__": None}}}):
        with pytest.raises(ConfigValidationError) as refused:
            TapGladly(config={**emulator.settings, **settings}).sync_all()

        assert len(refused.value.errors) == 1
        assert refused.value.errors[0].startswith("stream_maps or flattening do not fit ")


def test_parquet_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not come with the tap."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    batches = {"encoding": {"format": "parquet"}, "storage": {"root": "x"}}
    with pytest.raises(ConfigValidationError) as refused:
        TapGladly(config={**SETTINGS, "batch_config": batches})

    assert refused.value.errors == [
        "batch_config.encoding.format parquet needs the package pyarrow, which is not installed"
    ]


def test_flattening_needs_a_depth() -> None:
    """The SDK would say so when the tap has started."""
    with pytest.raises(ConfigValidationError) as refused:
        TapGladly(config={**SETTINGS, "flattening_enabled": True})

    assert refused.value.errors == ["flattening_enabled needs flattening_max_depth"]


def test_settings_that_nothing_looks_at_are_named(log: pytest.LogCaptureFixture) -> None:
    """A name that is misspelt is told, without what is set there; what the SDK knows is none."""
    misspelt = {"max_paralel_downloads": "secret", "start-date": "secret"}
    known = {
        "emit_activate_version_messages": True,
        "faker_config": {"seed": 1},
        "stream_map_config": {"a": 1},
    }

    TapGladly(config={**SETTINGS, **known, **misspelt})

    assert list_warnings(log) == [
        "Settings that the tap does not know are not used: ['max_paralel_downloads', 'start-date']"
    ]


def test_misspelt_settings_are_named_before_what_is_missing(log: pytest.LogCaptureFixture) -> None:
    """One that is required is told as missing, and the name that it was given is there, too."""
    with pytest.raises(ConfigValidationError):
        TapGladly(
            config={"organization": "myorg", "agent_email": "agent@myorg.example", "api_tokn": "secret"}
        )

    assert list_warnings(log) == ["Settings that the tap does not know are not used: ['api_tokn']"]


def test_dates_in_the_wrong_order_are_refused() -> None:
    """A span that ends before it starts would read nothing for ever."""
    with pytest.raises(ConfigValidationError) as refused:
        TapGladly(config={**SETTINGS, "start_date": "2026-11-20", "end_date": "2026-11-19"})

    assert refused.value.errors == ["end_date lies before start_date"]


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
    (error,) = list_errors(run.stderr)
    assert error.startswith(
        (
            "The state is not usable: it has no bookmarks",
            f"{file} is not usable: it holds JSON, but no object",
        )
    )
    assert "Traceback" not in run.stderr
    assert not emulator.requests


@pytest.mark.parametrize(
    ("catalog", "problem"),
    [
        ({"streams": None}, "streams does not fit its type: array"),
        ({"streams": [5]}, "streams.0 does not fit its type: object"),
        ({"streams": [{}]}, "'tap_stream_id' is a required property of streams.0, or 'stream' is a required"),
        ({"streams": [{"stream": 5}]}, "streams.0.stream does not fit its type: ['string', 'null']"),
        ({"streams": [{"stream": "x", "schema": None}]}, "streams.0.schema does not fit its type: object"),
        (
            {"streams": [{"stream": "x", "schema": {"properties": {"id": "string"}}}]},
            "streams.0.schema.properties.id does not fit its type: object",
        ),
        ({"streams": [{"stream": "x", "metadata": {}}]}, "streams.0.metadata does not fit its type: array"),
        (
            {"streams": [{"stream": "x", "metadata": [{"breadcrumb": []}]}]},
            "'metadata' is a required property of streams.0.metadata.0",
        ),
        (
            {"streams": [{"stream": "x", "key_properties": "id"}]},
            "streams.0.key_properties does not fit its type: ['array', 'null']",
        ),
    ],
    ids=str,
)
def test_an_unusable_catalog_is_told(tmp_path: Path, catalog: dict[str, Any], problem: str) -> None:
    """One line says what in it is not of its type."""
    file = write_json(tmp_path / "catalog.json", catalog)

    run = run_command("--config=ENV", f"--catalog={file}", settings=SETTINGS)

    assert run.returncode == 1
    (error,) = list_errors(run.stderr)
    assert error.startswith(f"{file} is not usable: {problem}")
    assert "Traceback" not in run.stderr


def test_streams_that_the_tap_does_not_have_are_passed_by() -> None:
    """A catalog may name them, however little it says of them."""
    tap = TapGladly(config=SETTINGS, catalog={"streams": [{"stream": "other"}, {"stream": "customers"}]})

    assert [name for name, stream in tap.streams.items() if stream.selected] == ["customers"]


def test_an_empty_state_file_is_no_state(emulator: Emulator, tmp_path: Path) -> None:
    """So is what a pipe leaves that has not kept a state yet."""
    file = tmp_path / "state.json"
    file.write_text("\n")

    assert run_command("--config=ENV", f"--state={file}", settings=emulator.settings).returncode == 0


def test_a_state_file_may_begin_with_a_byte_order_mark(emulator: Emulator, tmp_path: Path) -> None:
    """So some editors write it."""
    file = tmp_path / "state.json"
    file.write_text('{"bookmarks": {}}', encoding="utf-8-sig")

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
    assert list_errors(run.stderr) == [f"{file} is not usable: {reason}"]
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
    assert list_errors(run.stderr) == [f"{file} is not usable: {reason}"]
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
    assert list_errors(run.stderr)[-1].endswith(problem)
    assert value not in run.stderr
    assert "Traceback" not in run.stderr
