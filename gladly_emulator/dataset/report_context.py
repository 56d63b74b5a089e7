"""What every generated report uses: the organization, the query and cell formats."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from gladly_emulator.timestamps import HOUR, NANOSECONDS, format_instant

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import Record, ReportQuery
    from gladly_emulator.dataset.organization import Organization

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class ReportContext(NamedTuple):
    """The organization and query that a report is generated from."""

    organization: Organization
    query: ReportQuery

    @property
    def known_until(self) -> int:
        """The time until which the report includes events: one hour ago."""
        return self.query.now - HOUR

    @property
    def end(self) -> int:
        """The end of the window, or `known_until` if that is earlier."""
        return min(self.query.end, self.known_until)

    def format_time(self, instant: int | None) -> str:
        """Return a time as a cell: to the millisecond, in the requested time zone."""
        if instant is None:
            return ""
        if self.query.zone is timezone.utc:
            return format_instant(instant, 3)
        moment = _EPOCH + timedelta(microseconds=instant // 1000)
        return moment.astimezone(self.query.zone).isoformat(timespec="milliseconds")

    def inbox_cells(self, assignee: Record, header: str) -> dict[str, str]:
        """Return the cells of an inbox. `header` has a placeholder for ID and Name."""
        inbox_id = assignee.get("inboxId", "")
        name = self.organization.reference_data.inbox_names.get(inbox_id, "")
        return {header.format("ID"): inbox_id, header.format("Name"): name}

    def agent_cells(self, assignee: Record, header: str) -> dict[str, str]:
        """Return the cells of an agent. `header` has a placeholder for ID and Name."""
        agent_id = assignee.get("agentId", "")
        name = self.organization.agent_names.get(agent_id, "")
        return {header.format("ID"): agent_id, header.format("Name"): name}

    def initiator_cells(self, initiator: Record) -> dict[str, str]:
        """Return the cells of an initiator."""
        has_id = initiator["type"] != "SYSTEM"
        return {
            "Initiator Type": initiator["type"],
            "Initiator ID": initiator["id"] if has_id else "",
            "Initiator Agent Name": self.organization.agent_names.get(initiator["id"], ""),
        }

    def filter_cells(self) -> dict[str, str]:
        """Return the cells that repeat the query."""
        names = self.organization.reference_data.inbox_names
        inboxes = self.query.filters.get("inboxes", ())
        return {
            "Timezone Filter": self.query.zone_name,
            "Inboxes Filter": ", ".join(names[inbox_id] for inbox_id in inboxes),
        }


def count_seconds(start: int | None, end: int | None) -> str:
    """Return the seconds between two times as a cell: to the millisecond, without trailing zeros."""
    if start is None or end is None:
        return ""
    return f"{(end - start) / NANOSECONDS:.3f}".rstrip("0").rstrip(".")
