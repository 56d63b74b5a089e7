"""The metric sets that Gladly documents, and the names of their streams."""

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
"""All documented names. Older ones may still work, and Gladly may add new ones."""

ONLY_BY_TIME = frozenset({"WorkSessionEventsReportV3", "WorkSessionEventsReportV4"})
"""Metric sets that accept minutes only: V4 as other connectors use it, and V3, we assume, too."""


def name_stream(metric_set: str) -> str:
    """Return a metric set's name in snake case; consecutive capitals form one word."""
    return "_".join(_WORD.findall(metric_set)).lower()
