"""What a run logs, as lines and as fields."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

import pytest
from support import (
    LISTS,
    list_errors,
    replay,
    rows_named,
    run_command,
    write_json,
)

from tap_gladly.output.run_summary import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from gladly_emulator import Emulator, StaticExports


def told(text: str) -> list[str]:
    """Give a log's lines, but for the SDK's on each stream that is not selected."""
    return [line for line in text.splitlines() if "Skipping deselected stream" not in line]


def test_a_quiet_run_is_a_handful_of_lines(
    exports: StaticExports, emulator: Emulator, tmp_path: Path
) -> None:
    """A run logs a line for each job it reads, three for each list, and little else."""
    for hour in range(10, 15):
        exports.add_job(f"j{hour}", f"2026-11-20T{hour}:00:00Z", {"agents.jsonl": rows_named("a")})

    run = run_command("--config=ENV", settings=emulator.settings)

    assert sum("| Job " in line for line in run.stderr.splitlines()) == 5
    assert len(told(run.stderr)) < 26 + 3 * len(LISTS)

    file = write_json(tmp_path / "config.json", emulator.settings)
    state = write_json(
        tmp_path / "state.json", replay([json.loads(line) for line in run.stdout.splitlines()])
    )
    again = run_command(f"--config={file}", f"--state={state}")

    assert len(told(again.stderr)) < 13 + 3 * len(LISTS)  # on Python 3.10, the SDK adds three


def test_structured_logging_has_the_summary_as_fields(
    exports: StaticExports, emulator: Emulator, tmp_path: Path
) -> None:
    """With the SDK's JSON formatter, what a run has done can be read by machines."""
    formatter = {"()": "singer_sdk.logging.StructuredFormatter"}
    handler = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"json": handler},
        "root": {"level": "INFO", "handlers": ["json"]},
    }
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": rows_named("c1", "c2")})
    file = write_json(tmp_path / "logging.json", config)  # JSON is YAML

    run = run_command("--config=ENV", settings=emulator.settings, SINGER_SDK_LOG_CONFIG=file)

    records = [json.loads(line) for line in run.stderr.splitlines() if line.startswith("{")]
    summary = next(record["extra"]["summary"] for record in records if "summary" in record["extra"])
    assert summary["rows"]["customers"] == 2
    assert summary["jobs_read"] == 1


def test_progress_tells_how_long_the_rest_takes(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes by what the parts before took, and is silent of what is over soon."""
    now = iter([0.0, 60.0, 180.0, 200.0, 210.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    progress = Progress(logging.getLogger("tap-gladly").info, "Window", total=5)

    for day in range(4):
        progress.log(f"day {day}", 10)

    assert log.messages == [
        "Window 1 of 5, day 0: 10 rows; about 4 min left",
        "Window 2 of 5, day 1: 10 rows; about 4 min left",
        "Window 3 of 5, day 2: 10 rows; about 2 min left",
        "Window 4 of 5, day 3: 10 rows",
    ]


@pytest.mark.parametrize("is_catalog", [False, True])
def test_failed_run_ends_with_its_error(
    exports: StaticExports, emulator: Emulator, tmp_path: Path, *, is_catalog: bool
) -> None:
    """The error follows the summary, because `meltano config test` shows only the last line."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a")})
    streams = [{"tap_stream_id": "teams", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}]
    catalog = ["--catalog", write_json(tmp_path / "catalog.json", {"streams": streams})] if is_catalog else []

    run = run_command("--config=ENV", *catalog, settings=emulator.settings | {"api_token": "wrong"})

    (error,) = list_errors(run.stderr)
    assert run.returncode == 1
    assert error.startswith("Gladly rejected the credentials (401)")
    assert run.stderr.splitlines()[-1].endswith(error)
