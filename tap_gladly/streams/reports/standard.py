"""The built-in reports: one stream class each."""

from __future__ import annotations

from types import MappingProxyType

from tap_gladly.streams.reports.base import ReportStream
from tap_gladly.streams.reports.rows import ROW_KEY


class ConversationExportReportStream(ReportStream):
    """One row per conversation, by creation time; key `conversation_id`.

    A row changes until its conversation closes.
    """

    name = "conversation_export_report"
    metric_set = "ConversationExportReport"
    primary_keys = ("conversation_id",)
    key_columns = ("conversation_id",)
    window_days = 7
    look_back_days = 30
    initial_days = 730
    # Newer headers leave out the unit and "Assigned".
    renamed_columns = MappingProxyType(
        {
            "conversation_handle_time_in_seconds": "conversation_handle_time",
            "count_of_agents_assigned": "count_of_agents",
            "created_to_first_closed_time_in_seconds": "created_to_first_closed_time",
            "created_to_last_closed_time_in_seconds": "created_to_last_closed_time",
        }
    )


class ConversationTimestampsReportStream(ReportStream):
    """One row per conversation event; key `_row_hash`."""

    name = "conversation_timestamps_report"
    metric_set = "ConversationTimestampsReport"


class ContactTimestampsReportStream(ReportStream):
    """One row per contact event; key `_row_hash`."""

    name = "contact_timestamps_report"
    metric_set = "ContactTimestampsReport"


class ContactExportReportV3Stream(ReportStream):
    """One row per contact, by queue time; key `contact_id`. A row changes until its contact ends."""

    name = "contact_export_report_v3"
    metric_set = "ContactExportReportV3"
    primary_keys = ("contact_id",)
    key_columns = ("contact_id",)
    window_days = 7
    supports_times = True


class WorkSessionEventsReportV4Stream(ReportStream):
    """One row per contact and agent, by the end of the contact; key `_row_key`, a hash of both ids.

    An open work session has no agent yet and moves to another window when it ends. It is sent after its end.
    """

    name = "work_session_events_report_v4"
    metric_set = "WorkSessionEventsReportV4"
    primary_keys = (ROW_KEY,)
    key_columns = ("contact_session_id", "agent_id")
    window_days = 7
    supports_dates = False
    supports_times = True
    completion_column = "contact_session_ended_at"


class TaskExportReportStream(ReportStream):
    """One row per task; key `task_id`. A row changes until its task closes."""

    name = "task_export_report"
    metric_set = "TaskExportReport"
    primary_keys = ("task_id",)
    key_columns = ("task_id",)
    window_days = 7


class TaskTimestampsReportStream(ReportStream):
    """One row per task event; key `_row_hash`."""

    name = "task_timestamps_report"
    metric_set = "TaskTimestampsReport"


class AgentTimestampsReportStream(ReportStream):
    """One row per agent event; key `_row_hash`."""

    name = "agent_timestamps_report"
    metric_set = "AgentTimestampsReport"


class AgentDurationsReportV2Stream(ReportStream):
    """One row per span in which an agent was active or away, by start; key `_row_hash`.

    The hash excludes the columns that Gladly fills in when the span ends.
    """

    name = "agent_durations_report_v2"
    metric_set = "AgentDurationsReportV2"
    # A span gets its end when it is over, and an agent can be away from Friday to Monday, or longer.
    look_back_days = 7
    mutable_columns = frozenset({"end_time", "duration_mins", "context"})


class GladlyAISessionsDetailReportStream(ReportStream):
    """One row per session of Gladly's AI, by creation time; key `session_id`."""

    name = "gladly_ai_sessions_detail_report"
    metric_set = "GladlyAISessionsDetailReport"
    primary_keys = ("session_id",)
    key_columns = ("session_id",)
    window_days = 7


STANDARD_REPORTS: tuple[type[ReportStream], ...] = (
    ConversationExportReportStream,
    ConversationTimestampsReportStream,
    ContactTimestampsReportStream,
    ContactExportReportV3Stream,
    WorkSessionEventsReportV4Stream,
    TaskExportReportStream,
    TaskTimestampsReportStream,
    AgentTimestampsReportStream,
    AgentDurationsReportV2Stream,
    GladlyAISessionsDetailReportStream,
)
