"""How conversations go, channel by channel: scenes, and in which working hour each is played."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from gladly_emulator.dataset.conversation_items import Talk
    from gladly_emulator.dataset.directory import Record

Scene = Callable[["Talk"], None]


class Plan(NamedTuple):
    """A conversation's channel, and its scenes: how many working hours after its start each is played."""

    channel: str
    scenes: dict[int, Scene]


def play_chat(talk: Talk) -> None:
    """Chat: an answer within a minute or two."""
    talk.customer_says(f"{talk.phrase('greetings')} {talk.phrase('problems')}")
    if talk.dice.chance(0.4):
        _offer_choices(talk)
    talk.wait(35, 140)
    talk.agent_says(talk.phrase("replies"))
    _settle(talk, shortest=20, longest=120)


def play_messages(talk: Talk) -> None:
    """SMS, WhatsApp and the like: an answer after some minutes."""
    talk.customer_says(f"{talk.phrase('greetings')} {talk.phrase('problems')}")
    talk.wait(180, 1_100)
    talk.agent_says(talk.phrase("replies"))
    _settle(talk, shortest=30, longest=180)


def play_return(talk: Talk) -> None:
    """Come back in the next working hour with one more question; the conversation opens again."""
    talk.customer_says(talk.phrase("problems"))
    talk.set_status("OPEN")
    talk.wait(40, 400)
    talk.agent_says(talk.phrase("solutions"))
    talk.wait(20, 90)
    talk.set_status("CLOSED")


def ask_by_mail(talk: Talk) -> None:
    """Send an e-mail: the only scene that is played while the desk is closed."""
    talk.customer_says(f"{talk.phrase('greetings')}\n\n{talk.phrase('problems')}")
    if talk.dice.chance(0.15):
        talk.wait(60, 900)
        talk.customer_says(f"PS: {talk.phrase('problems')}")


def answer_mail(talk: Talk) -> None:
    """Answer an e-mail and close."""
    reply_to_mail(talk)
    talk.wait(5, 60)
    talk.set_status("CLOSED")


def reply_to_mail(talk: Talk) -> None:
    """Answer an e-mail and wait for what the customer says."""
    talk.add_topic()
    talk.wait(20, 90)
    if talk.dice.chance(0.3):
        talk.note()
        talk.wait(20, 90)
    quoted = "> " + talk.phrase("problems").replace("\n", "\n> ")
    talk.agent_says(f"{talk.phrase('replies')}\n{talk.phrase('solutions')}\n\n{quoted}")


def thank_by_mail(talk: Talk) -> None:
    """Thank by e-mail; the agent closes."""
    talk.customer_says(talk.phrase("thanks"))
    talk.wait(120, 1_500)
    talk.set_status("CLOSED")


def play_call(talk: Talk) -> None:
    """Call and be answered."""
    waited, spoken = talk.dice.uniform(4, 90), talk.dice.uniform(45, 800)
    call = _call(talk, to_customer=False) | {
        "answeredAt": talk.stamp(waited),
        "completedAt": talk.stamp(waited + spoken),
    }
    talk.write(call | _recording(talk, spoken), talk.customer_actor, responder=talk.agent)
    talk.wait(waited + spoken, waited + spoken + 60)
    talk.add_topic()
    talk.wait(10, 60)
    talk.note()
    talk.wait(5, 60)
    talk.set_status("CLOSED")


def miss_call(talk: Talk) -> None:
    """Call in vain and leave a message."""
    talk.write(_call(talk, to_customer=False), talk.customer_actor)
    talk.wait(30, 60)
    spoken = talk.dice.uniform(4, 70)
    message = {"startedAt": talk.stamp(), "type": "VOICEMAIL"}
    talk.write(message | _recording(talk, spoken), talk.customer_actor)


def call_back(talk: Talk) -> None:
    """Call the customer back, who answers or not."""
    call = _call(talk, to_customer=True)
    if talk.dice.chance(0.7):
        call["answeredAt"] = talk.stamp(8)
        call["completedAt"] = talk.stamp(140)
    talk.write(call, talk.agent, responder=talk.customer_actor)
    talk.wait(140, 300)
    talk.add_topic()
    talk.set_status("CLOSED")


def report_activity(talk: Talk) -> None:
    """Let the shop's software report: a survey, an issue, a message about a parcel, in no conversation."""
    if talk.dice.chance(0.5):
        text = {
            "from": "+15550100000",
            "to": talk.customer.phone,
            "content": f"{talk.order} is on its way 🚚",
        }
        talk.write(text | {"type": "SMS"}, talk.shop_system, within=False)
        talk.wait(60, 900)
    kind = talk.dice.choice(("SURVEY", "SURVEY", "ISSUE", "EMAIL", "SMS"))
    activity: Record = {"type": "CUSTOMER_ACTIVITY", "activityType": kind, "receivedAt": talk.stamp()}
    if kind == "SURVEY":
        activity |= {
            "title": "Survey answered",
            "body": f'Score: {talk.dice.randint(3, 10)}/10: "{talk.phrase("thanks")}"',
            "sourceName": "PollHeron",
            "link": {"url": f"https://polls.example/r/{talk.order}", "text": "Open answer"},
            "expandByDefault": False,
            "occurredAt": talk.stamp(-3_600),
        }
    talk.write(activity, talk.shop_system, within=False)


def _settle(talk: Talk, *, shortest: float, longest: float) -> None:
    talk.wait(shortest, longest)
    talk.customer_says(talk.order)
    talk.wait(shortest, longest)
    talk.add_topic()
    talk.agent_says(talk.phrase("solutions"))
    if talk.dice.chance(0.5):
        talk.wait(5, longest)
        talk.customer_says(talk.phrase("thanks"))
    talk.wait(5, longest)
    talk.set_status("CLOSED")


def _offer_choices(talk: Talk) -> None:
    options = [{"id": "opt_order", "label": "My order"}, {"id": "opt_else", "label": "Something else"}]
    chat = {"sessionId": talk.session_id, "type": "CHAT_MESSAGE"}
    talk.wait(1, 4)
    request = {"content": "What is it about?", "messageType": "QUICK_REPLY_REQUEST"}
    bot = {"id": "SIDEKICK_V2", "type": "SYSTEM"}
    request_id = talk.write({**request, "messageData": {"options": options}, **chat}, bot)
    talk.wait(4, 25)
    chosen = talk.dice.choice(options)
    answer = {
        "quickReplyRequest": {"options": options},
        "selectedOptionId": chosen["id"],
        "requestMessageId": request_id,
    }
    response = {"content": chosen["label"], "messageType": "QUICK_REPLY_RESPONSE", "messageData": answer}
    talk.write({**response, **chat}, talk.customer_actor)


def _call(talk: Talk, *, to_customer: bool) -> Record:
    numbers = ["+15550100000", talk.customer.phone]
    caller, called = numbers if to_customer else reversed(numbers)
    return {"startedAt": talk.stamp(), "from": caller, "to": called, "type": "PHONE_CALL"}


def _recording(talk: Talk, seconds: float) -> Record:
    status = talk.dice.choice(("AVAILABLE",) * 8 + ("DELETED", "ERROR"))
    if status != "AVAILABLE":
        return {"recordingStatus": status}
    recording: Record = {
        "recordingStatus": status,
        "recordingUrl": f"/api/v1/conversation-items/{talk.next_id()}/media/recording",
        "recordingDuration": int(seconds),
    }
    if talk.dice.chance(0.5):
        summary = f"The caller asks about {talk.order}; the agent takes care of it."
        recording["recordingSummary"] = {"status": "READY", "summary": summary, "language": "en"}
    return recording


_CHAT: Final = Plan("CHAT_MESSAGE", {0: play_chat})
_MAIL: Final = Plan("EMAIL", {0: ask_by_mail, 1: answer_mail})
_CALL: Final = Plan("PHONE_CALL", {0: play_call})

PLANS: Final = (
    _CHAT,
    _MAIL,
    _CHAT,
    Plan("SMS", {0: play_messages}),
    Plan("EMAIL", {0: ask_by_mail, 1: reply_to_mail, 9: thank_by_mail}),
    _CHAT,
    Plan("WHATSAPP", {0: play_messages}),
    _CALL,
    _CHAT,
    Plan("EMAIL", {0: ask_by_mail, 2: answer_mail}),
    Plan("CHAT_MESSAGE", {0: play_chat, 1: play_return}),
    Plan("FACEBOOK_MESSAGE", {0: play_messages}),
    _MAIL,
    _CHAT,
    Plan("PHONE_CALL", {0: miss_call, 1: call_back}),
    Plan("SMS", {0: play_messages, 1: play_return}),
    _CHAT,
    Plan("EMAIL", {0: ask_by_mail, 9: answer_mail}),
    Plan("INSTAGRAM_DIRECT", {0: play_messages}),
    _CALL,
    _CHAT,
    Plan("EMAIL", {0: ask_by_mail, 2: reply_to_mail, 9: thank_by_mail}),
    Plan("WHATSAPP", {0: play_messages, 9: play_return}),
    Plan("CUSTOMER_ACTIVITY", {0: report_activity}),
)
"""The plans conversations follow in turn, so that their shares are the channels' shares."""

DELAYS: Final = tuple(sorted({delay for plan in PLANS for delay in plan.scenes}))
