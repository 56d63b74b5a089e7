"""The run summary of export streams: what was loaded, and the newest window."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from support import FILE_STREAMS, LISTS

from gladly_emulator import Fault

from .job_windows import add_window, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

pytestmark = pytest.mark.usefixtures("stopped_clock")


def test_summary_has_everything(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The last line counts what was done, in words and, for structured logging, as fields."""
    body = b'{"id":"c1","tier":"oak"}\n{\n{"id":"c2"}\n'
    exports.add_job("j1", at(hours=3), {"customers.jsonl": body}, start_at=at(hours=6), end_at=at(hours=5))
    exports.add_job("j2", at(hours=2), status="PENDING", start_at=at(hours=5), end_at=at(hours=4))
    emulator.faults.add(Fault("status", status=503, path="files"))

    sync()

    record = next(record for record in log.records if hasattr(record, "summary"))
    summary = record.summary
    age = summary.pop("newest_window_age_seconds")
    assert age == 5 * 3600
    assert summary.pop("retry_seconds") > 0
    assert summary.pop("duration_seconds") >= 0
    assert summary == {
        "jobs_listed": 2,
        "jobs_loaded": 1,
        "jobs_skipped": 1,
        "rows": {"jobs": 2, **dict.fromkeys((*FILE_STREAMS, *LISTS), 0), "customers": 2},
        "rows_sent": {"jobs": 2, **dict.fromkeys((*FILE_STREAMS, *LISTS), 0), "customers": 2},
        "bytes": {**dict.fromkeys(FILE_STREAMS, 0), "customers": len(body)},
        "malformed_lines": 1,
        "unknown_properties": {"customers": ["tier"]},
        "unexpected_types": {},
        "retries": 1,
        "newest_window_end": at(hours=5).replace("Z", ".000000Z"),
        "failed_streams": [],
    }
    line = record.getMessage()
    assert re.search(r"Jobs listed 2, loaded 1, skipped 1; rows: .*customers 2, jobs 2, .*retries 1", line)
    assert "5.0 h ago" in line
    json.dumps(summary)


def test_summary_of_a_run_with_nothing_new_knows_the_newest_window(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The summary has the age of the data even if the run loads nothing."""
    exports.add_job("j1", at(hours=3), {"customers.jsonl": b""}, start_at=at(hours=6), end_at=at(hours=5))
    first = sync()
    log.clear()

    sync(state=first.state)

    assert "newest loaded window ended" in log.text
    assert "5.0 h ago" in log.text


def test_summary_names_the_newest_window_loaded(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A regenerated job with an older window doesn't count, and neither does a job after `end_date`."""
    add_window(exports, "a", "08:00:00", "09:00:00", updated_at="2026-11-20T11:00:00Z")
    add_window(exports, "again", "01:00:00", "02:00:00", updated_at="2026-11-20T12:00:00Z")
    add_window(exports, "later", "09:00:00", "10:00:00", updated_at="2026-11-20T13:00:00Z")

    sync(end_date="2026-11-20T12:30:00Z")

    assert "newest loaded window ended 2026-11-20T09:00:00.000000Z" in log.text
