"""An emulator in a separate process that serves files from disk: `python -m benchmarks.serving NAME=PATH...`."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from benchmarks.data import MIB, NOW, ROOT
from gladly_emulator import Emulator, StaticExports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

JOB_ID = "vZgCEQlDR6aQz_0HeWZ9_Q"

_WHOLE_BYTES = 128 * MIB
"""Files up to this size are sent with a Content-Length, larger ones in chunks."""


@contextmanager
def serve(files: dict[str, Path]) -> Iterator[dict[str, str]]:
    """Serve files of one completed job, without a rate limit.

    Yields:
        The environment in which the tap reads them.
    """
    arguments = [f"{name}={path}" for name, path in files.items()]
    command = [sys.executable, "-m", "benchmarks.serving", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout  # noqa: S101 - it is a pipe
        try:
            yield dict(line.rstrip().split("=", 1) for line in iter(server.stdout.readline, "\n"))
        finally:
            server.terminate()


def make_environment(settings: dict[str, str]) -> dict[str, str]:
    """Return the settings as environment variables."""
    return {f"TAP_GLADLY_{name.upper()}": value for name, value in settings.items()}


class _FilesOnDisk(StaticExports):
    """One completed job, whose files are read from disk on demand."""

    def __init__(self, files: dict[str, Path]) -> None:
        super().__init__()
        self._paths = files
        self.add_job(JOB_ID, "2026-11-20T07:15:19.072729Z", dict.fromkeys(files, b""))

    @override
    def open_file(  # type: ignore[override]  # the protocol allows chunks
        self, job_id: str, name: str, *, now: datetime
    ) -> bytes | Iterator[bytes] | None:
        path = self._paths[name]
        return path.read_bytes() if path.stat().st_size <= _WHOLE_BYTES else _iter_chunks(path)


def _iter_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(MIB):
            yield chunk


def _main() -> None:
    files = dict(argument.split("=", 1) for argument in sys.argv[1:])
    exports = _FilesOnDisk({name: Path(path) for name, path in files.items()})
    with Emulator(exports, clock=lambda: NOW, requests_per_second=None) as emulator:
        for name, value in make_environment(emulator.settings).items():
            print(f"{name}={value}")
        print(flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main()
