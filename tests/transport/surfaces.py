"""One of each kind of endpoint, with a small response."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

from support import MINUTE

from tap_gladly.timestamps import format_instant

JOB = {
    "id": "j1",
    "status": "COMPLETED",
    "updatedAt": "2026-11-20T07:00:00Z",
    "scheduleId": "s",
    "parameters": {"type": "EXPORT", "startAt": "2026-11-20T05:00:00Z", "endAt": "2026-11-20T06:00:00Z"},
    "files": ["topics.jsonl"],
}


class Surface(NamedTuple):
    """One kind of endpoint."""

    stream: str
    path: str
    body: bytes
    ids: list[str]
    key: str = "id"
    job_list: bytes = b"[]"
    end_date: str | None = None


def make_surfaces() -> list[Surface]:
    """Return one of each kind of endpoint, with a body of two rows; for the job list, one job."""
    instants = [format_instant(time.time_ns() - minutes * MINUTE) for minutes in (50, 40)]
    events = [
        {"id": f"e{number}", "type": "CONTACT/STARTED", "timestamp": it} for number, it in enumerate(instants)
    ]
    return [
        Surface(
            "topics",
            "/export/jobs/j1/files/topics.jsonl",
            b'{"id":"t1"}\n{"id":"t2"}\n',
            ["t1", "t2"],
            job_list=json.dumps([JOB]).encode(),
        ),
        Surface("jobs", "/export/jobs", json.dumps([JOB]).encode(), ["j1"]),
        Surface("teams", "/teams", b'[{"id":"a"},{"id":"b"}]', ["a", "b"]),
        Surface(
            "events", "/events", b"".join(json.dumps(it).encode() + b"\n" for it in events), ["e0", "e1"]
        ),
        Surface(
            "agent_timestamps_report",
            "/reports",
            b"Timestamp,Agent ID\r\n2026-11-20T01:00:00Z,a1\r\n2026-11-20T02:00:00Z,a2\r\n",
            ["a1", "a2"],
            key="agent_id",
            end_date="2026-11-20",
        ),
    ]


# Not imported by a conftest.py, which pytest may load before it shifts the clock.
SURFACES = make_surfaces()
NAMES = [surface.stream for surface in SURFACES]
