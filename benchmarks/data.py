"""Export files to measure with: made by the emulator once, kept on disk, served from there."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from gladly_emulator import Emulator, GeneratedExports, StaticExports

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / ".data"
SEED = 7
CONVERSATIONS_PER_HOUR = 20_000
JOB_ID = "vZgCEQlDR6aQz_0HeWZ9_Q"
MIB = 1024 * 1024


def make_file(stream: str, size: int) -> Path:
    """Make a file of whole lines, about `size` bytes long, unless it is there from before."""
    path = FOLDER / f"{stream}-{size // MIB}.jsonl"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        lines = _make_lines(stream, size)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            for _ in range(max(1, size // len(lines))):
                file.write(lines)
        part.rename(path)
    return path


def _make_lines(stream: str, size: int) -> bytes:
    # Past some hundred megabytes the same lines come again: it is their length that counts.
    most = min(size, 128 * MIB)
    exports = GeneratedExports(seed=SEED, conversations_per_hour=CONVERSATIONS_PER_HOUR)
    now = datetime.now(timezone.utc)
    content = bytearray()
    for job in exports.jobs(now):
        body = exports.open_file(job["id"], f"{stream}.jsonl", now=now)
        for piece in body or ():
            content += piece
            if len(content) >= most:
                return bytes(content[: content.rindex(b"\n") + 1])
    return bytes(content)


class FilesOnDisk(StaticExports):
    """One finished job, whose files are read from disk as they are asked for."""

    def __init__(self, files: dict[str, Path], *, jobs: int = 1) -> None:
        super().__init__()
        self._paths = files
        for number in range(jobs):
            moment = f"2026-11-20T07:{number // 60:02}:{number % 60:02}Z"
            self.add_job(f"{JOB_ID}{number}", moment, dict.fromkeys(files, b""))

    @override
    def open_file(  # type: ignore[override]
        self, job_id: str, name: str, *, now: datetime
    ) -> bytes | Iterator[bytes] | None:
        path = self._paths[name]
        if path.stat().st_size <= 128 * MIB:
            return path.read_bytes()
        return self._iter_pieces(path)

    @staticmethod
    def _iter_pieces(path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(MIB):
                yield piece


@contextmanager
def serve(files: dict[str, Path], *, jobs: int = 1, latency: float = 0) -> Iterator[dict[str, str]]:
    """Serve files from a process of its own; give the settings with which the tap reads them."""
    arguments = [f"{name}={path}" for name, path in files.items()]
    command = [sys.executable, "-m", "benchmarks.data", f"{jobs}", f"{latency}", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout  # noqa: S101
        try:
            yield dict(line.strip().split("=", 1) for line in iter(server.stdout.readline, "\n"))
        finally:
            server.terminate()


if __name__ == "__main__":
    _jobs, _latency, *_files = sys.argv[1:]
    _paths = {name: Path(path) for name, path in (argument.split("=", 1) for argument in _files)}
    with Emulator(FilesOnDisk(_paths, jobs=int(_jobs)), requests_per_second=None) as _emulator:
        print("".join(f"{name}={value}\n" for name, value in _emulator.settings.items()), flush=True)
        sys.stdin.read()
