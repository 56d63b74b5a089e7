"""The marts' numbers equal figures computed from the emulator's event reports."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

import pytest

from models.figures import START

if TYPE_CHECKING:
    from models.figures import Figures
    from models.warehouse import Warehouse

pytestmark = pytest.mark.usefixtures("build")

_MILLISECOND = 0.002
# Start of the loaded rows of agent_durations_report_v2.
_SPANS_FROM = date(2026, 3, 4)


def test_conversations_have_the_status_of_their_newest_event(warehouse: Warehouse, figures: Figures) -> None:
    """The status combines the report with status changes of the export files, which end hours earlier."""
    expected = figures.statuses()

    found = dict(
        warehouse.ask("SELECT conversation_id, status FROM {}.gladly__conversations WHERE is_start_loaded")
    )
    assert len(expected) > 2_000
    assert set(expected.values()) == {"OPEN", "CLOSED"}
    assert found == expected


def test_conversations_count_their_own_rows_once(warehouse: Warehouse) -> None:
    """Joins with messages, contacts, topics and status changes don't duplicate rows."""
    (totals,) = warehouse.ask(
        """SELECT count(*), count(DISTINCT conversation_id), sum(count_of_customer_messages),
            (SELECT count(*) FROM {0}.gladly__messages WHERE direction = 'INBOUND' AND conversation_id IS NOT NULL)
        FROM {0}.gladly__conversations"""
    )

    assert totals[0] == totals[1]
    assert totals[2] == totals[3]


def test_first_response_is_measured_from_question_to_answer(warehouse: Warehouse, figures: Figures) -> None:
    """Every conversation that began in the loaded days has a value, and no other has one."""
    expected = figures.first_responses()

    found = dict(
        warehouse.ask(
            """SELECT conversation_id, first_response_seconds FROM {}.gladly__conversations
            WHERE first_response_seconds IS NOT NULL"""
        )
    )
    assert len(expected) > 2_000
    assert found == pytest.approx(expected, abs=_MILLISECOND)


def test_backlog_counts_open_conversations(warehouse: Warehouse, figures: Figures) -> None:
    """Counts and the oldest age are right on each day, across a weekend and the start of daylight saving time."""
    found = {
        day: (int(count), age)
        for day, count, age in warehouse.ask(
            """SELECT date_day, sum(open_conversations), max(oldest_age_seconds)
            FROM {}.gladly__backlog_daily GROUP BY date_day"""
        )
    }
    expected = figures.backlog()

    assert {day: found[day][0] for day in expected} == {day: count for day, (count, _) in expected.items()}
    assert {day: found[day][1] for day in expected} == pytest.approx(
        {day: age for day, (_, age) in expected.items()}, abs=_MILLISECOND
    )


def test_backlog_counts_changes_by_day(warehouse: Warehouse, figures: Figures) -> None:
    """Created, reopened and closed conversations are counted on the local day of the change."""
    found = {
        day: tuple(map(int, counts))
        for day, *counts in warehouse.ask(
            """SELECT date_day, sum(opened), sum(reopened), sum(closed)
            FROM {}.gladly__backlog_daily GROUP BY date_day"""
        )
    }
    # The report that covers the hours after the newest export file has only the latest close.
    expected = {day: counts for day, counts in figures.changes_by_day().items() if day < figures.days[-1]}

    assert {day: found[day] for day in expected} == expected


def test_topics_are_those_that_conversations_kept(warehouse: Warehouse, figures: Figures) -> None:
    """A topic counts on the day on which it was last added."""
    last = figures.days[-1]  # the export files lack its last hours
    expected = {key: count for key, count in figures.topics().items() if START.date() <= key[0] < last}

    found = {
        (day, topic): count
        for day, topic, count in warehouse.ask(
            "SELECT date_day, topic_id, conversations FROM {}.gladly__topics_daily"
        )
        if day < last
    }
    assert len(expected) > 50
    assert found == expected


def test_agent_days_sum_up_handled_contacts(warehouse: Warehouse, figures: Figures) -> None:
    """A contact counts on the day on which it ended."""
    found = {
        (agent, day): (count, seconds)
        for agent, day, count, seconds in warehouse.ask(
            """SELECT agent_id, date_day, contacts_handled, handle_seconds FROM {}.gladly__agent_days
            WHERE contacts_handled > 0"""
        )
        if day in figures.days
    }
    expected = figures.handled()

    assert {key: count for key, (count, _) in found.items()} == {
        key: count for key, (count, _) in expected.items()
    }
    assert {key: seconds for key, (_, seconds) in found.items()} == pytest.approx(
        {key: seconds for key, (_, seconds) in expected.items()}, abs=0.1
    )


def test_agent_days_have_the_active_time(warehouse: Warehouse, figures: Figures) -> None:
    """Active time from spans equals active time from events."""
    found = {
        (agent, day): seconds
        for agent, day, seconds in warehouse.ask(
            "SELECT agent_id, date_day, active_seconds FROM {}.gladly__agent_days"
        )
        if seconds is not None
    }
    expected = {key: time for key, time in figures.active_seconds().items() if key[1] >= _SPANS_FROM}

    assert len(expected) == 10 * 8
    assert found == pytest.approx(expected, abs=0.1)


def test_utilization_is_handle_time_in_active_time(warehouse: Warehouse, figures: Figures) -> None:
    """Utilization is a share, not a percentage."""
    handled, active = figures.handled(), figures.active_seconds()
    expected = {key: handled[key][1] / time for key, time in active.items() if key[1] >= _SPANS_FROM}

    found = {
        (agent, day): share
        for agent, day, share in warehouse.ask(
            "SELECT agent_id, date_day, utilization FROM {}.gladly__agent_days"
        )
        if share is not None
    }
    assert found == pytest.approx(expected, abs=1e-5)


def test_contacts_are_those_that_were_queued_or_ended(warehouse: Warehouse, figures: Figures) -> None:
    """Each contact has one row, with the time to the answer."""
    contacts = [contact for contact in figures.contacts() if contact.is_loaded]
    answered = {
        contact.id: (contact.fulfilled_at - contact.started_at).total_seconds()
        for contact in contacts
        if contact.fulfilled_at
    }

    found = warehouse.ask(
        "SELECT contact_id, conversation_id, customer_id, channel, response_seconds FROM {}.gladly__contacts"
    )
    assert len(contacts) > 3_000
    assert sorted(row[:4] for row in found) == sorted(
        (contact.id, contact.conversation_id, contact.customer_id, contact.channel) for contact in contacts
    )
    assert {row[0]: row[4] for row in found if row[4] is not None} == pytest.approx(
        answered, abs=_MILLISECOND
    )


def test_customers_count_their_contacts(warehouse: Warehouse, figures: Figures) -> None:
    """Each customer has the count of contacts and the time of the newest one."""
    counts: dict[str, int] = {}
    newest: dict[str, datetime] = {}
    for contact in figures.contacts():
        if contact.is_loaded:
            counts[contact.customer_id] = counts.get(contact.customer_id, 0) + 1
            newest[contact.customer_id] = contact.started_at

    found = warehouse.ask(
        """SELECT customer_id, lifetime_contacts, last_contact_at FROM {}.gladly__customers
        WHERE lifetime_contacts > 0"""
    )
    assert {customer: count for customer, count, _ in found} == counts
    times = {customer: time.replace(tzinfo=timezone.utc).timestamp() for customer, _, time in found}
    expected = {customer: newest[customer].timestamp() for customer in newest}
    assert {customer: times[customer] for customer in expected} == pytest.approx(expected, abs=_MILLISECOND)


def test_messages_have_channel_and_author(warehouse: Warehouse, figures: Figures) -> None:
    """Counts by channel and author type equal those of message events; channels have the reports' names."""
    counts = {
        (channel, author): count
        for channel, author, count in warehouse.ask(
            """SELECT channel, author_type, count(*) FROM {}.gladly__messages
            WHERE kind <> 'CALL' AND conversation_id IS NOT NULL GROUP BY channel, author_type"""
        )
    }
    names = dict(
        warehouse.ask(
            "SELECT DISTINCT author_id, author_name FROM {}.gladly__messages WHERE author_type = 'AGENT'"
        )
    )

    assert counts == figures.message_counts()
    assert len(names) == 10
    assert names == {agent: figures.agent_names[agent] for agent in names}
