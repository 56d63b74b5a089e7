"""The reports that every organization has, a class each."""

from __future__ import annotations

from tap_gladly.streams.reports.base import ReportStream


class ConversationExportReportStream(ReportStream):
    """Conversations, by creation; key `conversation_id`. A row changes as its conversation goes on."""

    name = "conversation_export_report"
    metric_set = "ConversationExportReport"
    primary_keys = ("conversation_id",)
    window_days = 7
    look_back_days = 30
    initial_days = 730


class ConversationTimestampsReportStream(ReportStream):
    """Events of conversations; key `_row_hash`."""

    name = "conversation_timestamps_report"
    metric_set = "ConversationTimestampsReport"


class ContactTimestampsReportStream(ReportStream):
    """Events of contacts; key `_row_hash`."""

    name = "contact_timestamps_report"
    metric_set = "ContactTimestampsReport"


class ContactExportReportV3Stream(ReportStream):
    """Contacts, by queue time; key `contact_id`. A row changes until its contact ends."""

    name = "contact_export_report_v3"
    metric_set = "ContactExportReportV3"
    primary_keys = ("contact_id",)
    window_days = 7
    supports_times = True


class WorkSessionEventsReportV4Stream(ReportStream):
    """Work sessions, by their contact's end; key `contact_session_id` and `agent_id`.

    An open one has no agent yet, and moves to another window when it ends: it is sent then.
    """

    name = "work_session_events_report_v4"
    metric_set = "WorkSessionEventsReportV4"
    primary_keys = ("contact_session_id", "agent_id")
    window_days = 7
    supports_dates = False
    supports_times = True
    completion_column = "contact_session_ended_at"


class TaskExportReportStream(ReportStream):
    """Tasks; key `task_id`. A row changes as its task goes on."""

    name = "task_export_report"
    metric_set = "TaskExportReport"
    primary_keys = ("task_id",)
    window_days = 7


class TaskTimestampsReportStream(ReportStream):
    """Events of tasks; key `_row_hash`."""

    name = "task_timestamps_report"
    metric_set = "TaskTimestampsReport"


class AgentTimestampsReportStream(ReportStream):
    """Events of agents; key `_row_hash`."""

    name = "agent_timestamps_report"
    metric_set = "AgentTimestampsReport"


class AgentDurationsReportV2Stream(ReportStream):
    """Spans in which an agent was active or away, by start; key `_row_hash`.

    The hash leaves out what is filled in when the span ends.
    """

    name = "agent_durations_report_v2"
    metric_set = "AgentDurationsReportV2"
    mutable_columns = frozenset({"end_time", "duration_mins", "context"})


class GladlyAISessionsDetailReportStream(ReportStream):
    """Sessions of Gladly's AI, by creation; key `session_id`."""

    name = "gladly_ai_sessions_detail_report"
    metric_set = "GladlyAISessionsDetailReport"
    primary_keys = ("session_id",)
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
