"""The generated reports, lists and files are consistent with each other."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import GeneratedExports
from gladly_emulator.timestamps import NANOSECONDS, parse_instant

from .report_client import ReportClient, Row

if TYPE_CHECKING:
    from .exported_files import ExportedFiles

MILLISECOND = NANOSECONDS // 1000
# The files contain all of these days, and conversations from the first day may last until the last.
DAYS = ("2026-02-19", "2026-02-26")

Items = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def client() -> ReportClient:
    """Return a client for the organization and time of the files."""
    return ReportClient(GeneratedExports())


@pytest.fixture(scope="module")
def conversations(client: ReportClient) -> dict[str, Row]:
    """Return the conversations of eight days by id."""
    rows = client.read("ConversationExportReport", *DAYS)
    return {row["Conversation ID"]: row for row in rows}


@pytest.fixture(scope="module")
def items(exported_files: ExportedFiles) -> Items:
    """Return the items of each conversation that started in these days, in chronological order."""
    found = defaultdict(list)
    for item in exported_files.records("conversation_items.jsonl"):
        found[item.get("conversationId", "")].append(item)
    del found[""]
    for each in found.values():
        each.sort(key=at)
    return {key: each for key, each in found.items() if DAYS[0] <= each[0]["timestamp"][:10] <= DAYS[1]}


def at(item: dict[str, Any]) -> int:
    """Return an item's timestamp."""
    return parse_instant(item["timestamp"])


def of_type(items: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Return the items of a type."""
    return [item for item in items if item["content"]["type"] == kind]


def test_conversations_match_the_items(conversations: dict[str, Row], items: Items) -> None:
    """The report contains exactly the conversations of the files, each created with its first item."""
    created = {key: at(each[0]) // MILLISECOND for key, each in items.items()}

    assert len(created) > 1_000
    assert {
        key: parse_instant(row["Created At"]) // MILLISECOND for key, row in conversations.items()
    } == created


def test_conversations_count_items_correctly(conversations: dict[str, Row], items: Items) -> None:
    """The counts of notes, closings and topics and the customer match the files."""
    for key, row in conversations.items():
        closed = [
            item
            for item in of_type(items[key], "CONVERSATION_STATUS_CHANGE")
            if item["content"]["status"] == "CLOSED"
        ]
        topics = of_type(items[key], "TOPIC_CHANGE")

        assert row["Customer ID"] == items[key][0]["customerId"]
        assert int(row["Count of Notes"]) == len(of_type(items[key], "CONVERSATION_NOTE"))
        assert int(row["Times Closed"]) == len(closed)
        assert int(row["Times Topic Added"]) == sum(len(item["content"]["addedTopicIds"]) for item in topics)
        assert (
            not closed or parse_instant(row["Last Closed At"]) == at(closed[-1]) // MILLISECOND * MILLISECOND
        )


def test_first_responses_match_the_items(client: ReportClient, items: Items) -> None:
    """A chat or email contact is fulfilled by the first message from an agent."""
    first: dict[str, Row] = {}
    for row in client.read("ContactExportReportV3", *DAYS):
        first.setdefault(row["Conversation ID"], row)
    checked = Counter[str]()
    for key, each in items.items():
        replies = [
            item
            for item in each
            if item.get("initiator", {}).get("type") == "AGENT" and "content" in item["content"]
        ]
        if replies:
            checked[first[key]["Channel"]] += 1

            assert parse_instant(first[key]["Fulfilled At"]) == at(replies[0]) // MILLISECOND * MILLISECOND

    assert {"CHAT", "EMAIL", "SMS", "WHATSAPP"} <= set(checked)
    assert checked.total() > 800


def test_first_responses_differ_by_inbox(
    client: ReportClient, conversations: dict[str, Row], items: Items
) -> None:
    """Items, conversations and inboxes can be joined, and the median first response differs by inbox."""
    names = {inbox["id"]: inbox["name"] for inbox in client.list("inboxes")}
    waits = defaultdict(list)
    for key, each in items.items():
        replies = [at(item) for item in each if item.get("initiator", {}).get("type") == "AGENT"]
        if replies:
            waits[names[conversations[key]["Inbox ID - Current"]]].append(replies[0] - at(each[0]))
    medians = {name: statistics.median(each) / NANOSECONDS for name, each in waits.items()}

    assert set(medians) == {"Chat Desk", "Messages", "Mail Room", "Phones", "Returns"}
    assert medians["Chat Desk"] < 180 < medians["Messages"] < 1_200 < medians["Mail Room"]


def test_conversations_use_names_from_the_lists(client: ReportClient, conversations: dict[str, Row]) -> None:
    """Inboxes, agents and topics have the names in the lists. Some conversations changed their inbox."""
    inboxes = {inbox["id"]: inbox["name"] for inbox in client.list("inboxes")}
    agents = {agent["id"]: agent["name"] for agent in client.list("agents")}
    topics = {topic["id"]: topic for topic in client.list("topics")}
    paths = {
        f"{topics[each['parentId']]['name']} > {each['name']}"
        for each in topics.values()
        if "parentId" in each
    }
    rows = conversations.values()

    for row in rows:
        for when in ("Created", "Current"):
            assert inboxes[row[f"Inbox ID - {when}"]] == row[f"Inbox Name - {when}"]
        agent_id = row["Assigned Agent ID - Current"]
        assert agents.get(agent_id, "") == row["Assigned Agent Name - Current"]
        assert set(filter(None, row["Topics with Hierarchy"].split(", "))) <= paths
    moved = [row for row in rows if row["Inbox ID - Current"] != row["Inbox ID - Created"]]

    assert {row["Inbox Name - Current"] for row in moved} == {"Returns"}
    assert len(moved) > 50


def test_conversation_reports_agree(client: ReportClient, conversations: dict[str, Row]) -> None:
    """Creation, closing and assignment are the same in the timestamps and export reports."""
    rows_by_id = defaultdict(list)
    for row in client.read("ConversationTimestampsReport", DAYS[0], "2026-03-04"):
        rows_by_id[row["Conversation ID"]].append(row)
    for key, row in conversations.items():
        events = {event["Event Type"]: event for event in rows_by_id[key]}
        times = Counter(event["Event Type"] for event in rows_by_id[key])
        assignee = events.get("CONVERSATION_ASSIGNEE/UPDATED", {})

        assert events["CONVERSATION/CREATED"]["Timestamp"] == row["Created At"]
        assert events.get("CONVERSATION/CLOSED", {}).get("Timestamp", "") == row["Last Closed At"]
        assert times["CONVERSATION/REOPENED"] == int(row["Times Reopened"])
        assert assignee.get("Newly Assigned Agent ID", "") == row["Assigned Agent ID - Current"]


def test_contact_reports_agree(client: ReportClient, conversations: dict[str, Row]) -> None:
    """Contacts belong to conversations, and their start and end agree across the contact reports."""
    contacts = {row["Contact ID"]: row for row in client.read("ContactExportReportV3", *DAYS)}
    work = client.read("WorkSessionEventsReportV4", *DAYS)
    started = {
        row["Contact ID"]: row["Timestamp"]
        for row in client.read("ContactTimestampsReport", *DAYS)
        if row["Event Type"] == "CONTACT/STARTED"
    }
    both = [row for row in work if row["contact_session_id"] in contacts]

    assert started == {key: row["Queued At"] for key, row in contacts.items()}
    assert {row["First Contact ID"] for row in conversations.values()} <= set(contacts)
    assert len(both) > 1_000
    for row in both:
        assert contacts[row["contact_session_id"]]["Ended At"] == row["contact_session_ended_at"]


def test_bot_sessions_match_the_chats(client: ReportClient, items: Items) -> None:
    """The bot sessions are exactly the chat sessions with a bot message."""
    rows = client.read("GladlyAISessionsDetailReport", *DAYS)
    bots = {
        (item["content"]["sessionId"], key)
        for key, each in items.items()
        for item in each
        if item.get("initiator", {}).get("type") == "SYSTEM"
    }

    assert {(row["Session ID"], row["Conversation ID"]) for row in rows} == bots
    assert len(bots) > 50


def test_lists_match_the_files(client: ReportClient, exported_files: ExportedFiles) -> None:
    """Lists and files have the same agents and topics, and ids have the documented formats."""
    agents, topics = (
        {record["id"]: record for record in exported_files.records(f"{name}.jsonl")}
        for name in ("agents", "topics")
    )
    teams, inboxes = client.list("teams"), client.list("inboxes")

    assert {agent["id"]: agent for agent in client.list("agents")} == agents
    assert {topic["id"]: topic for topic in client.list("topics")} == topics
    assert all(re.fullmatch(r"[0-9a-f]{32}", each["id"]) for each in (*teams, *inboxes))
    assert {agent for team in teams for agent in team["agentIds"]} <= set(agents)
    assert [] in [team["agentIds"] for team in teams]
    assert {inbox["disabled"] for inbox in inboxes} == {True, False}
    assert [each["id"][:3] for each in client.list("business-hours")] == ["bh_"]
    assert len(client.list("audiences")) == 2
    assert client.list("organization")["timezone"] == "America/New_York"
