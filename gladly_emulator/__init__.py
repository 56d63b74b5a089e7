"""A local Gladly on a loopback port, for tests and demonstrations: exports, lists, reports and events.

    exports = StaticExports()
    exports.add_job("job", "2026-03-04T11:00:00Z", {"agents.jsonl": b"..."})
    exports.lists["teams"] = [{"id": "t1", "name": "Garden Desk", "agentIds": []}]
    exports.reports.put("TaskExportReport", [{"Created At": "2026-03-04T09:00:00Z"}], anchor="Created At")
    exports.events.add({"id": "e1", "type": "TASK/CREATED", "timestamp": "2026-03-04T11:00:00Z"})
    with Emulator(exports) as emulator:
        emulator.faults.add(Fault("status", path="/reports$", in_body="TaskExportReport", status=503))
        ...
    [request.document for request in emulator.requests]

`GeneratedExports` serves the consistent data of an invented organization instead.
"""

from __future__ import annotations

from gladly_emulator.dataset.exports import GeneratedExports
from gladly_emulator.dataset.interface import Exports, RawReport, ReportQuery, ReportTable
from gladly_emulator.dataset.static_events import StaticEvents
from gladly_emulator.dataset.static_exports import ABSENT, StaticExports
from gladly_emulator.dataset.static_reports import StaticReports
from gladly_emulator.server.access_control import (
    AGENT_EMAIL,
    API_TOKEN,
    UNPRIVILEGED_AGENT_EMAIL,
    UNPRIVILEGED_API_TOKEN,
)
from gladly_emulator.server.drift import drift_record
from gladly_emulator.server.emulator import Emulator
from gladly_emulator.server.faults import Fault
from gladly_emulator.server.rate_limits import ReportLimits

__all__ = [
    "ABSENT",
    "AGENT_EMAIL",
    "API_TOKEN",
    "UNPRIVILEGED_AGENT_EMAIL",
    "UNPRIVILEGED_API_TOKEN",
    "Emulator",
    "Exports",
    "Fault",
    "GeneratedExports",
    "RawReport",
    "ReportLimits",
    "ReportQuery",
    "ReportTable",
    "StaticEvents",
    "StaticExports",
    "StaticReports",
    "drift_record",
]
