"""Generate the dbt package's sources and staging models from the tap's schemas: `make docs`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk import Stream

FOLDER: Final = Path(__file__).parent / "models" / "staging"

_NOTE: Final = "Generated from the tap's schemas by `make docs`."
_DEFAULT_NAMES: Final = {"disabled": "is_disabled", "primary": "is_primary"}
_NAMES: Final = {
    "agents.id": "agent_id",
    "agents_list.id": "agent_id",
    "audiences.id": "audience_id",
    "business_hours.id": "business_hours_id",
    "conversation_items.id": "item_id",
    "conversation_items.timestamp": "occurred_at",
    "conversation_items.content.content": "content_text",
    "conversation_items.content.type": "item_type",
    "customers.id": "customer_id",
    "events.id": "event_id",
    "events.timestamp": "recorded_at",
    "inboxes.id": "inbox_id",
    "jobs.id": "job_id",
    "organization.id": "organization_id",
    "schedules.id": "schedule_id",
    "teams.id": "team_id",
    "topics.id": "topic_id",
    "topics_list.id": "topic_id",
    "agent_timestamps_report.timestamp": "recorded_at",
    "contact_timestamps_report.timestamp": "recorded_at",
    "conversation_timestamps_report.timestamp": "recorded_at",
    "task_timestamps_report.timestamp": "recorded_at",
    "work_session_events_report_v4.id": "work_session_id",
    "work_session_events_report_v4.contact_session_id": "contact_id",
}
"""Names of columns, by stream and path. Other columns have Gladly's name in snake_case."""
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Column(NamedTuple):
    """A column of a staging model.

    Attributes:
        name: Its name.
        path: The stream's column, then the property names in its JSON, joined with dots.
        kind: Its type: json, string, number, integer, boolean or timestamp.
        description: Its description in the schema.
    """

    name: str
    path: str
    kind: str
    description: str


def main() -> None:
    """Write the files, and remove those of streams that no longer exist."""
    texts = make_texts()
    for path in FOLDER.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def make_texts() -> dict[str, str]:
    """Return the text of each file, by file name."""
    streams = TapGladly(validate_config=False).discover_streams()
    models = {f"stg_gladly__{stream.name}.sql": "".join(_iter_model(stream)) for stream in streams}
    sources = "".join(line for stream in streams for line in _iter_source(stream))
    docs = "".join(line for stream in streams for line in _iter_docs(stream))
    return {**models, "_sources.yml": _SOURCES_HEAD + sources, "_staging.yml": _STAGING_HEAD + docs}


_SOURCES_HEAD: Final = f"""\
# {_NOTE}
version: 2

sources:
- name: gladly
  description: Tables that tap-gladly loads, one per stream.
  database: "{{{{ var('gladly_database', target.database) }}}}"
  schema: "{{{{ var('gladly_schema', 'gladly') }}}}"
  tables:
"""
_STAGING_HEAD: Final = f"""\
# {_NOTE}
version: 2

models:
"""


def _iter_source(stream: Stream) -> Iterator[str]:
    """Yield the lines of a table in the source."""
    yield f"  - name: {stream.name}\n"
    yield f"    description: {_quote(stream.schema['description'])}\n"
    yield f"    config:\n      enabled: \"{{{{ var('gladly__{stream.name}_enabled') }}}}\"\n"
    yield "    columns:\n"
    for name, schema in stream.schema["properties"].items():
        yield f"    - name: {name}\n      quote: true\n"
        yield f"      description: {_quote(schema.get('description', ''))}\n"


def _iter_docs(stream: Stream) -> Iterator[str]:
    """Yield the lines that describe and test a staging model."""
    columns = list(iter_columns(stream))
    keys = [column.name for column in columns if column.path in stream.primary_keys]
    yield f"- name: stg_gladly__{stream.name}\n"
    yield f"  description: {_quote(stream.schema['description'])}\n"
    if len(keys) > 1:
        yield f"  data_tests:\n  - gladly_unique_key:\n      arguments:\n        columns: [{', '.join(keys)}]\n"
    yield "  columns:\n"
    for column in columns:
        yield f"  - name: {column.name}\n    description: {_quote(column.description)}\n"
        if keys == [column.name]:
            yield "    data_tests: [unique, not_null]\n"


def _iter_model(stream: Stream) -> Iterator[str]:
    """Yield the lines of a staging model."""
    properties = stream.schema["properties"]
    yield f"-- {_NOTE}\n{{{{ config(enabled=var('gladly__{stream.name}_enabled')) }}}}\n\n"
    yield "with newest as (\n    {{ gladly.newest_rows(\n"
    yield f"        '{stream.name}',\n        columns={{\n"
    for name, schema in properties.items():
        yield f"            '{name}': '{find_kind(schema)}',\n"
    yield f"        }},\n        key={list(stream.primary_keys)},\n"
    yield (
        f"        newest={_find_newest(stream)!r}\n    ) }}}}\n)\n\nselect\n"
        if _find_newest(stream)
        else ("    ) }}\n)\n\nselect\n")
    )
    yield ",\n".join(
        f"    {{{{ gladly.read('{column.path}', '{column.kind}') }}}} as {column.name}"
        for column in iter_columns(stream)
    )
    yield "\nfrom newest\n"


def _find_newest(stream: Stream) -> str | None:
    """Return the column whose greatest value marks the newest row of a key, if the stream has one."""
    return stream.replication_key or (
        "_job_updated_at" if "_job_updated_at" in stream.schema["properties"] else None
    )


def iter_columns(stream: Stream) -> Iterator[Column]:
    """Yield the columns of a stream's staging model."""
    yield from _iter_columns(stream.name, stream.schema["properties"])


def _iter_columns(stream: str, properties: Mapping[str, Any], path: str = "") -> Iterator[Column]:
    for name, schema in properties.items():
        place = f"{path}{name}"
        kind = find_kind(schema)
        if kind == "json" and schema.get("properties"):
            yield from _iter_columns(stream, schema["properties"], f"{place}.")
        else:
            yield Column(_name(stream, place), place, kind, schema.get("description", ""))


def _name(stream: str, path: str) -> str:
    name = _NAMES.get(f"{stream}.{path}") or _DEFAULT_NAMES.get(path)
    return name or _CAPITAL.sub("_", path.replace(".", "_")).lower()


def find_kind(schema: Mapping[str, Any]) -> str:
    """Return the type that a value is read as: a string, if the schema allows several types."""
    types = set(schema["type"]) - {"null"}
    if types & {"array", "object"}:
        return "json" if len(types) == 1 else "string"
    if schema.get("format") == "date-time":
        return "timestamp"
    return types.pop() if len(types) == 1 else "string"


def _quote(text: str) -> str:
    """Return a text as a YAML scalar in one line."""
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    main()
