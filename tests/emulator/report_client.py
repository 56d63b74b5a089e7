"""A client that requests reports and lists from an emulator."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import requests

from gladly_emulator import AGENT_EMAIL, API_TOKEN, Emulator, GeneratedExports

from .exported_files import NOW

if TYPE_CHECKING:
    from datetime import datetime

Row = dict[str, str]

AUTH = (AGENT_EMAIL, API_TOKEN)
# The reports with generated rows, and the column that assigns a row to a window.
ANCHORS = {
    "ConversationExportReport": "Created At",
    "ConversationTimestampsReport": "Timestamp",
    "ContactTimestampsReport": "Timestamp",
    "ContactExportReportV3": "Queued At",
    "GladlyAISessionsDetailReport": "Session Created At",
    "TaskExportReport": "Created At",
    "TaskTimestampsReport": "Timestamp",
    "AgentTimestampsReport": "Timestamp",
    "AgentDurationsReportV2": "Start time",
}
WORK = "WorkSessionEventsReportV4"


class ReportClient:
    """Requests reports and lists from an emulator of a generated dataset at a fixed time."""

    def __init__(self, exports: GeneratedExports, now: datetime = NOW) -> None:
        self.exports = exports
        self.emulator = Emulator(exports, clock=lambda: now, requests_per_second=None, report_limits=None)

    def fetch(self, metric_set: str, start: str, end: str, **document: Any) -> bytes:
        """Return a report's body. Work sessions use a window in minutes."""
        span = {"startAt": start, "endAt": end, "timezone": "UTC"}
        if metric_set == WORK:
            span = {"startAtTime": f"{start}T00:00Z", "endAtTime": f"{end}T23:59Z"}
        return self._post({"metricSet": metric_set, **span, **document})

    def read(self, metric_set: str, start: str, end: str, **document: Any) -> list[Row]:
        """Return a report's rows."""
        return _read(self.fetch(metric_set, start, end, **document))

    def read_minutes(self, metric_set: str, start: str, end: str) -> list[Row]:
        """Return a report's rows for a window in minutes."""
        return _read(self._post({"metricSet": metric_set, "startAtTime": start, "endAtTime": end}))

    def list(self, name: str) -> Any:
        """Return a reference list."""
        with self.emulator as running:
            return requests.get(f"{running.url}/api/v1/{name}", auth=AUTH, timeout=20).json()

    def _post(self, document: dict[str, Any]) -> bytes:
        with self.emulator as running:
            response = requests.post(f"{running.url}/api/v1/reports", json=document, auth=AUTH, timeout=60)
        assert response.status_code == 200, response.text
        return response.content


def _read(body: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline=""), strict=True))
