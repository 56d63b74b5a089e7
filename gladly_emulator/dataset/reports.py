"""Reports of an invented organization, made a row at a time as they are asked for."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.dataset import agent_reports, contact_reports, conversation_reports, task_reports
from gladly_emulator.dataset.interface import ROW_CAP, Sheet
from gladly_emulator.dataset.report_context import Asked
from gladly_emulator.timestamps import DAY

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import ReportQuery
    from gladly_emulator.dataset.organization import Company

_Maker = Callable[[Asked], Iterator[dict[str, Any]]]

_MAKERS: Final[dict[str, tuple[tuple[str, ...], _Maker]]] = {
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
_COUNTS_HEADER: Final = ("Timezone Filter", "Date", "Count")


class GeneratedReports:
    """The reports of an invented organization; a window without rows has an empty body.

    Eleven metric sets have rows that fit the export files. The others that are summed up by days count
    something for each day, and the rest are empty.
    """

    def __init__(self, company: Company) -> None:
        self.row_cap = ROW_CAP
        self._company = company

    def make(self, query: ReportQuery) -> Sheet:
        """Return the report as it is known an hour after what it tells."""
        asked = Asked(self._company, query)
        if query.metric_set in _MAKERS:
            header, maker = _MAKERS[query.metric_set]
        elif query.aggregation_level:
            header, maker = _COUNTS_HEADER, _iter_counts
        else:
            return Sheet((), ())
        return Sheet(header, ([cells.get(name) for name in header] for cells in maker(asked)))


def _iter_counts(asked: Asked) -> Iterator[dict[str, Any]]:
    for start in range(asked.query.start, asked.end, DAY):
        day = asked.stamp(start)[:10]
        count = zlib.crc32(f"{asked.query.metric_set} {day}".encode()) % 300
        yield {"Timezone Filter": asked.query.zone_name, "Date": day, "Count": count}
