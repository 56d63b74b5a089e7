"""The SQL in docs/reports.md."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "reports.md"


def test_status_query_follows_late_events() -> None:
    """The latest event decides about OPEN and CLOSED. MERGED, and rows without an event, stay the same."""
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    conversations = [("v1", "OPEN"), ("v2", "OPEN"), ("v3", "CLOSED"), ("v4", "MERGED"), ("v5", "OPEN")]
    events = [
        ("v1", "2026-10-01T00:00:00Z", "CONVERSATION/REOPENED"),
        ("v1", "2026-11-20T00:00:00Z", "CONVERSATION/CLOSED"),
        ("v1", "2026-11-21T00:00:00Z", "NOTE/CREATED"),
        ("v2", "2026-10-01T00:00:00Z", "CONVERSATION/CLOSED"),
        ("v2", "2026-11-20T00:00:00Z", "CONVERSATION/REOPENED"),
        ("v3", "2026-11-20T00:00:00Z", "CONVERSATION/REOPENED"),
        ("v4", "2026-11-20T00:00:00Z", "CONVERSATION/CLOSED"),
    ]
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE conversation_export_report (conversation_id, status)")
    database.executemany("INSERT INTO conversation_export_report VALUES (?, ?)", conversations)
    database.execute("CREATE TABLE conversation_timestamps_report (conversation_id, timestamp, event_type)")
    database.executemany("INSERT INTO conversation_timestamps_report VALUES (?, ?, ?)", events)

    statuses = dict(database.execute(query).fetchall())
    database.close()

    assert statuses == {"v1": "CLOSED", "v2": "OPEN", "v3": "OPEN", "v4": "MERGED", "v5": "OPEN"}
