"""Reports of an invented organization, made a row at a time as they are asked for."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator import agent_rows, contact_rows, conversation_rows, task_rows
from gladly_emulator.instants import DAY
from gladly_emulator.messages import CSV, Answer
from gladly_emulator.metric_sets import METRIC_SETS
from gladly_emulator.report_tables import Asked
from gladly_emulator.reports import ROW_CAP, Sheet

if TYPE_CHECKING:
    from gladly_emulator.company import Company
    from gladly_emulator.report_queries import ReportQuery

_Maker = Callable[[Asked], Iterator[dict[str, Any]]]

_MAKERS: Final[dict[str, tuple[tuple[str, ...], _Maker]]] = {
    "ConversationExportReport": (conversation_rows.EXPORT_HEADER, conversation_rows.iter_conversations),
    "ConversationTimestampsReport": (
        conversation_rows.TIMESTAMPS_HEADER,
        conversation_rows.iter_conversation_events,
    ),
    "ContactTimestampsReport": (contact_rows.TIMESTAMPS_HEADER, contact_rows.iter_contact_events),
    "ContactExportReportV3": (contact_rows.EXPORT_HEADER, contact_rows.iter_contacts),
    "WorkSessionEventsReportV3": (contact_rows.WORK_HEADER, contact_rows.iter_work_sessions),
    "WorkSessionEventsReportV4": (contact_rows.WORK_HEADER, contact_rows.iter_work_sessions),
    "GladlyAISessionsDetailReport": (contact_rows.SESSIONS_HEADER, contact_rows.iter_sessions),
    "TaskExportReport": (task_rows.EXPORT_HEADER, task_rows.iter_tasks),
    "TaskTimestampsReport": (task_rows.TIMESTAMPS_HEADER, task_rows.iter_task_events),
    "AgentTimestampsReport": (agent_rows.TIMESTAMPS_HEADER, agent_rows.iter_agent_events),
    "AgentDurationsReportV2": (agent_rows.DURATIONS_HEADER, agent_rows.iter_durations),
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

    def make(self, query: ReportQuery) -> Sheet | Answer:
        """Return the report as it is known an hour after what it tells."""
        asked = Asked(self._company, query)
        if query.metric_set in _MAKERS:
            header, maker = _MAKERS[query.metric_set]
        elif METRIC_SETS[query.metric_set].aggregated:
            header, maker = _COUNTS_HEADER, _iter_counts
        else:
            return Answer(200, b"", {"Content-Type": CSV})
        return Sheet(header, ([cells.get(name) for name in header] for cells in maker(asked)))


def _iter_counts(asked: Asked) -> Iterator[dict[str, Any]]:
    for start in range(asked.query.start, asked.end, DAY):
        day = asked.stamp(start)[:10]
        count = zlib.crc32(f"{asked.query.metric_set} {day}".encode()) % 300
        yield {"Timezone Filter": asked.query.zone_name, "Date": day, "Count": count}
