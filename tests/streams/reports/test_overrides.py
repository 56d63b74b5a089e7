"""Entries of `custom_reports` that name a built-in report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_gladly.streams.reports.standard import STANDARD_REPORTS
from tap_gladly.tap import TapGladly

from .report_rows import bookmark, conversation

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

CONVERSATIONS = "conversation_export_report"
METRIC_SET = "ConversationExportReport"
STATE = bookmark(CONVERSATIONS, "2026-11-23T00:00:00.000000Z")


def test_entry_changes_window_and_look_back(
    sync_streams: Callable[..., Sync], requested_days: Callable[[], list[str]]
) -> None:
    """The built-in stream requests the windows of the entry."""
    report = {"metric_set": METRIC_SET, "window_days": 30, "look_back_days": 60}

    sync_streams(CONVERSATIONS, state=STATE, custom_reports=[report])

    assert requested_days() == ["09-24..10-23", "10-24..11-22", "11-23..11-24"]


def test_look_back_of_zero_days_is_possible(
    sync_streams: Callable[..., Sync], requested_days: Callable[[], list[str]]
) -> None:
    """A run then requests only what follows the bookmark."""
    sync_streams(CONVERSATIONS, state=STATE, custom_reports=[{"metric_set": METRIC_SET, "look_back_days": 0}])

    assert requested_days() == ["11-23..11-24"]


def test_entry_sets_filters(
    exports: StaticExports,
    sync_streams: Callable[..., Sync],
    report_requests: Callable[[], list[dict[str, Any]]],
) -> None:
    """Filters are sent to Gladly unchanged, and the window stays the built-in one."""
    exports.lists["inboxes"] = [{"id": "i1"}]
    report = {"metric_set": METRIC_SET, "filters": {"inboxes": ["i1"]}}

    sync_streams(CONVERSATIONS, start_date="2026-11-12", custom_reports=[report])

    assert [request["filters"] for request in report_requests()] == [{"inboxes": ["i1"]}] * 2
    assert report_requests()[0]["startAt"] == "2026-11-12"


def test_entry_keeps_key_and_schema(exports: StaticExports, sync_streams: Callable[..., Sync]) -> None:
    """The stream stays the built-in one in every other respect."""
    exports.reports.put(METRIC_SET, [conversation("v1", "2026-11-24T08:00:00Z")])

    run = sync_streams(
        CONVERSATIONS,
        start_date="2026-11-24",
        custom_reports=[{"metric_set": METRIC_SET, "window_days": 1}],
    )

    (schema,) = run.of_type("SCHEMA")
    assert schema["key_properties"] == ["conversation_id"]
    assert schema["schema"]["properties"]["created_at"]["format"] == "date-time"
    assert run.rows(CONVERSATIONS)[0]["conversation_id"] == "v1"


def test_entry_adds_no_stream(emulator: Emulator) -> None:
    """Discovery has the same streams, and requests nothing for the entry."""
    config = {**emulator.settings, "custom_reports": [{"metric_set": METRIC_SET, "window_days": 1}]}

    names = [
        entry["stream"] for entry in TapGladly(config=config, setup_mapper=False).catalog_dict["streams"]
    ]

    assert names.count(CONVERSATIONS) == 1
    assert not emulator.requests


@pytest.mark.parametrize("report", STANDARD_REPORTS)
def test_every_built_in_report_can_be_changed(report: Any) -> None:
    """No entry for a built-in report is rejected."""
    entry = {"metric_set": report.metric_set, "window_days": 3, "look_back_days": 9}

    tap = TapGladly(
        config={
            "organization": "myorg",
            "agent_email": "agent@myorg.example",
            "api_token": "secret-token",
            "custom_reports": [entry],
        }
    )

    stream: Any = tap.streams[report.name]
    assert (stream.window_days, stream.look_back_days) == (3, 9)
