"""Jobs with windows on November 20, 2026, and times before the stopped clock of these tests."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from support import rows_named

if TYPE_CHECKING:
    from gladly_emulator import StaticExports

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def at(**ago: float) -> str:
    """Return a timestamp before now."""
    return (NOW - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_window(exports: StaticExports, job_id: str, start: str, end: str, **more: Any) -> None:
    """Add a job of 20 November with a window between two times of the day."""
    day = "2026-11-20T"
    exports.add_job(
        job_id,
        more.pop("updated_at", f"{day}{end}Z"),
        {"customers.jsonl": rows_named(job_id)} if more.get("status", "COMPLETED") == "COMPLETED" else {},
        start_at=f"{day}{start}Z",
        end_at=f"{day}{end}Z",
        **more,
    )
