"""Print docs/tables.md: every stream and column with type and description, and example rows."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from example_rows import Row, load_examples

from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk import Stream

_HEADER: Final = """\
# Tables

<!-- Written by `make docs` from the schemas in tap_gladly/schemas and the emulator's data. -->

Each stream loads into a table of the same name. This page lists every column of every table.
[data-model.md](data-model.md) shows how the tables relate and which one answers which question;
[targets.md](targets.md) shows how targets store the names and types.

- Any column except the key can be null. Gladly leaves out a property without a value. In a report, an empty
  cell is null.
- *Known values* are those that Gladly documents. Gladly may add values, columns and nested properties.
- A timestamp is RFC 3339 text with up to nine fraction digits, usually in UTC.
- An object or an array is a JSON column. A second table lists its nested columns: a dot separates the levels,
  and `[]` stands for each element of an array. An object may contain more than the table lists.
- Columns that begin with `_` and all columns of `malformed_lines` are the tap's own. All others are Gladly's;
  those of a report are the CSV header in snake case.
- The examples are rows of the emulated organization, as the tap emits them, without null columns.

"""


def main() -> None:
    """Print the page."""
    streams = TapGladly(validate_config=False).discover_streams()
    examples = load_examples()
    sys.stdout.write(_HEADER)
    sys.stdout.write("| Table | Rows | Selected |\n| --- | --- | --- |\n")
    for stream in streams:
        sys.stdout.write(_index(stream))
    for stream in streams:
        sys.stdout.write(f"\n{_describe(stream, examples[stream.name])}")


def _index(stream: Stream) -> str:
    rows = stream.schema["description"].split(". ")[0].removesuffix(".")
    selected = "by default" if stream.selected_by_default else "opt-in"
    return f"| [`{stream.name}`](#{stream.name}) | {_escape(rows)} | {selected} |\n"


def _describe(stream: Stream, examples: Sequence[Row]) -> str:
    """Return the section of a stream: its rows, its key, its columns, its nested columns, its examples."""
    columns = list(_iter_columns(stream.schema))
    nested = [column for column in columns if "." in column[0]]
    section = (
        f"## {stream.name}\n\n{stream.schema['description']} {_describe_keys(stream)}\n\n"
        f"{_tabulate('Column', [column for column in columns if '.' not in column[0]])}"
    )
    if nested:
        section += f"\nNested columns of `{stream.name}`:\n\n{_tabulate('Path', nested)}"
    return f"{section}\n{_show_examples(examples)}"


def _describe_keys(stream: Stream) -> str:
    keys = ", ".join(f"`{key}`" for key in stream.primary_keys)
    if stream.replication_key:
        return f"Key: {keys}. Replication key: `{stream.replication_key}`."
    return f"Key: {keys}. No replication key."


def _tabulate(title: str, columns: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    rows = "".join(
        f"| `{name}` | {_name_type(schema)} | {_escape(schema.get('description', ''))} |\n"
        for name, schema in columns
    )
    return f"| {title} | Type | Description |\n| --- | --- | --- |\n{rows}"


def _iter_columns(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every column and, after it, the columns nested in it."""
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}{name}", inner
        yield from _iter_columns(inner, f"{path}{name}.")
        yield from _iter_columns(inner.get("items", {}), f"{path}{name}[].")


def _name_type(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "timestamp"
    kinds = [kind for kind in schema["type"] if kind != "null"]
    return " or ".join(_name_array(schema) if kind == "array" else kind for kind in kinds)


def _name_array(schema: Mapping[str, Any]) -> str:
    items = schema.get("items")
    return f"array of {_name_type(items)}s" if items else "array"


def _show_examples(rows: Sequence[Row]) -> str:
    shown = "\n".join(_show_row(row) for row in rows)
    return (
        f"<details>\n<summary>{len(rows)} example row{'s'[: len(rows) > 1]}</summary>\n\n"
        f"```json\n{shown}\n```\n\n</details>\n"
    )


def _show_row(row: Row) -> str:
    """Return a row as JSON, a column per line, without its null columns."""
    columns = (
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in row.items()
        if value is not None
    )
    return "{\n" + ",\n".join(columns) + "\n}"


def _escape(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


if __name__ == "__main__":
    main()
