"""The run summary, as a log line and as fields, and progress."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest
from support import LISTS, list_errors, replay, rows_named, run_command, write_json

from gladly_emulator import Fault
from tap_gladly.output.run_summary import Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Sync

    from gladly_emulator import Emulator, StaticExports


def summary_of(log: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return the fields of the run summary."""
    [record] = [record for record in log.records if hasattr(record, "summary")]
    summary: dict[str, Any] = record.summary
    return summary


def statuses(log: pytest.LogCaptureFixture) -> dict[str, str]:
    """Return the status in the METRIC line of each stream's duration."""
    lines = [message for message in log.messages if message.startswith("METRIC")]
    metrics = [json.loads(line.partition(": ")[2]) for line in lines]
    return {it["tags"]["stream"]: it["tags"]["status"] for it in metrics if it["type"] == "timer"}


def test_run_without_problems_logs_few_lines(
    exports: StaticExports, emulator: Emulator, tmp_path: Path
) -> None:
    """A run logs one line per job and three per list, and fewer than 26 others."""
    for hour in range(10, 15):
        exports.add_job(f"j{hour}", f"2026-11-20T{hour}:00:00Z", {"agents.jsonl": rows_named("a")})

    run = run_command("--config=ENV", settings=emulator.settings)

    assert sum("| Job " in line for line in run.stderr.splitlines()) == 5
    assert len(run.stderr.splitlines()) < 26 + 3 * len(LISTS)

    file = write_json(tmp_path / "config.json", emulator.settings)
    state = write_json(
        tmp_path / "state.json", replay([json.loads(line) for line in run.stdout.splitlines()])
    )
    again = run_command(f"--config={file}", f"--state={state}")

    assert len(again.stderr.splitlines()) < 13 + 3 * len(LISTS)  # on Python 3.10, the SDK adds three


def test_structured_logging_has_the_summary_as_fields(
    exports: StaticExports, emulator: Emulator, tmp_path: Path
) -> None:
    """The SDK's JSON formatter prints the summary as fields of one record."""
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
    assert summary["jobs_loaded"] == 1


@pytest.mark.parametrize("path", ["teams", "export/jobs$", "j2/files/agents"])
def test_summary_follows_a_failure(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    path: str,
) -> None:
    """After any failure, the summary counts what was done, and names the failed stream."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a1")})
    exports.add_job("j2", "2026-11-20T08:00:00Z", {"agents.jsonl": rows_named("a1", "a2")})
    emulator.faults.add(Fault("status", path=path, status=500, times=None))

    sync(should_fail=True)

    stream, jobs, rows = {
        "teams": ("teams", 2, 3),
        "export/jobs$": ("jobs", 0, 0),
        "j2/files/agents": ("agents", 1, 1),
    }[path]
    summary = summary_of(log)
    assert summary["failed_streams"] == [stream]
    assert (summary["jobs_loaded"], summary["rows"]["agents"]) == (jobs, rows)
    assert sum(message.endswith(f"; failed: {stream}") for message in log.messages) == 1


@pytest.mark.parametrize("stream", ["teams", "agents"])
def test_summary_names_the_stream_of_a_failed_map(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, stream: str
) -> None:
    """An expression that fails for a row ends the run, and the summary names the row's stream."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a1")})
    exports.lists["teams"] = [{"id": "t1"}]

    sync(should_fail=True, stream_maps={stream: {"x": "int(id)"}})

    assert summary_of(log)["failed_streams"] == [stream]


@pytest.mark.parametrize("path", ["teams", "export/jobs$", "j1/files/agents"])
def test_failed_stream_has_no_succeeded_metric(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    path: str,
) -> None:
    """A METRIC line never reports `succeeded` for a stream that failed, and does for the others."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"agents.jsonl": rows_named("a1")})
    emulator.faults.add(Fault("status", path=path, status=500, times=None))

    sync(should_fail=True)

    [failed] = summary_of(log)["failed_streams"]
    assert statuses(log).get(failed) != "succeeded"
    if failed == "teams":
        assert statuses(log)["inboxes"] == statuses(log)["agents"] == "succeeded"


def test_skipped_list_has_no_succeeded_metric(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A list that returns 403 is no failed stream of the summary, but its METRIC doesn't say `succeeded`."""
    emulator.faults.add(Fault("status", path="teams", status=403, times=None))

    sync()

    assert statuses(log)["teams"] == "failed"
    assert statuses(log)["inboxes"] == "succeeded"
    assert summary_of(log)["failed_streams"] == []


def test_progress_estimates_the_time_left(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimate extrapolates from finished parts, and is omitted below 90 seconds."""
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
