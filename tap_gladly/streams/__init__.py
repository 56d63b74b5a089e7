"""The tap's streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_gladly.streams.export import JobsStream
from tap_gladly.streams.files import (
    AgentsStream,
    ConversationItemsStream,
    CustomersStream,
    TopicsStream,
)
from tap_gladly.streams.malformed import MalformedLinesStream

if TYPE_CHECKING:
    from tap_gladly.client import GladlyStream

STREAMS: tuple[type[GladlyStream], ...] = (
    JobsStream,
    CustomersStream,
    ConversationItemsStream,
    AgentsStream,
    TopicsStream,
    MalformedLinesStream,
)
"""Every stream, parents before their children."""
