"""Fixtures for the rows of reports, and for custom reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import Sync, catalog_entry, stream_metadata

from tap_gladly.streams.reports.metric_sets import name_stream
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

NOON = "2026-11-24T12:00:30Z"


@pytest.fixture
def discover(emulator: Emulator, report_clock: Callable[[str], None]) -> Callable[..., dict[str, Any]]:
    """Discover one custom report and return its catalog entry: `discover(metric_set="AgentSummaryV2")`."""
    report_clock(NOON)

    def run(**report: Any) -> dict[str, Any]:
        config = {**emulator.settings, "custom_reports": [report]}
        catalog = TapGladly(config=config, setup_mapper=False).catalog_dict
        return catalog_entry(catalog, name_stream(report["metric_set"]))

    return run


@pytest.fixture
def sync_custom_report(
    discover: Callable[..., dict[str, Any]], sync: Callable[..., Sync]
) -> Callable[..., Sync]:
    """Discover one custom report, select it, and sync it."""

    def run(*, start_date: str = "2026-11-24", state: Any = None, **report: Any) -> Sync:
        entry = discover(**report)
        stream_metadata(entry)["selected"] = True
        return sync(catalog={"streams": [entry]}, state=state, start_date=start_date, custom_reports=[report])

    return run


@pytest.fixture
def sync_report(exports: StaticExports, sync_streams: Callable[..., Sync]) -> Callable[..., Sync]:
    """Load one window of a stream: `sync_report("agent_timestamps_report", "AgentTimestampsReport", body)`."""

    def run(stream: str, metric_set: str, content: Any) -> Sync:
        exports.reports.put(metric_set, content)
        return sync_streams(stream, start_date="2026-11-24")

    return run


@pytest.fixture
def sync_events(sync_report: Callable[..., Sync]) -> Callable[[Any], Sync]:
    """Load one window of ConversationTimestampsReport."""
    return lambda content: sync_report(
        "conversation_timestamps_report", "ConversationTimestampsReport", content
    )
