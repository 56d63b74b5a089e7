"""Many small files with a delay, at Gladly's 10 requests per second: duration by parallel downloads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from itertools import product

from benchmarks.data import MIB, NOW, make_file
from benchmarks.measure import TAP, Command
from benchmarks.results import Options, Row, save_results
from benchmarks.serving import make_environment
from gladly_emulator import Emulator, Fault, StaticExports

STREAMS = ("agents", "conversation_items", "customers", "topics")
JOBS = 14 * 24
# Sequential downloads take long, and a quarter of the jobs shows the same ratio.
SERIAL_JOBS = JOBS // 4
QUICK_PART = 12
DELAYS = (0.05, 0.2, 0.4)
PARALLEL = (1, 6, 20)
REQUESTS_PER_SECOND = 10
LINES = 10


def main() -> None:
    """Run all combinations at the same time, because they mostly wait."""
    options = Options.read(__doc__)
    files = {f"{stream}.jsonl": make_small_file(stream) for stream in STREAMS}
    cells = list(product(DELAYS, PARALLEL))
    part = QUICK_PART if options.quick else 1

    def run(number: int) -> Row:
        delay, parallel = cells[number]
        time.sleep(number)  # start the processes one after another
        jobs = (SERIAL_JOBS if parallel == 1 else JOBS) // part
        return measure_cell(delay, parallel, exports=make_exports(jobs, files))

    with ThreadPoolExecutor(len(cells)) as pool:
        rows = list(pool.map(run, range(len(cells))))
    save_results("latency", rows, options)


def make_small_file(stream: str) -> bytes:
    """Return a file with a few lines."""
    with make_file(stream, MIB).open("rb") as lines:
        return b"".join(line for line, _ in zip(lines, range(LINES), strict=False))


def make_exports(jobs: int, files: dict[str, bytes]) -> StaticExports:
    """Return hourly jobs with the same files."""
    exports = StaticExports()
    for number in range(jobs):
        moment = NOW - timedelta(hours=jobs - number)
        exports.add_job(f"job-{number}", f"{moment:%Y-%m-%dT%H:%M:%SZ}", files)
    return exports


def measure_cell(delay: float, parallel: int, *, exports: StaticExports) -> Row:
    """Run the tap once."""
    with Emulator(exports, clock=lambda: NOW, requests_per_second=REQUESTS_PER_SECOND) as emulator:
        emulator.faults.add(Fault("delay", times=None, seconds=delay))
        environment = make_environment(emulator.settings)
        run = Command(TAP, environment | {"TAP_GLADLY_MAX_PARALLEL_DOWNLOADS": str(parallel)}).run()
        statuses = [request.status for request in emulator.requests]
    allowed = len(statuses) / REQUESTS_PER_SECOND
    return {
        "answers late by, ms": round(delay * 1000),
        "max_parallel_downloads": parallel,
        "requests": len(statuses),
        "refused (429)": statuses.count(HTTPStatus.TOO_MANY_REQUESTS),
        "limit alone, s": allowed,
        "run, s": run.seconds,
        "run : limit alone": run.seconds / allowed,
    }


if __name__ == "__main__":
    main()
