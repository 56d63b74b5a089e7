"""Commands measured as whole processes, in turn, so that what slows the machine slows all of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Run:
    """One run of a command."""

    cpu_seconds: float
    seconds: float
    first_byte_seconds: float
    peak_mib: float
    output_bytes: int


@dataclass(frozen=True)
class Command:
    """A command and its environment."""

    arguments: Sequence[str]
    environment: Mapping[str, str]

    def run(self) -> Run:
        """Run it, read what it prints and throw it away.

        Raises:
            RuntimeError: It failed.
        """
        # Bytecode is compiled once, as installing does.
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ".", **self.environment}
        started = time.perf_counter()
        first, size = 0.0, 0
        with subprocess.Popen(
            self.arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout  # noqa: S101
            while block := os.read(process.stdout.fileno(), 1 << 20):
                first = first or time.perf_counter() - started
                size += len(block)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(self.arguments)} ended with {process.returncode}")
        return Run(
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            seconds=time.perf_counter() - started,
            first_byte_seconds=first,
            peak_mib=usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024),
            output_bytes=size,
        )


def measure(commands: Mapping[str, Command], *, rounds: int) -> dict[str, list[Run]]:
    """Run commands in turn, after a round that does not count.

    Returns:
        The runs of each, in order.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            run = command.run()
            if number:
                runs[name].append(run)
    return runs


def median(runs: Sequence[Run], figure: str) -> float:
    """Give the median of a figure, by its name in `Run`."""
    return float(statistics.median(getattr(run, figure) for run in runs))
