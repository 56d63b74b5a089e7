"""CPU time of a sync, beside a bare loop, the SDK's own path, and a plain way to read lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.data import FOLDER, JOB_ID, MIB, make_file, serve
from benchmarks.measure import Command, measure, median

SIZES = {"conversation_items": 107 * MIB, "customers": 40 * MIB, "agents": 20 * MIB, "topics": 20 * MIB}
PYTHON = sys.executable
TAP = str(Path(PYTHON).with_name("tap-gladly"))


def run_stream(stream: str, size: int, *, rounds: int) -> dict[str, Any]:
    """Measure one stream: seconds of CPU without start-up, and ratios to the bare loop."""
    path = make_file(stream, size)
    empty = FOLDER / "empty.jsonl"
    empty.write_bytes(b"")
    name = f"{stream}.jsonl"
    with serve({name: path}) as settings, serve({name: empty}) as nothing:
        runs = measure(
            _make_commands(stream, path, settings) | _make_commands(stream, empty, nothing, suffix=" idle"),
            rounds=rounds,
        )
    contenders = [contender for contender in runs if not contender.endswith(" idle")]
    seconds = {
        contender: median(runs[contender], "cpu_seconds") - median(runs[f"{contender} idle"], "cpu_seconds")
        for contender in contenders
    }
    return {
        "stream": stream,
        "mib": path.stat().st_size / MIB,
        "lines": path.read_bytes().count(b"\n"),
        "seconds": seconds,
        "to_bare": {contender: value / seconds["bare"] for contender, value in seconds.items()},
    }


def _make_commands(
    stream: str, path: Path, settings: dict[str, str], *, suffix: str = ""
) -> dict[str, Command]:
    environment = {f"TAP_GLADLY_{name.upper()}": value for name, value in settings.items()}
    url = f"{settings['api_url']}/api/v1/export/jobs/{JOB_ID}0/files/{stream}.jsonl"
    contender = [PYTHON, "-m", "benchmarks.contenders"]
    commands = {
        "tap": Command([TAP, "--config=ENV"], environment),
        "tap unbuffered": Command([TAP, "--config=ENV"], {**environment, "PYTHONUNBUFFERED": "1"}),
        "bare": Command([*contender, "bare", stream, str(path)], {}),
        "sdk": Command([*contender, "sdk", stream, str(path)], environment),
        "requests": Command([*contender, "requests", stream, url], environment),
    }
    return {f"{name}{suffix}": command for name, command in commands.items()}


if __name__ == "__main__":
    for _stream in sys.argv[2:] or SIZES:
        result = run_stream(_stream, SIZES[_stream], rounds=int(sys.argv[1]))
        print(result["stream"], result["lines"], {k: round(v, 3) for k, v in result["seconds"].items()})
        print({k: round(v, 2) for k, v in result["to_bare"].items()}, flush=True)
