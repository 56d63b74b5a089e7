"""Runs of the tap that are killed at random times, each resuming from the state of the run before."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from jsonschema import Draft7Validator, FormatChecker
from support import tap_environment

from gladly_emulator.timestamps import parse_instant

if TYPE_CHECKING:
    import random

RowId = tuple[str, str, str]
"""Stream, id and job id. Rows of lists have an empty job id."""


FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    """Return whether a value is an RFC 3339 time or, as JSON Schema requires, not a string."""
    return not isinstance(value, str) or parse_instant(value) is not None


class SoakRuns:
    """Runs of the tap and the messages that they sent in total.

    Attributes:
        kills: The number of runs that were killed.
        retries: The number of retries that the runs logged.
        row_counts: How often each row was sent.
        records: The last record of each row.
        invalid_records: The rows that don't validate against their stream's SCHEMA message.
    """

    def __init__(self, settings: dict[str, str], rng: random.Random, kill_seconds: float) -> None:
        self.kills = 0
        self.retries = 0
        self.row_counts: Counter[RowId] = Counter()
        self.records: dict[RowId, dict[str, Any]] = {}
        self.invalid_records: set[str] = set()
        self._validators: dict[str, Draft7Validator] = {}
        self._settings = settings
        self._rng = rng
        self._kill_seconds = kill_seconds
        self._state: dict[str, Any] = {}

    @property
    def repeated_rows(self) -> int:
        """The number of rows that were sent more than once."""
        return self.row_counts.total() - len(self.row_counts)

    def run_until_success(self) -> None:
        """Run, kill and resume the tap until a run succeeds."""
        while (status := self._run_once()) != 0:
            if status > 0:
                raise SystemExit(f"the tap exited with code {status}")

    def _run_once(self) -> int:
        """Return 0 on success, a negative number after a kill, or the exit code of a failed run."""
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder) / "state.json"
            state.write_text(json.dumps(self._state))
            with (Path(folder) / "log").open("w+") as log:
                status = self._run_from(state, log)
                log.seek(0)
                text = log.read()
        self.retries += text.count("; retrying in ")
        if status == 128 + signal.SIGTERM and "Stopped by SIGTERM" in text:
            return -signal.SIGTERM
        if status > 0:
            print(text[-2000:], file=sys.stderr)
        return status

    def _run_from(self, state: Path, log: IO[str]) -> int:
        command = [sys.executable, "-m", "tap_gladly", "--config=ENV", f"--state={state}"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, env=tap_environment(self._settings), pipesize=8192
        )
        signal_number = self._rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        delay = self._rng.uniform(1, self._kill_seconds)
        timer = threading.Timer(delay, process.send_signal, [signal_number])
        timer.start()
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.endswith(b"\n"):  # a kill may truncate the last line
                    self._process_message(json.loads(line))
        timer.cancel()
        self.kills += process.returncode != 0
        return process.returncode

    def _process_message(self, message: dict[str, Any]) -> None:
        if message["type"] == "STATE":
            self._state = message["value"]
        elif message["type"] == "SCHEMA":
            validator = Draft7Validator(message["schema"], format_checker=FORMATS)
            self._validators[message["stream"]] = validator
        elif message["type"] == "RECORD" and message["stream"] != "jobs":
            record = message["record"]
            row_id = (message["stream"], record.get("id", ""), record.get("_job_id", ""))
            self.row_counts[row_id] += 1
            self.records[row_id] = record
            if not self._validators[message["stream"]].is_valid(record):
                self.invalid_records.add(f"invalid: {row_id}")
