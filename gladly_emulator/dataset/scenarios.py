"""Conversation scenarios by channel: which steps happen, and in which open hour each happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from gladly_emulator.dataset.directory import COMPANY_NUMBER

if TYPE_CHECKING:
    from gladly_emulator.dataset.conversation_items import ItemWriter
    from gladly_emulator.dataset.interface import Record

Step = Callable[["ItemWriter"], None]


class Scenario(NamedTuple):
    """A conversation's channel, and its steps by the number of open hours between its start and the step."""

    channel: str
    steps: dict[int, Step]


def hold_chat(writer: ItemWriter) -> None:
    """Hold a chat: the agent replies within one or two minutes."""
    writer.write_customer_message(f"{writer.phrase('greetings')} {writer.phrase('problems')}")
    if writer.rng.chance(0.4):
        _offer_choices(writer)
    writer.wait(35, 140)
    writer.write_agent_message(writer.phrase("replies"))
    _solve(writer, shortest=20, longest=120)


def exchange_messages(writer: ItemWriter) -> None:
    """Exchange messages (SMS, WhatsApp and similar): the agent replies after several minutes."""
    writer.write_customer_message(f"{writer.phrase('greetings')} {writer.phrase('problems')}")
    writer.wait(180, 1_100)
    writer.write_agent_message(writer.phrase("replies"))
    _solve(writer, shortest=30, longest=180)


def reopen(writer: ItemWriter) -> None:
    """Reopen the conversation: the customer asks another question."""
    writer.write_customer_message(writer.phrase("problems"))
    writer.write_status_change("OPEN")
    writer.wait(40, 400)
    writer.write_agent_message(writer.phrase("solutions"))
    writer.wait(20, 90)
    writer.write_status_change("CLOSED")


def send_email(writer: ItemWriter) -> None:
    """Send an email. This is the only step that happens outside business hours."""
    writer.write_customer_message(f"{writer.phrase('greetings')}\n\n{writer.phrase('problems')}")
    if writer.rng.chance(0.15):
        writer.wait(60, 900)
        writer.write_customer_message(f"PS: {writer.phrase('problems')}")


def answer_email(writer: ItemWriter) -> None:
    """Answer an email and close the conversation."""
    reply_by_email(writer)
    writer.wait(5, 60)
    writer.write_status_change("CLOSED")


def reply_by_email(writer: ItemWriter) -> None:
    """Answer an email and leave the conversation open."""
    writer.write_topic_change()
    writer.wait(20, 90)
    if writer.rng.chance(0.3):
        writer.write_note()
        writer.wait(20, 90)
    quoted = "> " + writer.phrase("problems").replace("\n", "\n> ")
    writer.write_agent_message(f"{writer.phrase('replies')}\n{writer.phrase('solutions')}\n\n{quoted}")


def thank_by_email(writer: ItemWriter) -> None:
    """Thank the agent by email. The agent closes the conversation."""
    writer.write_customer_message(writer.phrase("thanks"))
    writer.wait(120, 1_500)
    writer.write_status_change("CLOSED")


def answer_call(writer: ItemWriter) -> None:
    """Answer a call from the customer."""
    waiting, talking = writer.rng.uniform(4, 90), writer.rng.uniform(45, 800)
    call = _call_content(writer, to_customer=False) | {
        "answeredAt": writer.stamp(waiting),
        "completedAt": writer.stamp(waiting + talking),
    }
    writer.write(call | _recording_content(writer, talking), writer.customer_actor, responder=writer.agent)
    writer.wait(waiting + talking, waiting + talking + 60)
    writer.write_topic_change()
    writer.wait(10, 60)
    writer.write_note()
    writer.wait(5, 60)
    writer.write_status_change("CLOSED")


def miss_call(writer: ItemWriter) -> None:
    """Miss a call from the customer, who leaves a voicemail."""
    writer.write(_call_content(writer, to_customer=False), writer.customer_actor)
    writer.wait(30, 60)
    spoken = writer.rng.uniform(4, 70)
    message = {"startedAt": writer.stamp(), "type": "VOICEMAIL"}
    writer.write(message | _recording_content(writer, spoken), writer.customer_actor)


def call_back(writer: ItemWriter) -> None:
    """Call the customer back. The customer may not answer."""
    call = _call_content(writer, to_customer=True)
    if writer.rng.chance(0.7):
        call["answeredAt"] = writer.stamp(8)
        call["completedAt"] = writer.stamp(140)
    writer.write(call, writer.agent, responder=writer.customer_actor)
    writer.wait(140, 300)
    writer.write_topic_change()
    writer.write_status_change("CLOSED")


def report_activity(writer: ItemWriter) -> None:
    """Report a customer activity through the API, outside any conversation: a survey, issue or message."""
    if writer.rng.chance(0.5):
        text = {
            "from": COMPANY_NUMBER,
            "to": writer.customer.phone,
            "content": f"{writer.order} is on its way 🚚",
        }
        writer.write(text | {"type": "SMS"}, writer.api_actor, in_conversation=False)
        writer.wait(60, 900)
    kind = writer.rng.choice(("SURVEY", "SURVEY", "ISSUE", "EMAIL", "SMS"))
    activity: Record = {"type": "CUSTOMER_ACTIVITY", "activityType": kind, "receivedAt": writer.stamp()}
    if kind == "SURVEY":
        activity |= {
            "title": "Survey answered",
            "body": f'Score: {writer.rng.randint(3, 10)}/10: "{writer.phrase("thanks")}"',
            "sourceName": "PollHeron",
            "link": {"url": f"https://polls.example/r/{writer.order}", "text": "Open answer"},
            "expandByDefault": False,
            "occurredAt": writer.stamp(-3_600),
        }
    writer.write(activity, writer.api_actor, in_conversation=False)


def _solve(writer: ItemWriter, *, shortest: float, longest: float) -> None:
    writer.wait(shortest, longest)
    writer.write_customer_message(writer.order)
    writer.wait(shortest, longest)
    writer.write_topic_change()
    writer.write_agent_message(writer.phrase("solutions"))
    if writer.rng.chance(0.5):
        writer.wait(5, longest)
        writer.write_customer_message(writer.phrase("thanks"))
    writer.wait(5, longest)
    writer.write_status_change("CLOSED")


def _offer_choices(writer: ItemWriter) -> None:
    options = [{"id": "opt_order", "label": "My order"}, {"id": "opt_else", "label": "Something else"}]
    chat = {"sessionId": writer.session_id, "type": "CHAT_MESSAGE"}
    writer.wait(1, 4)
    request = {"content": "What is it about?", "messageType": "QUICK_REPLY_REQUEST"}
    bot = {"id": "SIDEKICK_V2", "type": "SYSTEM"}
    request_id = writer.write({**request, "messageData": {"options": options}, **chat}, bot)
    writer.wait(4, 25)
    chosen = writer.rng.choice(options)
    answer = {
        "quickReplyRequest": {"options": options},
        "selectedOptionId": chosen["id"],
        "requestMessageId": request_id,
    }
    response = {"content": chosen["label"], "messageType": "QUICK_REPLY_RESPONSE", "messageData": answer}
    writer.write({**response, **chat}, writer.customer_actor)


def _call_content(writer: ItemWriter, *, to_customer: bool) -> Record:
    numbers = [COMPANY_NUMBER, writer.customer.phone]
    caller, called = numbers if to_customer else reversed(numbers)
    return {"startedAt": writer.stamp(), "from": caller, "to": called, "type": "PHONE_CALL"}


def _recording_content(writer: ItemWriter, seconds: float) -> Record:
    status = writer.rng.choice(("AVAILABLE",) * 8 + ("DELETED", "ERROR"))
    if status != "AVAILABLE":
        return {"recordingStatus": status}
    recording: Record = {
        "recordingStatus": status,
        "recordingUrl": f"/api/v1/conversation-items/{writer.next_id()}/media/recording",
        "recordingDuration": int(seconds),
    }
    if writer.rng.chance(0.5):
        summary = f"The caller asks about {writer.order}; the agent takes care of it."
        recording["recordingSummary"] = {"status": "READY", "summary": summary, "language": "en"}
    return recording


_CHAT: Final = Scenario("CHAT_MESSAGE", {0: hold_chat})
_EMAIL: Final = Scenario("EMAIL", {0: send_email, 1: answer_email})
_CALL: Final = Scenario("PHONE_CALL", {0: answer_call})

SCENARIOS: Final = (
    _CHAT,
    _EMAIL,
    _CHAT,
    Scenario("SMS", {0: exchange_messages}),
    Scenario("EMAIL", {0: send_email, 1: reply_by_email, 9: thank_by_email}),
    _CHAT,
    Scenario("WHATSAPP", {0: exchange_messages}),
    _CALL,
    _CHAT,
    Scenario("EMAIL", {0: send_email, 2: answer_email}),
    Scenario("CHAT_MESSAGE", {0: hold_chat, 1: reopen}),
    Scenario("FACEBOOK_MESSAGE", {0: exchange_messages}),
    _EMAIL,
    _CHAT,
    Scenario("PHONE_CALL", {0: miss_call, 1: call_back}),
    Scenario("SMS", {0: exchange_messages, 1: reopen}),
    _CHAT,
    Scenario("EMAIL", {0: send_email, 9: answer_email}),
    Scenario("INSTAGRAM_DIRECT", {0: exchange_messages}),
    _CALL,
    _CHAT,
    Scenario("EMAIL", {0: send_email, 2: reply_by_email, 9: thank_by_email}),
    Scenario("WHATSAPP", {0: exchange_messages, 9: reopen}),
    Scenario("CUSTOMER_ACTIVITY", {0: report_activity}),
)
"""New conversations use these in turn, so each channel's share here is its share of conversations."""

DELAYS: Final = tuple(sorted({delay for scenario in SCENARIOS for delay in scenario.steps}))
