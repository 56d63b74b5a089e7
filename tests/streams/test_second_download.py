"""The better of two downloads, if the first one looks truncated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import HOUR, ago, jsonl, make_event, rows_named

from gladly_emulator import Emulator, Fault, StaticExports

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

GOOD = rows_named("c1", "c2", "c3")
CUT = GOOD + b'{"id":"c4","na'
MALFORMED = b'["x"]\n{"name":"x"}\n'


@pytest.mark.parametrize(
    ("first", "second", "ids", "malformed"),
    [
        (CUT, b"", ["c1", "c2", "c3"], 1),
        (CUT, b"\n", ["c1", "c2", "c3"], 1),
        (CUT, rows_named("c1"), ["c1", "c2", "c3"], 1),
        (CUT, GOOD, ["c1", "c2", "c3"], 0),
        (CUT, GOOD + rows_named("c4"), ["c1", "c2", "c3", "c4"], 0),
        (CUT, CUT, ["c1", "c2", "c3"], 1),
        (MALFORMED, b"", [], 2),
        (MALFORMED, GOOD, ["c1", "c2", "c3"], 0),
    ],
    ids=[
        "empty",
        "blank",
        "fewer records",
        "complete",
        "more records",
        "the same",
        "malformed then empty",
        "malformed then good",
    ],
)
def test_better_of_two_files_is_loaded(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    *,
    first: bytes,
    second: bytes,
    ids: list[str],
    malformed: int,
) -> None:
    """The file with more records counts; with as many, the complete one."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": second})
    emulator.faults.add(Fault("body", path="customers", body=first))

    run = sync()

    assert run.ids("customers") == ids
    assert len(run.rows("malformed_lines")) == malformed


@pytest.mark.parametrize("status", [404, 410])
def test_first_file_is_loaded_if_it_is_gone_afterwards(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], status: int
) -> None:
    """A file that expires between the two downloads keeps what the first one had."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": CUT})
    emulator.faults.add(Fault("status", path="customers", status=status, after=1))

    run = sync()

    assert run.ids("customers") == ["c1", "c2", "c3"]


def test_file_is_not_loaded_if_its_second_download_fails(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """An outage says nothing about the file, so the next run starts over with it."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": CUT})
    emulator.faults.add(Fault("status", path="customers", status=500, after=1, times=None))

    run = sync(should_fail=True)

    assert run.ids("customers") == []
    assert "customers" not in run.state.get("bookmarks", {})


def test_better_of_two_responses_with_events_is_loaded(
    exports: StaticExports, emulator: Emulator, sync_events: Callable[..., Sync]
) -> None:
    """Events follow the same rule as files."""
    rows = jsonl(*(make_event(f"e{number}", ago(HOUR)) for number in range(3)))
    exports.events.add(make_event("e0", ago(HOUR)))
    emulator.faults.add(Fault("body", path="events", body=rows + b'{"id":"e'))

    run = sync_events()

    assert run.ids("events") == ["e0", "e1", "e2"]
