"""Streams of the reference lists: everything there is of a kind, in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.exceptions import RetriableAPIError
from singer_sdk.singerlib import StateMessage
from typing_extensions import override

from tap_gladly.exceptions import AccessDeniedError, NotFoundError
from tap_gladly.parsing.jsonl import parse_document
from tap_gladly.streams.base import RecordStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from singer_sdk.helpers.types import Context, Record


class ListStream(RecordStream):
    """Everything of a kind, every run: Gladly has no pages and no changes of it to ask for.

    A list that the organization does not offer, or the agent may not see, is told and ends nothing.
    """

    path: str
    """Path below `/api/v1`."""
    is_fail_fast = False
    selected_by_default = False

    @override
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        if not self.is_active:
            return
        try:
            entries = self.fetch(self.path.split("/")[1:], self.read_entries)
        except (AccessDeniedError, NotFoundError) as error:
            self.logger.warning(
                "%s is left out of this run, which goes on. %s If the list is not meant for this agent, "
                "deselect the stream.",
                self.name,
                error,
            )
            return
        usable = [entry for entry in entries if isinstance(entry, dict) and _has_id(entry)]
        if len(usable) < len(entries):
            self.logger.warning(
                "%d of %d entries have no usable id and are left out",
                len(entries) - len(usable),
                len(entries),
            )
        yield from map(self.finalize, usable)
        if usable and self.tap_state:
            # Some targets keep no STATE but one that no row follows, and lists have none of their own. It is
            # the same as before, which the SDK's writer of states would leave out.
            self.writer.write_message(StateMessage(value=self.tap_state))

    def read_entries(self, response: requests.Response) -> list[object]:
        """Read the answer.

        Raises:
            RetriableAPIError: It is not what was asked for.
        """
        entries = parse_document(response.content)
        if not isinstance(entries, list):
            raise RetriableAPIError(f"Gladly answered {self.name} with something that is no list", response)
        return entries


def _has_id(entry: Record) -> bool:
    identifier = entry.get("id")
    return isinstance(identifier, str) and identifier != ""


class TeamsStream(ListStream):
    """Teams and who is in them, from `GET /teams`; key `id`."""

    name = "teams"
    path = "/teams"
    selected_by_default = True


class InboxesStream(ListStream):
    """Inboxes, from `GET /inboxes`; key `id`."""

    name = "inboxes"
    path = "/inboxes"
    selected_by_default = True


class AgentsListStream(ListStream):
    """Every agent, from `GET /agents`; key `id`.

    Nothing says whether the export's `agents.jsonl` holds every agent or only those that its window touched.
    """

    name = "agents_list"
    path = "/agents"


class TopicsListStream(ListStream):
    """Every topic, from `GET /topics`; key `id`.

    Nothing says whether the export's `topics.jsonl` holds every topic or only those that its window touched.
    """

    name = "topics_list"
    path = "/topics"


class AudiencesStream(ListStream):
    """Audiences: brands or segments, from `GET /audiences`; key `id`."""

    name = "audiences"
    path = "/audiences"


class BusinessHoursStream(ListStream):
    """Plans of business hours, from `GET /business-hours`; key `id`."""

    name = "business_hours"
    path = "/business-hours"


class SchedulesStream(ListStream):
    """Schedules by which export jobs are made, from `GET /export/schedules`; key `id`."""

    name = "schedules"
    path = "/export/schedules"


class OrganizationStream(ListStream):
    """The organization itself, from `GET /organization`: one row; key `id`."""

    name = "organization"
    path = "/organization"

    @override
    def read_entries(self, response: requests.Response) -> list[object]:
        organization = parse_document(response.content)
        # An error told with 200 is an object, too, but has no id.
        if not isinstance(organization, dict) or "id" not in organization:
            raise RetriableAPIError("Gladly answered organization with something that is none", response)
        return [organization]
