"""Hashes of rows that have no id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import StaticExports

NOON = "2026-11-24T12:00:30Z"
EVENTS = "conversation_timestamps_report"


def list_hashes(run: Sync, stream: str = EVENTS) -> list[str]:
    """Return the `_row_hash` of each row of a stream."""
    return [row["_row_hash"] for row in run.rows(stream)]


@pytest.mark.parametrize(
    "body",
    [
        b"Conversation ID,Event Type\nv1,NOTE/CREATED\n",
        b"Event Type,Conversation ID\r\nNOTE/CREATED,v1\r\n",
        b"\xef\xbb\xbf Event Type ,  conversation id\nNOTE/CREATED,v1",
        b"\r\n\r\nTimezone Filter,Conversation ID,Topic ID,Event Type\r\nUTC,v1,,NOTE/CREATED\r\n\r\n",
        b"Conversation ID,Event Type,Inboxes Filter\nv1,NOTE/CREATED,i1\n",
    ],
)
def test_hash_depends_on_cells_only(sync_events: Callable[[Any], Sync], body: bytes) -> None:
    """Column order, padding, empty cells and the echoed filters make no difference."""
    assert list_hashes(sync_events(body)) == ["8964ae3d299eb5631d2172367366ebee"]


def test_hash_distinguishes_rows(sync_events: Callable[[Any], Sync]) -> None:
    """A different cell, or the same cell in another column, changes the hash."""
    rows = [
        {"Conversation ID": "v1", "Customer ID": "c1"},
        {"Conversation ID": "v1", "Customer ID": "c2"},
        {"Conversation ID": "c1", "Customer ID": "v1"},
        {"Conversation ID": "v1", "New Column": "c1"},
    ]

    assert len(set(list_hashes(sync_events(rows)))) == 4


def test_hash_distinguishes_identical_rows(sync_events: Callable[[Any], Sync]) -> None:
    """The second of two identical rows has its own hash, independent of the order of rows."""
    rows = [
        {"Timestamp": "2026-11-24T01:00:00Z", "Conversation ID": name} for name in ["v1"] * 3 + ["v2"] * 2
    ]
    first = list_hashes(sync_events(rows))
    rows = rows[::2] + rows[1::2]

    again = list_hashes(sync_events(rows))

    assert len(set(first)) == 5
    assert set(again) == set(first)


def test_hash_excludes_mutable_columns(sync_report: Callable[..., Sync]) -> None:
    """End, duration and context of a span are filled in later and do not change the hash."""
    row = {"Agent ID": "a1", "Agent": "Oda", "Start time": "2026-11-24T09:10:05.000Z", "Type": "AWAY"}
    ended = {**row, "End time": "2026-11-24T09:20:05.000Z", "Duration (mins)": "10", "Context": "IDLE"}
    stream, metric_set = "agent_durations_report_v2", "AgentDurationsReportV2"

    first, second = sync_report(stream, metric_set, [row]), sync_report(stream, metric_set, [ended])

    assert list_hashes(first, stream) == list_hashes(second, stream)
    assert second.rows(stream)[0]["duration_mins"] == 10


def test_deselected_column_counts_in_the_hash(
    exports: StaticExports,
    report_clock: Callable[[str], None],
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
) -> None:
    """A deselected column is not sent, but its cells still affect the hash."""
    report_clock(NOON)
    exports.reports.put("AgentTimestampsReport", [{"Agent ID": "a1", "Agent": "Oda"}, {"Agent ID": "a1"}])
    selected = catalog("agent_timestamps_report")
    for item in catalog_entry(selected, "agent_timestamps_report")["metadata"]:
        if item["breadcrumb"] == ["properties", "agent"]:
            item["metadata"]["selected"] = False

    rows = sync(catalog=selected, start_date="2026-11-24").rows("agent_timestamps_report")

    assert not any("agent" in row for row in rows)
    assert len({row["_row_hash"] for row in rows}) == 2
