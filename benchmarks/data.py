"""Export files to measure with: the emulator's lines, made once and kept on disk."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from gladly_emulator import GeneratedExports

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / ".data"
MIB = 1024 * 1024
NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)

_SEED = 7
_CONVERSATIONS_PER_HOUR = 20_000
_MOST_BYTES = 128 * MIB
"""Past this the same lines come again: it is their length that counts."""


def make_file(stream: str, size: int) -> Path:
    """Make a file of whole lines, about `size` bytes long, unless it is there from before."""
    path = FOLDER / f"{stream}-{size // 1024}k.jsonl"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        # In a process of its own: this one has to stay smaller than what it measures, see measure.py.
        subprocess.run(
            [sys.executable, "-m", "benchmarks.data", stream, str(size), path], cwd=ROOT, check=True
        )
    return path


def make_empty_file() -> Path:
    """Make a file without lines."""
    path = FOLDER / "empty.jsonl"
    FOLDER.mkdir(exist_ok=True)
    path.write_bytes(b"")
    return path


def count_lines(path: Path) -> int:
    """Count the lines of a file, without holding it."""
    with path.open("rb") as lines:
        return sum(1 for _ in lines)


def _write_file(stream: str, size: int, path: Path) -> None:
    lines = _make_lines(stream, min(size, _MOST_BYTES))
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        for _ in range(max(1, round(size / len(lines)))):
            file.write(lines)
    part.rename(path)


def _make_lines(stream: str, size: int) -> bytes:
    exports = GeneratedExports(_SEED, conversations_per_hour=_CONVERSATIONS_PER_HOUR)
    content = bytearray()
    for job in exports.jobs(NOW):
        for piece in exports.open_file(job["id"], f"{stream}.jsonl", now=NOW) or ():
            content += piece
            if len(content) >= size:
                return bytes(content[: content.rindex(b"\n", 0, size) + 1])
    return bytes(content)


if __name__ == "__main__":
    _write_file(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
