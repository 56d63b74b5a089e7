"""The generated export jobs and how their files are served."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from datetime import timedelta
from itertools import islice

import pytest
import requests

from gladly_emulator import AGENT_EMAIL, API_TOKEN, Emulator, GeneratedExports
from gladly_emulator.timestamps import instant_of, parse_instant

from .exported_files import NOW, ExportedFiles, read


def test_jobs_cover_the_last_14_days(exported_files: ExportedFiles) -> None:
    """Each hour of the last 14 days has one job, in no chronological order."""
    completed = [job for job in exported_files.jobs if job["status"] == "COMPLETED"]
    starts = [parse_instant(job["parameters"]["startAt"]) for job in completed]
    hour = 3_600 * 10**9

    assert 335 <= len(completed) <= 337
    assert sorted(starts) == list(range(min(starts), max(starts) + hour, hour))
    assert starts != sorted(starts)
    assert starts != sorted(starts, reverse=True)


def test_jobs_complete_two_hours_after_their_window(exported_files: ExportedFiles) -> None:
    """A job completes 2 to 2.25 hours after the end of its window."""
    for job in exported_files.jobs:
        if job["status"] == "COMPLETED":
            lag = parse_instant(job["updatedAt"]) - parse_instant(job["parameters"]["endAt"])

            assert 2 * 3_600 * 10**9 <= lag <= 2.25 * 3_600 * 10**9


def test_job_times_have_any_number_of_digits(exported_files: ExportedFiles) -> None:
    """The fraction of `updatedAt` has 0 to 9 digits."""
    digits = {len(job["updatedAt"].partition(".")[2].rstrip("Z")) for job in exported_files.jobs}

    assert digits == set(range(10))


@pytest.mark.parametrize("minutes", range(0, 60, 10))
def test_newest_jobs_are_unfinished(minutes: int) -> None:
    """At any time, the newest one or two jobs are unfinished and have no files."""
    jobs = GeneratedExports().jobs(NOW.replace(minute=minutes))
    jobs.sort(key=lambda job: str(job["parameters"]["startAt"]))
    unfinished = [job for job in jobs if job["status"] in {"PENDING", "IN_PROGRESS"}]

    assert 1 <= len(unfinished) <= 2
    assert unfinished == jobs[-len(unfinished) :]
    assert all(job["files"] == [] for job in unfinished)


def test_every_hour_completes_one_more_job() -> None:
    """After an hour, one more job is complete, and the other jobs don't change."""
    exports = GeneratedExports()
    before, after = (
        {job["id"]: job for job in exports.jobs(NOW + timedelta(hours=hours)) if job["status"] == "COMPLETED"}
        for hours in (0, 1)
    )

    assert len(after.keys() - before.keys()) == 1
    assert len(before.keys() - after.keys()) == 1
    assert all(before[job_id] == after[job_id] for job_id in before.keys() & after.keys())


def test_unfinished_and_unknown_jobs_have_no_files() -> None:
    """A file exists only once its job is complete, and only if the job lists it."""
    exports = GeneratedExports()
    (job, *_) = (job for job in exports.jobs(NOW) if job["status"] != "COMPLETED")
    name = "conversation_items.jsonl"

    assert exports.open_file(job["id"], name, now=NOW) is None
    assert exports.open_file("none", name, now=NOW) is None
    assert exports.open_file(job["id"], name, now=NOW - timedelta(days=30)) is None


def test_failed_jobs_are_optional() -> None:
    """By default no job is FAILED. A failed job has no files."""
    failed = [job for job in GeneratedExports(failed_every=24).jobs(NOW) if job["status"] == "FAILED"]

    assert 13 <= len(failed) <= 15
    assert all(job["files"] == [] for job in failed)
    assert not [job for job in GeneratedExports().jobs(NOW) if job["status"] == "FAILED"]


def test_removed_job_is_not_found() -> None:
    """A deleted job isn't listed, and its files aren't found."""
    exports = GeneratedExports()
    job = next(job for job in exports.jobs(NOW) if job["files"])
    exports.remove_job(job["id"])

    assert job not in exports.jobs(NOW)
    assert exports.open_file(job["id"], job["files"][0], now=NOW) is None


@pytest.mark.parametrize("day", range(7))
@pytest.mark.parametrize("seed", [0, 1])
def test_file_count_is_stable(day: int, seed: int) -> None:
    """14 days have about 430 files on any weekday: four per open hour, two per closed hour with email."""
    jobs = GeneratedExports(seed).jobs(NOW + timedelta(days=day, hours=3 * day))
    kinds = Counter(tuple(job["files"]) for job in jobs)

    assert 420 <= sum(len(job["files"]) for job in jobs) <= 440
    assert kinds["agents.jsonl", "conversation_items.jsonl", "customers.jsonl", "topics.jsonl"] in {
        89,
        90,
        91,
    }
    assert set(map(len, kinds)) == {0, 2, 4}


def test_files_depend_on_the_seed(exported_files: ExportedFiles) -> None:
    """The same seed exports the same records, and another seed exports others."""
    job = next(job for job in exported_files.jobs if len(job["files"]) == 4)
    same, other = GeneratedExports(), GeneratedExports(1)

    assert same.jobs(NOW) == exported_files.jobs
    assert not {job["id"] for job in other.jobs(NOW)} & {job["id"] for job in exported_files.jobs}
    for name in job["files"]:
        assert read(same, job["id"], name, NOW + timedelta(hours=20)) == exported_files.files[job["id"], name]


def test_huge_file_streams_with_flat_memory() -> None:
    """A file of any size starts at once, and memory doesn't grow with the bytes read."""
    exports = GeneratedExports(conversations_per_hour=1_000_000)
    job = next(job for job in exports.jobs(NOW) if len(job["files"]) == 4)
    pieces = exports.open_file(job["id"], "conversation_items.jsonl", now=NOW)
    assert pieces is not None
    size = sum(len(piece) for piece in islice(pieces, 30))
    tracemalloc.start()
    size += sum(len(piece) for piece in islice(pieces, 20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size > 3_000_000
    assert peak < 12_000_000


def test_small_organization_lists_empty_files() -> None:
    """With few conversations, an open hour without activity still lists its files."""
    exports = GeneratedExports(conversations_per_hour=0.5)
    sizes = {len(read(exports, job["id"], "customers.jsonl")) for job in exports.jobs(NOW) if job["files"]}

    assert {0, 1} <= sizes


def test_generated_exports_are_served_in_chunks() -> None:
    """A generated file uses chunked transfer encoding, and an hour later there is one more job."""
    exports = GeneratedExports()
    auth = (AGENT_EMAIL, API_TOKEN)
    with (
        Emulator(exports, clock=lambda: NOW, requests_per_second=None) as emulator,
        requests.Session() as session,
    ):
        url = f"{emulator.url}/api/v1/export"
        jobs = session.get(f"{url}/jobs?status=COMPLETED", auth=auth, timeout=20).json()
        job = next(job for job in jobs if job["files"])
        response = session.get(f"{url}/jobs/{job['id']}/files/customers.jsonl", auth=auth, timeout=20)
        schedule = session.get(f"{url}/schedules", auth=auth, timeout=20).json()[0]
        emulator.advance(timedelta(hours=1))
        later = session.get(f"{url}/jobs?status=COMPLETED", auth=auth, timeout=20).json()

    assert response.headers["Transfer-Encoding"] == "chunked"
    assert [json.loads(line) for line in response.content.split(b"\n")[:-1]] == read(
        exports, job["id"], "customers.jsonl"
    )
    assert schedule["id"] == job["scheduleId"]
    assert parse_instant(schedule["nextStartAt"]) < instant_of(NOW)
    assert len({job["id"] for job in later} - {job["id"] for job in jobs}) == 1
