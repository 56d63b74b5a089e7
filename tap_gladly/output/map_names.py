"""Find stream maps that do nothing, because they name a stream or a column that doesn't exist."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import NULL_STRING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    Columns = Mapping[str, Collection[str]]

_SOURCE = "__source__"


def iter_unknown_streams(stream_maps: Mapping[str, Any], columns: Columns) -> Iterator[str]:
    """Yield the streams that maps name, and that don't exist.

    Args:
        stream_maps: Value of the setting.
        columns: Columns of each stream.
    """
    for name, definition in stream_maps.items():
        source = _find_source(name, definition)
        if not name.startswith("__") and not _match(source, columns):
            yield source


def iter_ineffective_removals(stream_maps: Mapping[str, Any], columns: Columns) -> Iterator[str]:
    """Yield one message per `__NULL__` that removes nothing, although it may be meant to keep personal data out.

    Args:
        stream_maps: Value of the setting.
        columns: Columns of each stream, before flattening. Empty if they aren't known.
    """
    for name, definition in stream_maps.items():
        if name.startswith("__"):
            continue
        removed = _list_removed(definition)
        streams = _match(_find_source(name, definition), columns)
        if not streams and (removed or _is_null(definition)):
            yield f"stream_maps.{name} removes data of a stream that this tap doesn't have"
        if streams and all(columns[stream] for stream in streams):
            known = {column for stream in streams for column in columns[stream]}
            for column in sorted(removed - known):
                yield f"stream_maps.{name}.{column} removes a column that doesn't exist (maps precede flattening)"


def _list_removed(definition: object) -> set[str]:
    if not isinstance(definition, dict):
        return set()
    return {name for name, it in definition.items() if _is_null(it) and not name.startswith("__")}


def _find_source(name: str, definition: object) -> str:
    return str(definition.get(_SOURCE, name)) if isinstance(definition, dict) else name


def _match(pattern: str, columns: Columns) -> list[str]:
    return [stream for stream in columns if fnmatch(stream, pattern)]


def _is_null(definition: object) -> bool:
    return definition is None or definition == NULL_STRING
