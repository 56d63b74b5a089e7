"""Load an invented organization while requests fail and the tap is killed, until it is done; then compare."""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support import FILE_STREAMS, LISTS, tap_environment

from gladly_emulator import Emulator, Fault, GeneratedExports

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[str, str, str]
"""Stream, id and job, of which a list has none."""

FAULT_RATE = 0.05
FAULTS = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "headers": {"Retry-After": "1"}},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 200, "body": b"<html>busy</html>", "content_type": "text/html"},
    {"kind": "status", "status": 200, "body": b'{"errors":[{"code":"temporary_failure"}]}'},
    {"kind": "reset"},
    {"kind": "reset", "at_byte": 100},
    {"kind": "cut", "at_byte": 300},
    {"kind": "length", "difference": 40},
    {"kind": "length", "difference": -40},
    {"kind": "gzip", "at_byte": 50},
    {"kind": "stall", "at_byte": 20, "seconds": 0.3},
)


def main() -> int:
    """Run until the tap ends by itself, compare, and print what it survived."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--days", type=float, default=14, help="how much of the 14 days to load")
    parser.add_argument("--kill-seconds", type=float, default=5, help="the longest time between kills")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    now = datetime.now(timezone.utc)
    start = now - timedelta(days=options.days)
    exports = GeneratedExports(options.seed)
    with Emulator(exports, clock=lambda: now) as emulator:
        for number, fault in enumerate(FAULTS):
            rate = FAULT_RATE / len(FAULTS)
            emulator.faults.add(Fault(**fault, rate=rate, times=None, seed=options.seed + number))  # type: ignore[arg-type]
        settings = {**emulator.settings, "start_date": start.isoformat()}
        soak = Soak(settings, random.Random(options.seed), options.kill_seconds)
        soak.run()
        faulty = sum(request.status != 200 for request in emulator.requests)
        print(
            f"{len(emulator.requests)} requests, {soak.retries} retried ({faulty} with a bad status); "
            f"killed {soak.kills} times; {sum(soak.rows.values())} rows, {soak.repeated} of them repeated"
        )
    problems = list(compare(dict(iter_truth(exports, now, start)), soak))
    print("\n".join(problems[:20]) or "Every row is there, with its content, and nothing else.")
    return 1 if problems else 0


class Soak:
    """Runs of the tap, each from the state of the one before, and what they sent together."""

    def __init__(self, settings: dict[str, str], dice: random.Random, kill_seconds: float) -> None:
        self.kills = 0
        self.retries = 0
        self.rows: Counter[Row] = Counter()
        self.contents: dict[Row, dict[str, Any]] = {}
        self._settings = settings
        self._dice = dice
        self._kill_seconds = kill_seconds
        self._state: dict[str, Any] = {}

    @property
    def repeated(self) -> int:
        """Rows that came more than once."""
        return sum(self.rows.values()) - len(self.rows)

    def run(self) -> None:
        """Run, be killed, and run again, until a run ends by itself."""
        while (status := self._run_once()) != 0:
            if status > 0:
                raise SystemExit(f"the tap ended with status {status}")

    def _run_once(self) -> int:
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder) / "state.json"
            state.write_text(json.dumps(self._state))
            with (Path(folder) / "log").open("w+") as log:
                status = self._run_from(state, log)
                log.seek(0)
                text = log.read()
        self.retries += text.count("; trying again in")
        if status > 0 and "Stopped by SIGTERM" not in text:
            print(text[-2000:], file=sys.stderr)
        return -signal.SIGTERM if status == 128 + signal.SIGTERM else status

    def _run_from(self, state: Path, log: Any) -> int:
        command = [sys.executable, "-m", "tap_gladly", "--config=ENV", f"--state={state}"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, env=tap_environment(self._settings), pipesize=8192
        )
        kind = self._dice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        timer = threading.Timer(self._dice.uniform(1, self._kill_seconds), process.send_signal, [kind])
        timer.start()
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.endswith(b"\n"):  # a kill may tear the last one
                    self._take(json.loads(line))
        timer.cancel()
        self.kills += process.returncode != 0
        return process.returncode

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "STATE":
            self._state = message["value"]
        elif message["type"] == "RECORD" and message["stream"] != "jobs":
            row = (message["stream"], message["record"].get("id", ""), message["record"].get("_job_id", ""))
            self.rows[row] += 1
            self.contents[row] = message["record"]


def iter_truth(exports: GeneratedExports, now: datetime, start: datetime) -> Iterator[tuple[Row, Any]]:
    """Yield every row that Gladly's lists have, and its files from a moment on."""
    for stream in LISTS:
        entries: Any = exports.lists[stream]
        yield from (((stream, entry["id"], ""), entry) for entry in entries)
    for job in exports.jobs(now):
        if datetime.fromisoformat(f"{job['updatedAt'][:19]}+00:00") < start:
            continue
        for stream in FILE_STREAMS:
            if f"{stream}.jsonl" in job["files"]:
                body = b"".join(exports.open_file(job["id"], f"{stream}.jsonl", now=now) or ())
                for line in body.split(b"\n")[:-1]:
                    record = json.loads(line)
                    yield (stream, record["id"], job["id"]), record


def compare(truth: dict[Row, Any], soak: Soak) -> Iterator[str]:
    """Yield what differs."""
    for row in truth.keys() - soak.contents.keys():
        yield f"lost: {row}"
    for row in soak.contents.keys() - truth.keys():
        yield f"unexpected: {row}"
    for row in truth.keys() & soak.contents.keys():
        content = {name: value for name, value in soak.contents[row].items() if not name.startswith("_job_")}
        if content != truth[row]:
            yield f"other content: {row}"


if __name__ == "__main__":
    started = time.monotonic()
    outcome = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(outcome)
