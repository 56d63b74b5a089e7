"""What the generated reports have in common: the company, the query, and how cells are written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from gladly_emulator.timestamps import HOUR, NANOSECONDS, format_instant

if TYPE_CHECKING:
    from gladly_emulator.dataset.directory import Record
    from gladly_emulator.dataset.interface import ReportQuery
    from gladly_emulator.dataset.organization import Company

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Asked(NamedTuple):
    """A report that is asked of an invented organization."""

    company: Company
    query: ReportQuery

    @property
    def seen(self) -> int:
        """Up to when the report knows what happened."""
        return self.query.now - HOUR

    @property
    def end(self) -> int:
        """The end of the window, or where knowledge ends."""
        return min(self.query.end, self.seen)

    def stamp(self, instant: int | None) -> str:
        """Return a time as a cell: to the millisecond, in the zone asked for."""
        if instant is None:
            return ""
        if self.query.zone is timezone.utc:
            return format_instant(instant, 3)
        moment = _EPOCH + timedelta(microseconds=instant // 1000)
        return moment.astimezone(self.query.zone).isoformat(timespec="milliseconds")

    def name_inbox(self, assignee: Record, header: str) -> dict[str, str]:
        """Return the cells of an inbox; `header` has a place for ID and Name."""
        inbox_id = assignee.get("inboxId", "")
        name = self.company.rooms.inbox_names.get(inbox_id, "")
        return {header.format("ID"): inbox_id, header.format("Name"): name}

    def name_agent(self, assignee: Record, header: str) -> dict[str, str]:
        """Return the cells of an agent; `header` has a place for ID and Name."""
        agent_id = assignee.get("agentId", "")
        name = self.company.agent_names.get(agent_id, "")
        return {header.format("ID"): agent_id, header.format("Name"): name}

    def name_initiator(self, initiator: Record) -> dict[str, str]:
        """Return the cells of who did something."""
        named = initiator["type"] != "SYSTEM"
        return {
            "Initiator Type": initiator["type"],
            "Initiator ID": initiator["id"] if named else "",
            "Initiator Agent Name": self.company.agent_names.get(initiator["id"], ""),
        }

    def echo_filters(self) -> dict[str, str]:
        """Return the cells that repeat what was asked."""
        names = self.company.rooms.inbox_names
        inboxes = self.query.filters.get("inboxes", ())
        return {
            "Timezone Filter": self.query.zone_name,
            "Inboxes Filter": ", ".join(names[inbox_id] for inbox_id in inboxes),
        }


def count_seconds(start: int | None, end: int | None) -> str:
    """Return the seconds between as a cell, to the millisecond and without trailing zeros."""
    if start is None or end is None:
        return ""
    return f"{(end - start) / NANOSECONDS:.3f}".rstrip("0").rstrip(".")
