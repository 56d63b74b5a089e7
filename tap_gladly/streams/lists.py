"""Reference lists: full-table streams, one request each."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from singer_sdk.exceptions import RetriableAPIError
from singer_sdk.singerlib import StateMessage
from typing_extensions import override

from tap_gladly.exceptions import AccessDeniedError, NotFoundError, StreamUnavailableError
from tap_gladly.streams.json_responses import read_document
from tap_gladly.streams.records import RecordStream
from tap_gladly.transport.download import MAX_DOCUMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from singer_sdk.helpers.types import Context, Record


class ListStream(RecordStream):
    """A full-table stream: one row per entry of a list; key `id`.

    Every run fetches the whole list, because Gladly offers neither pagination nor a change filter (documented). A
    list that the organization doesn't have, or that the agent may not read, doesn't fail the run.
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
            entries = self.fetch(self.path.split("/")[1:], self.read_entries, max_bytes=MAX_DOCUMENT_BYTES)
        except (AccessDeniedError, NotFoundError) as error:
            raise StreamUnavailableError(
                f"Skipped {self.name}: {error} If this agent isn't meant to read it, deselect the stream."
            ) from error
        usable = [entry for entry in entries if isinstance(entry, dict) and _has_id(entry)]
        if len(usable) < len(entries):
            self.is_complete = False
            self.logger.warning(
                "%d of %d entries have no usable id and are skipped",
                len(entries) - len(usable),
                len(entries),
            )
        yield from map(self.finalize, usable)
        if usable and self.tap_state:
            # Lists have no state, but some targets keep a STATE only if no row follows it. The SDK's state writer
            # would leave out this one, which repeats the last.
            self.writer.write_message(StateMessage(value=self.tap_state))
        self.activate_version()

    def read_entries(self, response: requests.Response, file: IO[bytes]) -> list[object]:
        """Return the entries of the list.

        Raises:
            RetriableAPIError: The body is not a JSON array.
        """
        return read_document(response, file, kind=list, name=self.name)


def _has_id(entry: Record) -> bool:
    identifier = entry.get("id")
    return isinstance(identifier, str) and identifier != ""


class TeamsStream(ListStream):
    """Teams with the ids of their agents, from `GET /teams`; key `id`."""

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

    Gladly doesn't document whether `agents.jsonl` contains every agent, or only those that changed in its window.
    """

    name = "agents_list"
    path = "/agents"


class TopicsListStream(ListStream):
    """Every topic, from `GET /topics`; key `id`.

    Gladly doesn't document whether `topics.jsonl` contains every topic, or only those that changed in its window.
    """

    name = "topics_list"
    path = "/topics"


class AudiencesStream(ListStream):
    """Audiences: brands or segments, from `GET /audiences`; key `id`."""

    name = "audiences"
    path = "/audiences"


class BusinessHoursStream(ListStream):
    """Business hours, from `GET /business-hours`; key `id`."""

    name = "business_hours"
    path = "/business-hours"


class SchedulesStream(ListStream):
    """Schedules of export jobs, from `GET /export/schedules`; key `id`."""

    name = "schedules"
    path = "/export/schedules"


class OrganizationStream(ListStream):
    """The organization, from `GET /organization`: one row; key `id`."""

    name = "organization"
    path = "/organization"

    @override
    def read_entries(self, response: requests.Response, file: IO[bytes]) -> list[object]:
        organization = read_document(response, file, kind=dict, name=self.name)
        if "id" not in organization:  # such as an error with status 200
            raise RetriableAPIError("Gladly returned an object without an id for organization", response)
        return [organization]
