"""The SQL of docs/recipes.md returns what the served rows contain."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from targets.destinations import DuckDB, Postgres
from targets.expectations import read_time
from targets.recipes import read_block

if TYPE_CHECKING:
    from targets.conftest import Load
    from targets.organization import Record

DATABASES = pytest.mark.parametrize("load", ["duckdb", "postgres"], indirect=True)


def ask(load: Load, statement: str) -> list[tuple[Any, ...]]:
    """Run SQL in the destination; timestamps are in UTC."""
    assert isinstance(load.destination, (DuckDB, Postgres))
    return [tuple(map(_with_zone, row)) for row in load.destination.ask(statement)]


def _with_zone(value: object) -> object:
    return value.replace(tzinfo=timezone.utc) if isinstance(value, datetime) else value


def list_items(load: Load) -> list[Record]:
    """Return the newest version of each conversation item, by timestamp."""
    rows = [row.record for step in load.organization.steps for row in step["conversation_items"]]
    items = {item["id"]: item for item in rows if item.get("timestamp")}
    return sorted(items.values(), key=lambda item: (read_time(item["timestamp"]), item["id"]))


def list_messages(load: Load) -> dict[str, list[Record]]:
    """Return the messages of each conversation."""
    messages: dict[str, list[Record]] = {}
    for item in list_items(load):
        if item.get("conversationId") and (item.get("content") or {}).get("content"):
            messages.setdefault(item["conversationId"], []).append(item)
    return messages


@pytest.mark.parametrize("load", ["jsonl"], indirect=True)
def test_newest_row_per_customer(load: Load) -> None:
    """Of all appended rows, the row of the job whose window ends last remains."""
    served = [row for step in load.organization.steps for row in step["customers"]]
    jobs: dict[str, Record] = {}
    for row in served:
        assert row.job
        known = jobs.setdefault(row.record["id"], row.job)
        jobs[row.record["id"]] = max(known, row.job, key=_window_end)

    with duckdb.connect() as connection:
        folder = load.destination.settings["TARGET_JSONL_DESTINATION_PATH"]
        for table in ("customers", "jobs"):
            connection.execute(f"CREATE TABLE {table} AS FROM read_json('{folder}/{table}.jsonl')")
        relation = connection.sql(read_block("Newest row per customer", "sql"))
        found = relation.project("id, _job_id").fetchall()
    assert len(served) > len(jobs)
    assert sorted(found) == sorted((customer, job["id"]) for customer, job in jobs.items())


@DATABASES
def test_newest_row_per_customer_ignores_regenerated_jobs(load: Load) -> None:
    """A row of an old window that was loaded last doesn't hide the newer one."""
    assert isinstance(load.destination, (DuckDB, Postgres))
    kind = "JSON" if isinstance(load.destination, DuckDB) else "jsonb"
    tables = f"""
        WITH jobs (id, parameters) AS (VALUES
            ('current', CAST('{{"endAt": "2026-03-05T00:00:00.5Z"}}' AS {kind})),
            ('regenerated', CAST('{{"endAt": "2026-03-05T00:00:00Z"}}' AS {kind}))),
        customers (id, name, _job_id, _job_updated_at) AS (VALUES
            ('c1', 'new', 'current', '2026-03-05T02:00:00Z'),
            ('c1', 'old', 'regenerated', '2026-03-09T02:00:00Z'))
    """

    found = ask(load, tables + read_block("Newest row per customer", "sql"))
    assert [row[:2] for row in found] == [("c1", "new")]


def _window_end(job: Record) -> datetime:
    return read_time(job["parameters"]["endAt"])


@DATABASES
def test_messages_of_a_conversation_in_order(load: Load) -> None:
    """All messages of the conversation, oldest first, with the names of the agents."""
    statement = read_block("Messages of a conversation in order", "sql")
    (conversation,) = re.findall(r"\"conversationId\" = '(\S+)'", statement)

    agents = [row.record for step in load.organization.steps for row in step["agents"]]
    names = {agent["id"]: agent["name"] for agent in agents}
    found = ask(load, statement)
    assert len(found) > 1
    assert any(agent for _, _, agent, _, _ in found)
    assert found == [
        (
            read_time(item["timestamp"]),
            item["initiator"]["type"],
            names.get(item["initiator"]["id"]),
            item["content"]["type"],
            item["content"]["content"],
        )
        for item in list_messages(load)[conversation]
    ]


@DATABASES
def test_first_response_time(load: Load) -> None:
    """The result has every conversation with a reply, and the time until then."""
    expected = []
    for conversation, messages in sorted(list_messages(load).items()):
        times = [(read_time(item["timestamp"]), item["initiator"]["type"]) for item in messages]
        question = next((time for time, author in times if author == "CUSTOMER"), None)
        answers = [time for time, author in times if author == "AGENT" and question and time > question]
        if question and answers:
            expected.append((conversation, question, answers[0] - question))

    found = sorted(ask(load, read_block("First response time", "sql")))
    assert len(expected) > 50
    assert found == expected


@DATABASES
def test_final_topics_of_a_conversation(load: Load) -> None:
    """The result equals the topic changes applied in order."""
    names = {row.record["id"]: row.record["name"] for row in load.organization.steps[-1]["topics"]}
    topics: dict[str, set[str]] = {}
    for item in list_items(load):
        content = item.get("content") or {}
        ended = topics.setdefault(item.get("conversationId", ""), set())
        ended |= {names[topic] for topic in content.get("addedTopicIds", ())}
        ended -= {names[topic] for topic in content.get("removedTopicIds", ())}

    statement = read_block("Final topics of a conversation", "sql")
    if isinstance(load.destination, DuckDB):
        statement = re.sub(r"jsonb_array_elements_text\((.+?)\)", r"unnest((\1)::VARCHAR[])", statement)
    found = ask(load, statement)
    assert len(found) > 50
    assert sorted(found) == sorted((key, name) for key, ended in topics.items() for name in ended)
