"""Keys of report rows: hashes that are never empty, whatever the key columns hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry, stream_metadata

from tap_gladly.tap import TapGladly

from .report_rows import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

SESSIONS = "work_session_events_report_v4"
SUMMARY = "agent_summary_v2"


def session(contact_id: str, agent_id: str) -> dict[str, str]:
    """Return a row of WorkSessionEventsReportV4."""
    ended = "2026-11-24T09:00:00Z"
    return {"contact_session_id": contact_id, "agent_id": agent_id, "contact_session_ended_at": ended}


@pytest.fixture
def read_sessions(exports: StaticExports, sync_streams: Callable[..., Sync]) -> Callable[..., Sync]:
    """Load one window of work sessions."""

    def run(*rows: dict[str, str]) -> Sync:
        exports.reports.put("WorkSessionEventsReportV4", rows)
        return sync_streams(SESSIONS, start_date="2026-11-24")

    return run


def test_work_sessions_are_keyed_by_a_hash(read_sessions: Callable[..., Sync]) -> None:
    """A session without an agent has a null `agent_id` and a key of its own."""
    run = read_sessions(session("s1", ""), session("s1", "a1"), session("s2", ""))

    (schema,) = run.of_type("SCHEMA")
    assert schema["key_properties"] == ["_row_key"]
    assert [row["agent_id"] for row in run.rows(SESSIONS)] == [None, "a1", None]
    assert len({row["_row_key"] for row in run.rows(SESSIONS)}) == 3


def test_row_key_depends_on_key_columns_only(read_sessions: Callable[..., Sync]) -> None:
    """A row that changed keeps its key."""
    first = read_sessions(session("s1", "a1"))
    again = read_sessions({**session("s1", "a1"), "status": "ANSWERED"})

    assert first.rows(SESSIONS)[0]["_row_key"] == again.rows(SESSIONS)[0]["_row_key"]


def test_row_key_distinguishes_empty_cells(read_sessions: Callable[..., Sync]) -> None:
    """The same text in another key column is another key."""
    run = read_sessions(session("x", ""), session("", "x"), session("", ""))

    assert len({row["_row_key"] for row in run.rows(SESSIONS)}) == 3


@pytest.fixture
def discover(emulator: Emulator, report_clock: Callable[[str], None]) -> Callable[..., dict[str, Any]]:
    """Discover a custom report, and select it."""
    report_clock(NOON)

    def run(**report: Any) -> dict[str, Any]:
        config = {**emulator.settings, "custom_reports": [{"metric_set": "AgentSummaryV2", **report}]}
        entry = catalog_entry(TapGladly(config=config, setup_mapper=False).catalog_dict, SUMMARY)
        stream_metadata(entry)["selected"] = True
        return {"streams": [entry]}

    return run


def test_custom_key_columns_may_be_empty(
    exports: StaticExports, discover: Callable[..., dict[str, Any]], sync: Callable[..., Sync]
) -> None:
    """Rows without a cell in a key column are sent, with null there."""
    exports.reports.put("AgentSummaryV2", b"Agent ID,Team,Chats\na1,,1\n,t1,2\n,,3\n")
    report = {"metric_set": "AgentSummaryV2", "key_columns": ["Agent ID", "Team"]}
    catalog = discover(**report)

    run = sync(catalog=catalog, start_date="2026-11-24", custom_reports=[report])

    rows = run.rows(SUMMARY)
    assert [(row["agent_id"], row["team"]) for row in rows] == [("a1", None), (None, "t1"), (None, None)]
    assert len({row["_row_key"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [({}, {"key_columns": ["Agent ID"]}, "_row_key"), ({"key_columns": ["Agent ID"]}, {}, "_row_hash")],
)
def test_key_follows_the_settings_instead_of_the_catalog(
    exports: StaticExports,
    discover: Callable[..., dict[str, Any]],
    sync: Callable[..., Sync],
    before: dict[str, Any],
    after: dict[str, Any],
    key: str,
) -> None:
    """A catalog made before `key_columns` changed doesn't leave rows without their key."""
    exports.reports.put("AgentSummaryV2", b"Agent ID,Chats\na1,1\n")
    catalog = discover(**before)
    report = {"metric_set": "AgentSummaryV2", **after}

    run = sync(catalog=catalog, start_date="2026-11-24", custom_reports=[report])

    (schema,) = run.of_type("SCHEMA")
    assert schema["key_properties"] == [key]
    assert schema["schema"]["properties"][key]["type"] == ["string"]
    assert run.rows(SUMMARY)[0][key]
