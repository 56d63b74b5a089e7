"""Reports that lack a declared column: SCHEMA leaves it out, so that targets keep its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry, list_warnings

from gladly_emulator import GeneratedExports
from tap_gladly.streams.reports.metric_sets import name_stream
from tap_gladly.streams.reports.standard import STANDARD_REPORTS
from tap_gladly.timestamps import parse_instant

from .report_rows import NOON, conversation

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import StaticExports
    from gladly_emulator.dataset.interface import ReportQuery

CONVERSATIONS = "conversation_export_report"


@pytest.fixture
def read_body(exports: StaticExports, sync_streams: Callable[..., Sync]) -> Callable[..., Sync]:
    """Load conversations from one report body."""

    def run(body: bytes, **settings: Any) -> Sync:
        exports.reports.put("ConversationExportReport", body)
        return sync_streams(CONVERSATIONS, start_date="2026-11-24", **settings)

    return run


def declared(run: Sync) -> list[set[str]]:
    """Return the columns of each SCHEMA message."""
    return [set(message["schema"]["properties"]) for message in run.of_type("SCHEMA")]


def test_schema_leaves_out_missing_columns(
    read_body: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Neither SCHEMA nor the record has the column, and one warning names it."""
    run = read_body(b"Created At,Conversation ID,Customer ID\n2026-11-23T09:10:01.000Z,v1,c1\n")

    (columns,) = declared(run)
    (row,) = run.rows(CONVERSATIONS)
    assert columns == {"created_at", "conversation_id", "customer_id", "_window_end", "_unmapped"}
    assert "status" not in row
    (warning,) = [text for text in list_warnings(log) if "lacks the columns" in text]
    assert warning.startswith("conversation_export_report: Gladly's report lacks the columns ")
    assert " status," in warning


def test_renamed_column_goes_to_unmapped(read_body: Callable[..., Sync]) -> None:
    """Its old name is missing, and its new name is undeclared."""
    run = read_body(b"Conversation ID,State\nv1,OPEN\n")

    (columns,) = declared(run)
    assert "status" not in columns
    assert run.rows(CONVERSATIONS)[0]["_unmapped"] == {"state": "OPEN"}


@pytest.mark.parametrize("name", ["Count of Agents Assigned", "Count of Agents"])
def test_other_name_of_a_column_is_not_missing(
    read_body: Callable[..., Sync], log: pytest.LogCaptureFixture, name: str
) -> None:
    """Gladly has two names for some columns, and a report has one of them. Filter columns hold no data."""
    run = read_body(f"Conversation ID,{name}\nv1,2\n".encode())

    (columns,) = declared(run)
    (warning,) = [text for text in list_warnings(log) if "lacks the columns" in text]
    assert len({"count_of_agents", "count_of_agents_assigned"} & columns) == 1
    assert "count_of_agents" not in warning
    assert "_filter" not in warning


def test_emulated_reports_lack_no_column(
    exports: StaticExports,
    sync_streams: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    report_clock: Callable[[str], None],
) -> None:
    """A run against complete reports logs no warning."""
    report_clock(NOON)
    generated = GeneratedExports()
    for stream in STANDARD_REPORTS:
        exports.reports.put(stream.metric_set, generated.reports.make)
    names = [name_stream(stream.metric_set) for stream in STANDARD_REPORTS]

    sync_streams(*names, start_date="2026-11-23")

    assert not [text for text in list_warnings(log) if "lacks the columns" in text]


def test_schema_is_complete_without_rows(read_body: Callable[..., Sync]) -> None:
    """An empty report says nothing about columns, so the table gets all of them."""
    (columns,) = declared(read_body(b""))

    assert {"status", "created_at"} < columns


def test_schema_is_complete_if_the_report_fails(
    exports: StaticExports, sync_streams: Callable[..., Sync]
) -> None:
    """The table exists even if the first sync fails."""
    exports.reports.put("ConversationExportReport", b"Foo,Bar\n1,2\n")

    run = sync_streams(CONVERSATIONS, start_date="2026-11-24", should_fail=True)

    (columns,) = declared(run)
    assert {"status", "created_at"} < columns


def test_schema_follows_a_header_that_changes(
    exports: StaticExports, sync_streams: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """If only some windows lack a column, SCHEMA is sent again before their rows."""
    changed = parse_instant("2026-11-23")

    def make(query: ReportQuery) -> Any:
        row = conversation(f"v{query.start}", "2026-11-20T08:00:00Z")
        if query.start >= changed:
            del row["Status"]
        return [row]

    exports.reports.put("ConversationExportReport", make)

    run = sync_streams(CONVERSATIONS, start_date="2026-11-16")

    kinds = [message["type"] for message in run.messages if message["type"] != "STATE"]
    assert kinds == ["SCHEMA", "RECORD", "SCHEMA", "RECORD"]
    first, second = declared(run)
    assert first - second == {"status"}
    assert len([text for text in list_warnings(log) if "lacks the columns status." in text]) == 1


def test_mapped_column_stays_in_the_schema(read_body: Callable[..., Sync]) -> None:
    """A stream map can set a column that the report lacks."""
    run = read_body(
        b"Conversation ID\nv1\n", stream_maps={CONVERSATIONS: {"status": "conversation_id.upper()"}}
    )

    (columns,) = declared(run)
    assert "status" in columns
    assert run.rows(CONVERSATIONS)[0]["status"] == "V1"


def test_deselected_column_is_not_missing(
    exports: StaticExports,
    report_clock: Callable[[str], None],
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    log: pytest.LogCaptureFixture,
) -> None:
    """The warning doesn't name a column that the user deselected."""
    report_clock(NOON)
    exports.reports.put("AgentTimestampsReport", [{"Agent ID": "a1"}])
    selected = catalog("agent_timestamps_report")
    for item in catalog_entry(selected, "agent_timestamps_report")["metadata"]:
        if item["breadcrumb"] == ["properties", "agent"]:
            item["metadata"]["selected"] = False

    sync(catalog=selected, start_date="2026-11-24")

    (warning,) = [text for text in list_warnings(log) if "lacks the columns" in text]
    assert " agent," not in warning
