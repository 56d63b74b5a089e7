"""Resuming a run that was cut off at any message or byte."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import FILE_STREAMS, Message, Sync, replay, rows_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import StaticExports


@pytest.fixture
def three_jobs(exports: StaticExports) -> StaticExports:
    """Serve three jobs whose files have one to three rows and a malformed line each."""
    for number in range(1, 4):
        files = {
            f"{stream}.jsonl": rows_named(*(f"{stream[:2]}{row}" for row in range(number))) + b"not a row\n"
            for stream in FILE_STREAMS
        }
        exports.add_job(f"job{number}", f"2026-11-20T0{number}:00:00.{number}Z", files)
    return exports


def identify(message: Message) -> tuple[str, ...]:
    """Return what identifies a RECORD: stream, id, job, and the line if it is malformed."""
    row = message["record"]
    line = f"{row['file']}:{row['line_number']}" if "file" in row else ""
    return (message["stream"], row.get("id", ""), row.get("_job_id", ""), line)


@pytest.mark.usefixtures("three_jobs")
def test_no_state_covers_rows_not_yet_sent(sync: Callable[..., Sync]) -> None:
    """A STATE lists a job only after all of its rows were sent."""
    messages = sync().messages
    rows = Counter(identify(message)[::2] for message in messages if message["type"] == "RECORD")

    sent: Counter[tuple[str, ...]] = Counter()
    states = 0
    for message in messages:
        if message["type"] == "RECORD":
            sent[identify(message)[::2]] += 1
        if message["type"] == "STATE":
            states += 1
            for stream in set(message["value"]["bookmarks"]) - {"jobs"}:
                for job_id in message["value"]["bookmarks"][stream]["jobs_read"]:
                    assert sent[stream, job_id] == rows[stream, job_id]
    assert states == 3


@pytest.mark.usefixtures("three_jobs")
def test_state_follows_each_job(sync: Callable[..., Sync]) -> None:
    """A STATE separates the rows of two jobs, and none interrupts the rows of one job."""
    kinds = [
        message["record"]["_job_id"] if message["type"] == "RECORD" else "STATE"
        for message in sync().messages
        if message["type"] == "STATE" or message.get("record", {}).get("_job_id")
    ]

    assert [kind for kind, _ in groupby(kinds)] == ["job1", "STATE", "job2", "STATE", "job3", "STATE"]


@pytest.mark.usefixtures("three_jobs")
def test_run_cut_after_any_message_resumes(sync: Callable[..., Sync]) -> None:
    """After a cut anywhere, the next run loses nothing and repeats at most one file per stream."""
    clean = sync().messages
    wanted = Counter(identify(message) for message in clean if message["type"] == "RECORD")

    for length in range(len(clean) + 1):
        sent_before_cut = clean[:length]
        resumed = sync(state=replay(sent_before_cut)).messages
        got = Counter(
            identify(message) for message in [*sent_before_cut, *resumed] if message["type"] == "RECORD"
        )
        repeated = got - wanted
        assert set(got) == set(wanted)
        assert all(count == 1 for count in repeated.values())
        files = {(stream, job_id) for stream, _, job_id, _ in repeated if stream != "malformed_lines"}
        assert len(files) == len({stream for stream, _ in files})


@pytest.mark.usefixtures("three_jobs")
def test_state_survives_json(sync: Callable[..., Sync]) -> None:
    """A STATE survives a round trip through JSON, and is smaller than 16 KB."""
    state = sync().state

    text = json.dumps(state)
    assert json.loads(text) == state
    assert len(text) < 16 * 1024


@pytest.mark.usefixtures("three_jobs")
@given(share=st.floats(0, 1))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_run_cut_at_any_byte_resumes(sync: Callable[..., Sync], share: float) -> None:
    """A run resumed from the last complete STATE line sends every row that is missing."""
    output = sync().output
    wanted = {identify(message) for message in Sync(output).of_type("RECORD")}
    sent_before_cut = Sync(output[: int(len(output) * share)].rpartition("\n")[0])

    resumed = sync(state=sent_before_cut.state)

    assert {
        identify(message) for message in sent_before_cut.of_type("RECORD") + resumed.of_type("RECORD")
    } == wanted
