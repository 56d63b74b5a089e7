"""Rows as reports have them, and states with a report's bookmark."""

from __future__ import annotations

from typing import Any

NOON = "2026-11-24T12:00:30Z"


def event(timestamp: str, conversation: object = "v1") -> dict[str, Any]:
    """Make a row of ConversationTimestampsReport."""
    return {
        "Timestamp": timestamp,
        "Event Type": "CONVERSATION/CREATED",
        "Conversation ID": str(conversation),
    }


def conversation(conversation_id: str, created_at: str, status: str = "OPEN") -> dict[str, Any]:
    """Make a row of ConversationExportReport."""
    return {"Created At": created_at, "Conversation ID": conversation_id, "Status": status}


def contact(queued_at: str, contact_id: object) -> dict[str, Any]:
    """Make a row of ContactExportReportV3."""
    return {"Queued At": queued_at, "Contact ID": str(contact_id)}


def bookmark(stream: str, value: str) -> dict[str, Any]:
    """Make a state with one bookmark."""
    return {"bookmarks": {stream: {"replication_key": "_window_end", "replication_key_value": value}}}
