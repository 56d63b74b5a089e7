"""Settings from environment variables and `.env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import SETTINGS, list_errors, run_command, write_json

from tap_gladly.config.validation import read_environment
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from pathlib import Path

    from gladly_emulator import Emulator

TapGladly.append_builtin_config(TapGladly.config_jsonschema)
PROPERTIES = TapGladly.config_jsonschema["properties"]


def test_environment_overrides_dotenv(emulator: Emulator, tmp_path: Path) -> None:
    """A variable that is set wins over a stale one in `.env`; the file supplies the rest."""
    url = emulator.settings["api_url"]
    (tmp_path / ".env").write_text(f"TAP_GLADLY_API_TOKEN=stale\nTAP_GLADLY_API_URL={url}\n")
    settings = {name: value for name, value in emulator.settings.items() if name != "api_url"}

    run = run_command("--config=ENV", settings=settings, cwd=tmp_path)

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("arguments", [("FILE", "ENV"), ("ENV", "FILE")], ids=" ".join)
def test_settings_file_overrides_environment_and_dotenv(
    emulator: Emulator, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """What the user passes applies, whatever the order. A null setting in the file is unset."""
    (tmp_path / ".env").write_text("TAP_GLADLY_AGENT_EMAIL=stale@myorg.example\n")
    settings = {**emulator.settings, "api_token": None}
    file = write_json(tmp_path / "config.json", settings)
    variables = {
        "organization": "stale",
        "api_url": "http://127.0.0.1:9",
        "api_token": emulator.settings["api_token"],
    }

    run = run_command(
        *(f"--config={file if name == 'FILE' else name}" for name in arguments),
        settings=variables,
        cwd=tmp_path,
    )

    assert run.returncode == 0, run.stderr


def test_empty_variable_does_not_hide_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable counts as unset, so the value in `.env` applies."""
    (tmp_path / ".env").write_text("TAP_GLADLY_ORGANIZATION=fromfile\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAP_GLADLY_ORGANIZATION", "")

    assert read_environment(PROPERTIES, "TAP_GLADLY_") == {"organization": "fromfile"}


def test_dotenv_adds_no_variables_to_the_process(tmp_path: Path) -> None:
    """Only settings are read from `.env`: a proxy in it, for example, doesn't apply to the run."""
    (tmp_path / ".env").write_text("HTTPS_PROXY=http://127.0.0.1:9\nLOGLEVEL=nonsense\n")

    run = run_command("--config=ENV", "--test=schema", settings=SETTINGS, cwd=tmp_path)

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("folder", ["", "below/deeper"])
def test_dotenv_is_read_from_the_working_directory_only(tmp_path: Path, folder: str) -> None:
    """The tap doesn't search the folders above the working directory, nor those above its package."""
    lines = [f"TAP_GLADLY_{setting.upper()}={value}\n" for setting, value in SETTINGS.items()]
    (tmp_path / ".env").write_text("".join(lines))
    (tmp_path / "below/deeper").mkdir(parents=True)

    run = run_command("--config=ENV", "--test=schema", cwd=tmp_path / folder)

    assert (run.returncode == 0) is (folder == "")


def test_unreadable_dotenv_is_one_line(tmp_path: Path) -> None:
    """A `.env` that isn't text is named without its content."""
    (tmp_path / ".env").write_bytes(b"TAP_GLADLY_API_TOKEN=\xff\xfe\n")

    run = run_command("--config=ENV", settings=SETTINGS, cwd=tmp_path)

    assert run.returncode == 1
    assert list_errors(run.stderr) == [".env is not usable: it isn't UTF-8 text"]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(("text", "value"), [("true", True), ("ON", True), ("0", False), ("no", False)])
def test_boolean_variables_accept_common_words(
    monkeypatch: pytest.MonkeyPatch, text: str, value: object
) -> None:
    """true, 1, yes and on are true; false, 0, no and off are false."""
    monkeypatch.setenv("TAP_GLADLY_EMIT_ACTIVATE_VERSION_MESSAGES", text)

    assert read_environment(PROPERTIES, "TAP_GLADLY_") == {"emit_activate_version_messages": value}


def test_other_boolean_variables_are_one_line() -> None:
    """A word that is neither is an error instead of false."""
    run = run_command("--config=ENV", settings={**SETTINGS, "emit_activate_version_messages": "maybe"})

    assert run.returncode == 1
    assert list_errors(run.stderr) == [
        "Invalid settings: TAP_GLADLY_EMIT_ACTIVATE_VERSION_MESSAGES must be true or false"
    ]


@pytest.mark.parametrize("variable", ["LOGLEVEL", "TAP_GLADLY_LOGLEVEL"])
@pytest.mark.parametrize("arguments", [("--version",), ("--config=ENV", "--test=schema")], ids=" ".join)
def test_empty_log_level_counts_as_unset(variable: str, arguments: tuple[str, ...]) -> None:
    """An empty LOGLEVEL means the default level."""
    run = run_command(*arguments, settings=SETTINGS, **{variable: " "})

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("level", ["warn", " Warning ", "FATAL"])
def test_log_level_may_be_any_name_that_python_knows(level: str) -> None:
    """Case and surrounding spaces don't matter; the level hides the tap's INFO lines."""
    # The SDK warns about a Python version after the end of its support.
    run = run_command(
        "--config=ENV", "--test=schema", settings=SETTINGS, LOGLEVEL=level, PYTHONWARNINGS="ignore"
    )

    assert run.returncode == 0, run.stderr
    assert run.stderr == ""


@pytest.mark.parametrize("variable", ["LOGLEVEL", "TAP_GLADLY_LOGLEVEL"])
def test_unknown_log_level_is_one_line(variable: str) -> None:
    """The error names the variable and the levels."""
    run = run_command("--config=ENV", settings=SETTINGS, **{variable: "verbose"})

    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.endswith(f"{variable} must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
