"""How a run ends on a signal, SIGKILL, or a closed output."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import (
    FILE_STREAMS,
    replay,
    rows_named,
    run_command,
    tap_environment,
    write_json,
)

from gladly_emulator import Fault

if TYPE_CHECKING:
    from gladly_emulator import Emulator, StaticExports


def start(settings: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """Start a sync in a subprocess."""
    return subprocess.Popen(
        [sys.executable, "-m", "tap_gladly", "--config=ENV", *arguments],
        env=tap_environment(settings, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pipesize=4096,  # keeps the tap close to the reader
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_a_run_with_a_nonzero_status(
    exports: StaticExports, emulator: Emulator, number: signal.Signals
) -> None:
    """SIGTERM and SIGINT exit with 128 plus the signal, after the run summary; the last STATE is valid."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": rows_named("c1")})
    exports.add_job("j2", "2026-11-20T08:00:00Z", {"customers.jsonl": rows_named("c2")})
    emulator.faults.add(Fault("stall", path="j2", at_byte=3, seconds=60))

    with start(emulator.settings) as process:
        assert process.stdout is not None
        output = b""
        while b'"type":"STATE"' not in output:
            output += process.stdout.readline()
        process.send_signal(number)
        rest, log = process.communicate(timeout=10)

    assert process.returncode == 128 + number
    assert b"Traceback" not in log
    assert b"| Jobs listed 2, loaded 1, " in log.splitlines()[-1]
    messages = [json.loads(line) for line in (output + rest).splitlines()]
    assert replay(messages)["bookmarks"]["customers"]["jobs_read"] == {"j1": "2026-11-20T07:00:00Z"}


def test_signal_ends_a_run_whose_log_is_not_read(exports: StaticExports, emulator: Emulator) -> None:
    """SIGTERM works while stderr is a full pipe, which blocks every log line."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": rows_named("c1")})
    emulator.faults.add(Fault("stall", path="j1", at_byte=3, seconds=60))
    log, stderr = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "tap_gladly", "--config=ENV"],
        env=tap_environment(emulator.settings),
        stdout=subprocess.PIPE,
        stderr=stderr,
    )
    with process, os.fdopen(log, "rb") as reader:
        assert process.stdout is not None
        while b'"stream":"topics"' not in process.stdout.readline():
            pass  # the SCHEMA messages precede the download
        fill_pipe(stderr)
        process.send_signal(signal.SIGTERM)
        status = process.wait(10)
        os.close(stderr)

        assert b"Traceback" not in reader.read()
    assert status == 128 + signal.SIGTERM


@pytest.mark.parametrize("line", ["Job 1 of 1", "retrying in", "Jobs listed"])
def test_signal_during_a_blocked_log_line_ends_a_run(
    exports: StaticExports, emulator: Emulator, tmp_path: Path, line: str
) -> None:
    """SIGTERM works while a log line, even the run summary, blocks with the lock of logging held."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": rows_named("c1")})
    emulator.faults.add(Fault("status", path="j1", status=503))
    script = tmp_path / "script.py"
    script.write_text(
        "import io, signal, sys, threading\n"
        "class Blocked(io.StringIO):\n"
        "    is_full = False\n"
        "    def write(self, text):\n"
        f"        if {line!r} in text and not self.is_full:\n"
        "            self.is_full = True\n"
        "            signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)\n"
        "        while self.is_full:\n"
        "            threading.Event().wait(60)\n"
        "        return len(text)\n"
        "sys.stderr = Blocked()\n"
        "from tap_gladly.tap import TapGladly\n"
        "TapGladly.cli(['--config=ENV'])\n"
    )

    run = subprocess.run(
        [sys.executable, script],
        env=tap_environment(emulator.settings),
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert run.returncode == 128 + signal.SIGTERM
    assert all(json.loads(message)["type"] for message in run.stdout.splitlines())


def fill_pipe(end: int) -> None:
    """Write to a pipe until it is full, through a file description of its own that doesn't block."""
    own = os.open(f"/proc/self/fd/{end}", os.O_WRONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(own, b"x" * 4096)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(own, b"x")
    os.close(own)


def test_interrupt_during_startup_is_quiet() -> None:
    """SIGINT before the tap installs its handler ends the process without a traceback."""
    script = (
        "import importlib.abc, signal, sys, tap_gladly.__main__ as command\n"
        "class Interrupting(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'tap_gladly.tap':\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "command.main()\n"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)

    assert run.returncode == -signal.SIGINT
    assert run.stdout + run.stderr == b""


def test_closed_stdout_is_one_line(exports: StaticExports, emulator: Emulator) -> None:
    """A closed stdout ends the run with status 1 and without a traceback."""
    for number in range(10, 30):
        body = rows_named(*(f"r{row}" for row in range(100)))
        exports.add_job(f"j{number}", f"2026-11-{number}T00:00:00Z", {"customers.jsonl": body})

    with start(emulator.settings) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        log = process.stderr.read()
        process.wait(10)

    assert process.returncode == 1
    assert b"Traceback" not in log
    assert b"BrokenPipe" not in log
    assert b"Messages can't be written to stdout: the reader has closed the pipe." in log


def test_full_disk_behind_stdout_is_one_line(exports: StaticExports, emulator: Emulator) -> None:
    """A full disk behind stdout ends the run with status 1 and one line."""
    exports.add_job("j1", "2026-11-20T00:00:00Z", {"customers.jsonl": rows_named("c1")})
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "tap_gladly", "--config=ENV"],
            env=tap_environment(emulator.settings),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    assert run.returncode == 1
    assert b"No space left on device" in run.stderr
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize("kill_after", range(0, 33, 4))
def test_killed_run_is_resumed(
    exports: StaticExports, emulator: Emulator, tmp_path: Path, kill_after: int
) -> None:
    """After SIGKILL at any message, the next run loses nothing and repeats at most one file."""
    for number in (1, 2):
        body = rows_named(*(f"r{row}" for row in range(3)))
        files = {f"{stream}.jsonl": body for stream in FILE_STREAMS}
        exports.add_job(f"j{number}", f"2026-11-20T0{number}:00:00Z", files)
    wanted = {(stream, f"r{row}", f"j{job}") for stream in FILE_STREAMS for row in range(3) for job in (1, 2)}

    with start(emulator.settings) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(kill_after)]
        os.kill(process.pid, signal.SIGKILL)
        lines += [line for line in process.stdout.readlines() if line.endswith(b"\n")]
        process.communicate()
    messages: list[dict[str, Any]] = [json.loads(line) for line in lines]
    state = write_json(tmp_path / "state.json", replay(messages))
    resumed = run_command("--config=ENV", f"--state={state}", settings=emulator.settings)
    messages += [json.loads(line) for line in resumed.stdout.splitlines()]

    got = Counter(
        (message["stream"], message["record"]["id"], message["record"]["_job_id"])
        for message in messages
        if message["type"] == "RECORD" and message["stream"] != "jobs"
    )
    assert resumed.returncode == 0
    assert set(got) == wanted
    repeated = got - Counter(wanted)
    assert len({(stream, job) for stream, _, job in repeated}) <= 1
    assert all(count == 1 for count in repeated.values())
