"""The tap's streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_gladly.streams.events import EventsStream
from tap_gladly.streams.export.files import (
    AgentsStream,
    ConversationItemsStream,
    CustomersStream,
    TopicsStream,
)
from tap_gladly.streams.export.jobs import JobsStream
from tap_gladly.streams.lists import (
    AgentsListStream,
    AudiencesStream,
    BusinessHoursStream,
    InboxesStream,
    OrganizationStream,
    SchedulesStream,
    TeamsStream,
    TopicsListStream,
)
from tap_gladly.streams.malformed_lines import MalformedLinesStream
from tap_gladly.streams.reports.standard import STANDARD_REPORTS

if TYPE_CHECKING:
    from tap_gladly.streams.base import GladlyStream

STREAMS: tuple[type[GladlyStream], ...] = (
    JobsStream,
    CustomersStream,
    ConversationItemsStream,
    AgentsStream,
    TopicsStream,
    MalformedLinesStream,
    TeamsStream,
    InboxesStream,
    AgentsListStream,
    TopicsListStream,
    AudiencesStream,
    BusinessHoursStream,
    SchedulesStream,
    OrganizationStream,
    EventsStream,
    *STANDARD_REPORTS,
)
"""Every stream, parents before their children."""
