"""Files of settings, state and catalog: an invalid one is an error of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import SETTINGS, list_errors, run_command, write_json

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
        ({"streams": [{"stream": 5}]}, "streams.0.stream must be a string"),
        ({"streams": [{"stream": "x", "schema": None}]}, "streams.0.schema must be an object"),
        (
            {"streams": [{"stream": "x", "schema": {"properties": {"id": "string"}}}]},
            "streams.0.schema.properties.id must be an object",
        ),
        (
            {"streams": [{"stream": "customers", "schema": {"properties": {"name": {"type": 5}}}}]},
            "streams.0.schema.properties.name.type must be a string or an array",
        ),
        (
            {"streams": [{"stream": "customers", "schema": {"properties": {"a": {"items": {"items": []}}}}}]},
            "streams.0.schema.properties.a.items.items must be an object",
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
    """The error describes the problem with the file."""
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
