"""The metric sets that Gladly documents, and what they are called here."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|[A-Z]\d*|\d+")

METRIC_SETS = (
    "AbandonedCallsInIVRReport",
    "AgentAvailableTimeReportV2",
    "AgentAwayTimeReport",
    "AgentDurationsReport",
    "AgentDurationsReportV2",
    "AgentLoginTimeReport",
    "AgentSummary",
    "AgentSummaryGlanceReport",
    "AgentSummaryGlanceReportV2",
    "AgentSummaryV2",
    "AgentTimestampsReport",
    "AnswerUsageByAgentReport",
    "AnswerUsageReport",
    "AutoThrottleChangesReport",
    "AutoThrottleMissedConversationsReport",
    "ChannelMixReportV2",
    "ChannelWaitTimeReport",
    "ChannelWaitTimeReportV2",
    "ChatDisplayPctChangesReport",
    "ContactExportReportV3",
    "ContactSummaryCountsReport",
    "ContactSummaryDurationsReport",
    "ContactSummaryDurationsReportV2",
    "ContactSummaryReport",
    "ContactSummaryReportV2",
    "ContactTimestampsReport",
    "ConversationExportReport",
    "ConversationSidekickExportReport",
    "ConversationSummaryReport",
    "ConversationTimestampsReport",
    "FirstContactResolutionByAgentV2Report",
    "GladAppAnswerSearchReport",
    "GladAppAnswerUsageReport",
    "GladAppContactPointsReport",
    "GladlyAISessionsDetailReport",
    "GladlyAISessionsDetailWithMessagesReport",
    "HelpCenterAnswerSearchReport",
    "HelpCenterAnswerUsageReport",
    "IVRExecutiveSummaryReportV2",
    "IvrEndStatesReportV2",
    "PaymentsByAgentReport",
    "PaymentsSummaryReport",
    "ProactiveVoiceSummaryReport",
    "QuickActionsUsageReport",
    "SelfServiceThreadsReport",
    "SidekickAssistsByClassificationTopicReport",
    "TaskExportReport",
    "TaskSummaryReport",
    "TaskTimestampsReport",
    "TopicHierarchyReport",
    "TopicSummaryReport",
    "WorkSessionEventsReportV3",
    "WorkSessionEventsReportV4",
    "WorkSessionsReport",
    "WorkSessionsReportV3",
)
"""Every documented name. Older ones may still work, and new ones may appear."""

ONLY_BY_TIME = frozenset({"WorkSessionEventsReportV3", "WorkSessionEventsReportV4"})
"""Those that take minutes alone: V4 as others use it, V3 presumably like it."""


def name_stream(metric_set: str) -> str:
    """Turn a metric set's name into snake case, in which a run of capitals is one word."""
    return "_".join(_WORD.findall(metric_set)).lower()
