"""The invented organization's reports, generated row by row on demand."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset import agent_reports, contact_reports, conversation_reports, task_reports
from gladly_emulator.dataset.interface import ROW_CAP, ReportTable
from gladly_emulator.dataset.report_context import ReportContext
from gladly_emulator.timestamps import DAY

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import ReportQuery
    from gladly_emulator.dataset.organization import Organization

_RowGenerator = Callable[[ReportContext], Iterator[dict[str, Any]]]

_GENERATORS: Final[dict[str, tuple[tuple[str, ...], _RowGenerator]]] = {
    "ConversationExportReport": (conversation_reports.EXPORT_HEADER, conversation_reports.iter_conversations),
    "ConversationTimestampsReport": (
        conversation_reports.TIMESTAMPS_HEADER,
        conversation_reports.iter_conversation_events,
    ),
    "ContactTimestampsReport": (contact_reports.TIMESTAMPS_HEADER, contact_reports.iter_contact_events),
    "ContactExportReportV3": (contact_reports.EXPORT_HEADER, contact_reports.iter_contacts),
    "WorkSessionEventsReportV3": (contact_reports.WORK_HEADER, contact_reports.iter_work_sessions),
    "WorkSessionEventsReportV4": (contact_reports.WORK_HEADER, contact_reports.iter_work_sessions),
    "GladlyAISessionsDetailReport": (contact_reports.SESSIONS_HEADER, contact_reports.iter_sessions),
    "TaskExportReport": (task_reports.EXPORT_HEADER, task_reports.iter_tasks),
    "TaskTimestampsReport": (task_reports.TIMESTAMPS_HEADER, task_reports.iter_task_events),
    "AgentTimestampsReport": (agent_reports.TIMESTAMPS_HEADER, agent_reports.iter_agent_events),
    "AgentDurationsReportV2": (agent_reports.DURATIONS_HEADER, agent_reports.iter_durations),
}
_DAILY_COUNTS_HEADER: Final = ("Timezone Filter", "Date", "Count")


class GeneratedReports:
    """The reports of the invented organization. A window without rows has an empty body.

    Eleven metric sets have rows that match the export files. The other aggregated ones return one
    invented count per day, and the rest are empty.
    """

    def __init__(self, organization: Organization) -> None:
        self.row_cap = ROW_CAP
        self._organization = organization

    def make(self, query: ReportQuery) -> ReportTable:
        """Return the report with the events until one hour ago."""
        context = ReportContext(self._organization, query)
        if query.metric_set in _GENERATORS:
            header, iter_rows = _GENERATORS[query.metric_set]
        elif query.aggregation_level:
            header, iter_rows = _DAILY_COUNTS_HEADER, _iter_daily_counts
        else:
            return ReportTable((), ())
        return ReportTable(header, ([cells.get(name) for name in header] for cells in iter_rows(context)))


def _iter_daily_counts(context: ReportContext) -> Iterator[dict[str, Any]]:
    for start in range(context.query.start, context.end, DAY):
        day = context.format_time(start)[:10]
        count = zlib.crc32(f"{context.query.metric_set} {day}".encode()) % 300
        yield {"Timezone Filter": context.query.zone_name, "Date": day, "Count": count}
