"""Measure commands as whole processes, in turn, so background load affects all of them."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from benchmarks.data import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TAP = (str(ROOT / ".venv/bin/tap-gladly"), "--config=ENV")
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
_KEPT_VARIABLES = ("PATH", "TMPDIR")
_SHOWN_BYTES = 2000


@dataclass(frozen=True)
class Run:
    """One run of a command. 0 means that there was no first byte, or that the peak memory is unknown."""

    cpu_seconds: float
    seconds: float
    first_byte_seconds: float
    peak_mib: float
    lines: int


@dataclass(frozen=True)
class Command:
    """A command and its environment variables besides the path."""

    arguments: Sequence[str]
    variables: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The complete environment. The command inherits no other variables."""
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        return {**kept, **self.variables}

    def run(self) -> Run:
        """Run the command, and read and discard its output."""
        with tempfile.TemporaryFile() as log:
            started = time.perf_counter()
            with subprocess.Popen(
                self.arguments, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=log
            ) as process:
                first_byte, lines = _read_output(process)
                cpu_seconds, peak_mib = wait_for(process, log)
            seconds = time.perf_counter() - started
        return Run(cpu_seconds, seconds, max(0.0, first_byte - started), peak_mib, lines)


def _read_output(process: subprocess.Popen[bytes]) -> tuple[float, int]:
    """Return the time of the first byte and the number of lines."""
    assert process.stdout  # noqa: S101 - stdout is a pipe
    first_byte, lines = 0.0, 0
    while block := os.read(process.stdout.fileno(), 1 << 20):
        first_byte = first_byte or time.perf_counter()
        lines += block.count(b"\n")
    return first_byte, lines


def wait_for(process: subprocess.Popen[bytes], log: IO[bytes]) -> tuple[float, float]:
    """Wait for a process to exit.

    Returns:
        The user and system CPU seconds, and the peak memory in MiB or 0.

    Raises:
        RuntimeError: The process failed. The message has the end of its log.
    """
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        log.seek(0)
        error_output = log.read()[-_SHOWN_BYTES:].decode("utf-8", "replace")
        raise RuntimeError(f"{process.args!r} exited with code {process.returncode}:\n{error_output}")
    # On Linux, a process starts with the peak memory of its parent process.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss if usage.ru_maxrss > own else 0
    # macOS reports bytes, other systems KiB.
    return usage.ru_utime + usage.ru_stime, peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def measure(commands: Mapping[str, Command], *, rounds: int, warm_up: bool = True) -> dict[str, list[Run]]:
    """Run commands in turn.

    Args:
        commands: The commands by name.
        rounds: The number of runs per command.
        warm_up: Run one uncounted round first, which compiles bytecode as an installation does.

    Returns:
        The runs of each command, in order.
    """
    if warm_up:
        measure(commands, rounds=1, warm_up=False)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(command.run())
    return runs


def median(runs: Sequence[Run], figure: str) -> float:
    """Return the median of a field of `Run`."""
    return float(statistics.median(getattr(run, figure) for run in runs))
