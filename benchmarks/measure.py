"""Commands measured as whole processes, in turn, so that what slows the machine slows all of them."""

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
_TOLD_BYTES = 2000


@dataclass(frozen=True)
class Run:
    """One run of a command; 0 stands for a first byte that did not come, and a peak that cannot be told."""

    cpu_seconds: float
    seconds: float
    first_byte_seconds: float
    peak_mib: float
    lines: int


@dataclass(frozen=True)
class Command:
    """A command, and what is in its environment besides the path."""

    arguments: Sequence[str]
    variables: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """All of its environment: nothing else of this process's own counts."""
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        return {**kept, **self.variables}

    def run(self) -> Run:
        """Run it, read what it prints and throw it away."""
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
    """Give the time of the first byte and the number of lines."""
    assert process.stdout  # noqa: S101 - it is a pipe
    first_byte, lines = 0.0, 0
    while block := os.read(process.stdout.fileno(), 1 << 20):
        first_byte = first_byte or time.perf_counter()
        lines += block.count(b"\n")
    return first_byte, lines


def wait_for(process: subprocess.Popen[bytes], log: IO[bytes]) -> tuple[float, float]:
    """Wait for the end of a process.

    Returns:
        Its seconds of CPU in user and system mode, and its peak of memory in MiB or 0.

    Raises:
        RuntimeError: It failed; with the end of its log.
    """
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        log.seek(0)
        told = log.read()[-_TOLD_BYTES:].decode("utf-8", "replace")
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}:\n{told}")
    # Linux starts a process's peak with that of the process which started it.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss if usage.ru_maxrss > own else 0
    # In bytes on macOS, in KiB elsewhere.
    return usage.ru_utime + usage.ru_stime, peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def measure(commands: Mapping[str, Command], *, rounds: int, warm_up: bool = True) -> dict[str, list[Run]]:
    """Run commands in turn.

    Args:
        commands: What to run, by name.
        rounds: How often each runs.
        warm_up: Whether a round that does not count comes first: it compiles bytecode, as installing does.

    Returns:
        The runs of each, in order.
    """
    if warm_up:
        measure(commands, rounds=1, warm_up=False)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(command.run())
    return runs


def median(runs: Sequence[Run], figure: str) -> float:
    """Give the median of a figure, by its name in `Run`."""
    return float(statistics.median(getattr(run, figure) for run in runs))
