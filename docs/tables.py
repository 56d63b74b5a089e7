"""Print docs/tables.md: every stream and column, with type and meaning, as the tap declares them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk import Stream

_HEADER: Final = """\
# Tables

<!-- Written by `make docs` from the schemas in tap_gladly/schemas. -->

A stream makes a table of its name. Names without a dot are its columns; what has dots lies within an object,
and `[]` stands for each entry of a list. Objects may hold more than is listed, and any value but a key may be
null. What a target makes of names and types stands in [targets.md](targets.md).
"""
_OPTIONAL: Final = " Off by default."
_WORDS: Final = {
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "object",
    "string": "text",
}


def main() -> None:
    """Print the page."""
    streams = TapGladly(validate_config=False).discover_streams()
    index = "".join(f"- [`{stream.name}`](#{stream.name})\n" for stream in streams)
    sys.stdout.write(f"{_HEADER}\n{index}")
    for stream in streams:
        sys.stdout.write(f"\n{_describe(stream)}")


def _describe(stream: Stream) -> str:
    """Write what there is to say of a stream: its rows, its keys, its columns."""
    keys = ", ".join(f"`{key}`" for key in stream.primary_keys)
    pace = f", moves forward by `{stream.replication_key}`" if stream.replication_key else ""
    choice = "" if stream.selected_by_default else _OPTIONAL
    rows = "".join(
        f"| `{name}` | {_name_type(schema)} | {_escape(schema.get('description', ''))} |\n"
        for name, schema in _iter_columns(stream.schema)
    )
    return (
        f"## {stream.name}\n\n{stream.schema['description']} Key {keys}{pace}.{choice}\n\n"
        f"| Column | Type | Meaning |\n| --- | --- | --- |\n{rows}"
    )


def _iter_columns(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every column and, after it, what is declared within."""
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}{name}", inner
        yield from _iter_columns(inner, f"{path}{name}.")
        yield from _iter_columns(inner.get("items", {}), f"{path}{name}[].")


def _name_type(schema: dict[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "time"
    names = [_WORDS.get(kind) or _name_list(schema) for kind in schema["type"] if kind != "null"]
    return ", or ".join(names)


def _name_list(schema: dict[str, Any]) -> str:
    items = schema.get("items")
    return f"list of {_name_type(items)}".replace("object", "objects") if items else "list"


def _escape(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


if __name__ == "__main__":
    main()
