"""A run that is cut short, anywhere, and the one that goes on from it."""

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
    """Three jobs with all files, of one to three rows, and some lines that are none."""
    for number in range(1, 4):
        files = {
            f"{stream}.jsonl": rows_named(*(f"{stream[:2]}{row}" for row in range(number))) + b"not a row\n"
            for stream in FILE_STREAMS
        }
        exports.add_job(f"job{number}", f"2026-11-20T0{number}:00:00.{number}Z", files)
    return exports


def placed(message: Message) -> tuple[str, ...]:
    """Tell a RECORD from all others: its stream, its key and the job it came from."""
    row = message["record"]
    line = f"{row['file']}:{row['line_number']}" if "file" in row else ""
    return (message["stream"], row.get("id", ""), row.get("_job_id", ""), line)


@pytest.mark.usefixtures("three_jobs")
def test_no_state_covers_rows_not_yet_sent(sync: Callable[..., Sync]) -> None:
    """Whatever a STATE calls read has been sent whole before it."""
    messages = sync().messages
    rows = Counter(placed(message)[::2] for message in messages if message["type"] == "RECORD")

    sent: Counter[tuple[str, ...]] = Counter()
    states = 0
    for message in messages:
        if message["type"] == "RECORD":
            sent[placed(message)[::2]] += 1
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
    wanted = Counter(placed(message) for message in clean if message["type"] == "RECORD")

    for length in range(len(clean) + 1):
        begun = clean[:length]
        gone_on = sync(state=replay(begun)).messages
        got = Counter(placed(message) for message in [*begun, *gone_on] if message["type"] == "RECORD")
        repeated = got - wanted
        assert set(got) == set(wanted)
        assert all(count == 1 for count in repeated.values())
        files = {(stream, job_id) for stream, _, job_id, _ in repeated if stream != "malformed_lines"}
        assert len(files) == len({stream for stream, _ in files})


@pytest.mark.usefixtures("three_jobs")
def test_state_survives_json(sync: Callable[..., Sync]) -> None:
    """What is sent as STATE and read back is the same state, under 16 KB."""
    state = sync().state

    text = json.dumps(state)
    assert json.loads(text) == state
    assert len(text) < 16 * 1024


@pytest.mark.usefixtures("three_jobs")
@given(share=st.floats(0, 1))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_run_cut_at_any_byte_resumes(sync: Callable[..., Sync], share: float) -> None:
    """A line that was torn is no line; from the last whole STATE on, nothing is lost."""
    output = sync().output
    wanted = {placed(message) for message in Sync(output).of_type("RECORD")}
    begun = Sync(output[: int(len(output) * share)].rpartition("\n")[0])

    gone_on = sync(state=begun.state)

    assert {placed(message) for message in begun.of_type("RECORD") + gone_on.of_type("RECORD")} == wanted
