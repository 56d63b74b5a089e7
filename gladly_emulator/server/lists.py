"""The reference lists: everything of a kind in one answer, or one of it by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.server.http_messages import JSON, Answer, answer_json, answer_not_found

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import Lists

LIST_NAMES: Final = (
    "agents",
    "audiences",
    "business-hours",
    "inboxes",
    "organization",
    "teams",
    "topics",
)
_WITHOUT_IDS: Final = ("audiences", "organization")


def make_empty_lists() -> Lists:
    """Return lists without entries, of an organization whose zone is UTC."""
    lists: Lists = {name: [] for name in LIST_NAMES}
    lists["organization"] = {
        "id": "brindlewick-organization",
        "loginDomain": "brindlewick.example",
        "name": "Brindlewick Lamps",
        "timezone": "UTC",
        "gladlyUrl": "https://brindlewick.us-1.gladly.com",
    }
    return lists


def is_list_path(rest: list[str]) -> bool:
    """Tell whether these parts after the version name a list, or one entry of a list that has such paths."""
    match rest:
        case [name]:
            return name in LIST_NAMES
        case [name, _]:
            return name in LIST_NAMES and name not in _WITHOUT_IDS
    return False


def answer_list(lists: Lists, rest: list[str]) -> Answer:
    """Answer with a list, or with the entry that has this id."""
    name, *ids = rest
    content = lists[name]
    if isinstance(content, bytes):
        return Answer(200, content, {"Content-Type": JSON})
    if not ids:
        return answer_json(content)
    entries = content if isinstance(content, list) else []
    found = next((entry for entry in entries if entry.get("id") == ids[0]), None)
    return answer_not_found("no such entry") if found is None else answer_json(found)
