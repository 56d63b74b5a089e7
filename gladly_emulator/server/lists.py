"""The reference list endpoints: a whole list, or one entry by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.interface import LIST_NAMES
from gladly_emulator.server.http_messages import JSON, Response, json_response, not_found_response

if TYPE_CHECKING:
    from gladly_emulator.dataset.interface import Lists

_LISTS_WITHOUT_ENTRY_PATHS: Final = ("audiences", "organization")


def is_list_path(path: list[str]) -> bool:
    """Return whether these path segments after the version name a list or an entry of one."""
    match path:
        case [name]:
            return name in LIST_NAMES
        case [name, _]:
            return name in LIST_NAMES and name not in _LISTS_WITHOUT_ENTRY_PATHS
    return False


def list_response(lists: Lists, path: list[str]) -> Response:
    """Return a list, or the entry with this id."""
    name, *ids = path
    content = lists[name]
    if isinstance(content, bytes):
        return Response(200, content, {"Content-Type": JSON})
    if not ids:
        return json_response(content)
    entries = content if isinstance(content, list) else []
    found = next((entry for entry in entries if entry.get("id") == ids[0]), None)
    return not_found_response("no such entry") if found is None else json_response(found)
