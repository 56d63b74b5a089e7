"""Killed runs, and the memory of large reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

from support import replay, tap_environment, write_json

from tap_gladly.output.message_writer import MessageWriter
from tap_gladly.streams.reports.base import ReportStream
from tap_gladly.tap import TapGladly

from .report_rows import NOON, event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from singer_sdk.singerlib.messages import Message

    from gladly_emulator import Emulator, StaticExports

Requests = list[dict[str, Any]]
EVENTS, AGENTS = "conversation_timestamps_report", "agent_timestamps_report"


def test_killed_run_resumes_from_its_last_state(
    exports: StaticExports,
    emulator: Emulator,
    report_clock: Callable[[str], None],
    catalog: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    """No row is lost, and no STATE covers a window whose rows were not all sent."""
    report_clock(NOON)
    days = ("2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23")
    rows = [
        event(f"{day}T{number // 60:02}:{number % 60:02}:00Z", number)
        for day in days
        for number in range(400)
    ]
    exports.reports.put("ConversationTimestampsReport", rows, anchor="Timestamp")
    chosen = write_json(tmp_path / "catalog.json", catalog(EVENTS))
    environment = tap_environment({**emulator.settings, "start_date": days[0]})
    arguments = [sys.executable, "-m", "tap_gladly", "--config=ENV", f"--catalog={chosen}"]
    kills = 3
    seen: set[str] = set()
    state: dict[str, Any] = {}

    for turn in range(kills + 1):
        state_file = write_json(tmp_path / "state.json", state)
        stop_after = 150 + 397 * turn if turn < kills else None
        messages = run_until([*arguments, f"--state={state_file}"], environment, stop_after)
        seen.update(message["record"]["timestamp"] for message in messages if message["type"] == "RECORD")
        state = replay(messages) or state
        place = state["bookmarks"][EVENTS]["replication_key_value"] if state else ""
        assert seen.issuperset(row["Timestamp"] for row in rows if row["Timestamp"] < place)

    assert len(seen) == len(rows)
    assert state["bookmarks"][EVENTS]["replication_key_value"] == "2026-11-24T00:00:00.000000Z"


def run_until(
    arguments: list[str], environment: dict[str, str], stop_after: int | None
) -> list[dict[str, Any]]:
    """Run a command until it has printed some lines, kill it, and return its complete lines as JSON."""
    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if len(lines) == stop_after:
                os.kill(process.pid, signal.SIGKILL)
                break
        process.wait()
    assert (process.returncode == 0) == (stop_after is None)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def discard(_writer: MessageWriter, _message: Message) -> None:
    """Write nothing."""


def test_memory_does_not_grow_with_the_report(
    exports: StaticExports,
    report_clock: Callable[[str], None],
    catalog: Callable[..., dict[str, Any]],
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A report of 40 MB is never in memory as a whole."""
    report_clock(NOON)
    line = b"2026-11-24T01:00:00Z,CONVERSATION/CREATED,%d," + 8000 * b"x" + b"\n"
    body = b"Timestamp,Event Type,Conversation ID,Topic Name\n" + b"".join(line % row for row in range(5_000))
    exports.reports.put("ConversationTimestampsReport", body)
    monkeypatch.setattr(MessageWriter, "write_message", discard)
    tap = TapGladly(config={**emulator.settings, "start_date": "2026-11-24"}, catalog=catalog(EVENTS))
    tracemalloc.start()

    tap.sync_all()

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    stream = tap.streams[EVENTS]
    assert isinstance(stream, ReportStream)
    assert stream.row_count == 5_000
    assert peak < 20 * 1024 * 1024
