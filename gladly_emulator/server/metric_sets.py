"""The metric sets that Gladly documents, and the parameters that each supports."""

from __future__ import annotations

from typing import Final, NamedTuple


class MetricSet(NamedTuple):
    """The parameters that a metric set supports."""

    aggregated: bool = False
    filters: tuple[str, ...] = ()
    supports_dates: bool = True
    supports_times: bool = False
    needs_phone_number: bool = False


_PLAIN: Final = MetricSet()
_BUCKETS: Final = MetricSet(aggregated=True)
_TEAMS: Final = MetricSet(filters=("teams",))
_TEAM_BUCKETS: Final = MetricSet(aggregated=True, filters=("teams",))
_INBOXES: Final = MetricSet(filters=("inboxes",))
_INBOX_BUCKETS: Final = MetricSet(aggregated=True, filters=("inboxes",))
_CHANNEL: Final = MetricSet(filters=("channel", "inboxes"))
_CHANNEL_BUCKETS: Final = MetricSet(aggregated=True, filters=("channel", "inboxes"))
_TEAM_CHANNEL: Final = MetricSet(filters=("channel", "inboxes", "teams"))
_PHONE: Final = MetricSet(filters=("phoneNumber",), needs_phone_number=True)

METRIC_SETS: Final = {
    "AgentAwayTimeReport": _BUCKETS,
    "AgentAvailableTimeReportV2": _TEAM_BUCKETS,
    "AgentDurationsReport": _TEAMS,
    "AgentDurationsReportV2": _TEAMS,
    "AgentLoginTimeReport": _TEAM_BUCKETS,
    "AgentSummary": _TEAM_BUCKETS._replace(supports_times=True),
    "AgentSummaryV2": _TEAM_BUCKETS,
    "AgentSummaryGlanceReport": _TEAM_BUCKETS,
    "AgentSummaryGlanceReportV2": _TEAM_BUCKETS,
    "AgentTimestampsReport": _TEAMS,
    "FirstContactResolutionByAgentV2Report": _TEAM_CHANNEL._replace(aggregated=True),
    "PaymentsByAgentReport": _PLAIN,
    "WorkSessionEventsReportV3": _PLAIN._replace(supports_times=True),
    "WorkSessionEventsReportV4": _PLAIN._replace(supports_times=True, supports_dates=False),
    "WorkSessionsReport": _TEAM_CHANNEL,
    "WorkSessionsReportV3": _TEAM_CHANNEL,
    "AnswerUsageReport": _BUCKETS,
    "AnswerUsageByAgentReport": _TEAM_BUCKETS,
    "ChannelMixReportV2": _CHANNEL_BUCKETS,
    "ChannelWaitTimeReport": _INBOX_BUCKETS,
    "ChannelWaitTimeReportV2": _INBOX_BUCKETS,
    "ContactExportReportV3": _CHANNEL._replace(supports_times=True),
    "ContactSummaryReport": _CHANNEL_BUCKETS,
    "ContactSummaryReportV2": _CHANNEL_BUCKETS,
    "ContactSummaryCountsReport": _CHANNEL_BUCKETS,
    "ContactSummaryDurationsReport": _CHANNEL_BUCKETS,
    "ContactSummaryDurationsReportV2": _CHANNEL_BUCKETS,
    "ContactTimestampsReport": _PLAIN,
    "ConversationExportReport": _INBOXES,
    "ConversationSidekickExportReport": _INBOXES,
    "ConversationSummaryReport": _INBOX_BUCKETS,
    "ConversationTimestampsReport": _PLAIN,
    "AbandonedCallsInIVRReport": _BUCKETS,
    "AutoThrottleMissedConversationsReport": _BUCKETS,
    "IVRExecutiveSummaryReportV2": _PHONE,
    "IvrEndStatesReportV2": _PHONE,
    "PaymentsSummaryReport": _BUCKETS,
    "ProactiveVoiceSummaryReport": _BUCKETS,
    "TopicHierarchyReport": _CHANNEL_BUCKETS,
    "TaskExportReport": MetricSet(filters=("inboxes", "teams")),
    "TaskSummaryReport": MetricSet(aggregated=True, filters=("inboxes", "teams")),
    "TaskTimestampsReport": _PLAIN,
    "TopicSummaryReport": _CHANNEL,
    "AutoThrottleChangesReport": _PLAIN,
    "ChatDisplayPctChangesReport": _PLAIN,
    "HelpCenterAnswerSearchReport": _PLAIN,
    "HelpCenterAnswerUsageReport": _BUCKETS,
    "QuickActionsUsageReport": _BUCKETS,
    "SelfServiceThreadsReport": _PLAIN,
    "SidekickAssistsByClassificationTopicReport": _PLAIN,
    "GladAppAnswerSearchReport": _PLAIN,
    "GladAppAnswerUsageReport": _BUCKETS,
    "GladAppContactPointsReport": _PLAIN,
    "GladlyAISessionsDetailReport": _PLAIN,
    "GladlyAISessionsDetailWithMessagesReport": _PLAIN,
}
AGGREGATION_LEVELS: Final = ("halfHourly", "daily", "weekly", "monthly", "quarterly")
CHANNELS: Final = (
    "allChannels",
    "chat",
    "email",
    "fbMessenger",
    "sms",
    "twitter",
    "voice",
    "whatsapp",
    "instagramDirect",
)
