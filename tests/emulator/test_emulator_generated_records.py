"""The records in the generated files."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from gladly_emulator.timestamps import parse_instant

if TYPE_CHECKING:
    from .exported_files import ExportedFiles

RECORDING = {"recordingStatus", "recordingUrl", "recordingDuration", "recordingSummary"}
CONTENT_FIELDS = {
    "CHAT_MESSAGE": {"messageType", "sessionId", "content", "attachments", "messageData"},
    "CONVERSATION_STATUS_CHANGE": {"status"},
    "CUSTOMER_ACTIVITY": {
        *("activityType", "title", "body", "sourceName", "link"),
        *("expandByDefault", "occurredAt", "receivedAt"),
    },
    "EMAIL": {"from", "to", "cc", "bcc", "subject", "content", "attachments"},
    "FACEBOOK_MESSAGE": {"pageId", "userId", "content", "attachments"},
    "CONVERSATION_NOTE": {"body", "attachments"},
    "PHONE_CALL": {"from", "to", "startedAt", "answeredAt", "completedAt"} | RECORDING,
    "SMS": {"from", "to", "content", "attachments"},
    "TOPIC_CHANGE": {"addedTopicIds", "removedTopicIds"},
    "VOICEMAIL": {"startedAt"} | RECORDING,
    "WHATSAPP": {"content", "attachments"},
    "INSTAGRAM_DIRECT": {"content", "attachments"},
}
FIELDS = {
    "agents.jsonl": {"id", "name", "emailAddress"},
    "customers.jsonl": {
        *("id", "name", "address", "emailAddresses", "phoneNumbers"),
        *("externalCustomerId", "externalCustomerIds"),
    },
    "topics.jsonl": {"id", "name", "disabled", "parentId"},
    "conversation_items.jsonl": {
        *("id", "customerId", "conversationId", "timestamp", "initiator", "responder", "content"),
    },
}


def test_organization_has_the_documented_size(exported_files: ExportedFiles) -> None:
    """There are about 3,000 conversations, 15,000 to 20,000 items, and returning customers."""
    items = list(exported_files.records("conversation_items.jsonl"))
    customers = Counter(record["id"] for record in exported_files.records("customers.jsonl"))

    assert 15_000 <= len(items) <= 20_000
    assert 2_700 <= len({item.get("conversationId") for item in items}) <= 3_300
    assert customers.most_common(1)[0][1] > 3


def test_ids_are_22_url_safe_characters(exported_files: ExportedFiles) -> None:
    """Ids are URL-safe base64 of 16 bytes, item ids are unique, and some start with - or _."""
    ids = [item["id"] for item in exported_files.records("conversation_items.jsonl")]

    assert all(re.fullmatch(r"[\w-]{22}", each, re.ASCII) for each in ids)
    assert len(set(ids)) == len(ids)
    assert {"-", "_"} <= {each[0] for each in ids}


def test_references_resolve_within_a_job(exported_files: ExportedFiles) -> None:
    """Every customer, agent and topic of an item is in a file of the same job, exactly once."""
    for job in exported_files.jobs:
        known = {
            name: [record["id"] for record in exported_files.files[job["id"], name]] for name in job["files"]
        }
        assert all(len(set(ids)) == len(ids) for ids in known.values())
        if not known:
            continue
        items = exported_files.files[job["id"], "conversation_items.jsonl"]
        actors = [item[role] for item in items for role in ("initiator", "responder") if role in item]
        contents = [item["content"] for item in items]

        assert {item["customerId"] for item in items} == set(known["customers.jsonl"])
        assert {actor["id"] for actor in actors if actor["type"] == "CUSTOMER"} <= set(
            known["customers.jsonl"]
        )
        assert {actor["id"] for actor in actors if actor["type"] in {"AGENT", "API"}} <= set(
            known.get("agents.jsonl", [])
        )
        for key in ("addedTopicIds", "removedTopicIds"):
            assert {each for content in contents for each in content.get(key, [])} <= set(
                known.get("topics.jsonl", [])
            )


def test_items_are_in_their_window(exported_files: ExportedFiles) -> None:
    """An item's timestamp is in its job's window."""
    for job in exported_files.jobs:
        start, end = (parse_instant(job["parameters"][key]) for key in ("startAt", "endAt"))
        for item in exported_files.files.get((job["id"], "conversation_items.jsonl"), []):
            assert start <= parse_instant(item["timestamp"]) < end


def test_fields_are_documented(exported_files: ExportedFiles) -> None:
    """Records have only documented fields, and every content type occurs."""
    for (_, name), records in exported_files.files.items():
        assert {key for record in records for key in record} <= FIELDS[name]
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for item in exported_files.records("conversation_items.jsonl"):
        seen[item["content"]["type"]] |= item["content"].keys() - {"type"}

    assert seen.keys() == CONTENT_FIELDS.keys()
    assert all(keys <= CONTENT_FIELDS[kind] for kind, keys in seen.items())


def test_deviations_occur(exported_files: ExportedFiles) -> None:
    """Some items lack fields that real items sometimes lack."""
    items = list(exported_files.records("conversation_items.jsonl"))
    of_type = defaultdict(list)
    for item in items:
        of_type[item["content"]["type"]].append(item)

    assert any("subject" not in item["content"] for item in of_type["EMAIL"])
    assert any("conversationId" not in item for item in of_type["SMS"])
    assert any("initiator" not in item for item in of_type["CONVERSATION_STATUS_CHANGE"])
    assert any("answeredAt" not in item["content"] for item in of_type["PHONE_CALL"])
    assert any("removedTopicIds" in item["content"] for item in of_type["TOPIC_CHANGE"])
    assert {item["content"]["messageType"] for item in of_type["CHAT_MESSAGE"]} == {
        "TEXT",
        "QUICK_REPLY_REQUEST",
        "QUICK_REPLY_RESPONSE",
    }
    assert any("attachments" in item["content"] for item in items)
    assert {len(item["timestamp"].partition(".")[2].rstrip("Z")) for item in items} >= {0, 1, 3, 9}


def test_profiles_vary(exported_files: ExportedFiles) -> None:
    """Some profiles lack a name, have two email addresses, multiple address lines or external ids."""
    customers = list(exported_files.records("customers.jsonl"))
    topics = list(exported_files.records("topics.jsonl"))

    assert any("name" not in customer for customer in customers)
    assert any(len(customer.get("emailAddresses", [])) > 1 for customer in customers)
    assert any(len(customer.get("phoneNumbers", [])) > 1 for customer in customers)
    assert any("\n" in customer.get("address", "") for customer in customers)
    assert any("externalCustomerIds" in customer for customer in customers)
    assert any(topic["disabled"] for topic in topics)
    assert any("parentId" in topic for topic in topics)


def test_texts_use_many_scripts(exported_files: ExportedFiles) -> None:
    """Texts contain many scripts, emoji, line breaks, quotes and a raw line separator."""
    items = exported_files.records("conversation_items.jsonl")
    text = "".join(str(item["content"].get("content") or item["content"].get("body")) for item in items)

    assert all(
        each in text for each in ("é", "ß", "¿", "Щ", "λ", "م", "注", "주", "ऑ", "😟", "\n", '"', "\u2028")
    )


def test_contact_details_are_fictitious(exported_files: ExportedFiles) -> None:
    """Email addresses end in .example, and phone numbers are reserved for fiction."""
    text = json.dumps([list(exported_files.records(name)) for name in FIELDS])

    assert all(host.endswith(".example") for host in re.findall(r"@([\w.-]+)", text))
    assert all(re.match(r"\+1555010|\+447700900", number) for number in re.findall(r"\+\d{10,}", text))


def test_first_response_times_differ_by_channel(exported_files: ExportedFiles) -> None:
    """Agents reply to chats in 1 to 3 minutes, to messages in 5 to 20 minutes, to emails in 1 to 10 hours."""
    messages = defaultdict(list)
    for item in exported_files.records("conversation_items.jsonl"):
        if "conversationId" in item and item.get("initiator", {}).get("type") in {"CUSTOMER", "AGENT"}:
            messages[item["conversationId"], item["content"]["type"]].append(
                (parse_instant(item["timestamp"]), item["initiator"]["type"])
            )
    waits = defaultdict(list)
    for (_, channel), sent in messages.items():
        sent.sort()
        reply = next((time for time, author in sent if author == "AGENT"), None)
        if sent[0][1] == "CUSTOMER" and reply is not None:
            waits[channel].append((reply - sent[0][0]) / 60e9)

    assert 1 <= statistics.median(waits["CHAT_MESSAGE"]) <= 3
    for channel in ("SMS", "WHATSAPP", "FACEBOOK_MESSAGE", "INSTAGRAM_DIRECT"):
        assert 5 <= statistics.median(waits[channel]) <= 20
    assert 60 <= statistics.median(waits["EMAIL"]) <= 600


def test_conversations_span_jobs(exported_files: ExportedFiles) -> None:
    """Some conversations have items in several files, and most conversations are closed."""
    jobs = defaultdict(set)
    closed = set()
    for (job_id, name), records in exported_files.files.items():
        for item in records if name == "conversation_items.jsonl" else []:
            if "conversationId" in item:
                jobs[item["conversationId"]].add(job_id)
            if item["content"].get("status") == "CLOSED":
                closed.add(item["conversationId"])

    assert sum(len(each) > 1 for each in jobs.values()) > 500
    assert len(closed) > 0.9 * len(jobs)
