"""target-postgres with the settings of meltano.yml: every value arrives as it does with the target's defaults."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gladly_emulator import Emulator, StaticExports
from targets.conftest import batch_settings
from targets.destinations import Postgres
from targets.expectations import expect
from targets.organization import Row
from targets.project import ROOT, Project
from targets.test_targets import expect_types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from targets.destinations import Found

PAGE = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
NEW_YORK = "&options=-c%20timezone%3DAmerica/New_York"
DEFAULTS = {
    "TARGET_POSTGRES_USE_COPY": "false",
    "TARGET_POSTGRES_SANITIZE_NULL_TEXT_CHARACTERS": "false",
    "TARGET_POSTGRES_VALIDATE_RECORDS": "true",
}
STREAMS = ("customers", "conversation_items", "topics")
JOB = {"id": "job", "updatedAt": "2026-03-04T12:15:19.072729Z"}
# What COPY and array literals write specially, what JSON escapes, and what looks like another type.
TEXTS = (
    *(
        "",
        " ",
        " a ",
        "\\N",
        "\\.",
        "\\",
        "\\\\n",
        "\\x41",
        "\t",
        "\n",
        "\r\n",
        "\b\f\v",
        "\x01\x1f\x7f",
        "'",
        '"',
    ),
    *(
        "'t Hart",
        '""',
        ",",
        "{}",
        '{"a"}',
        "{NULL}",
        "[]",
        "NULL",
        "null",
        "true",
        "1",
        "1e5",
        "%s",
        "%(a)s",
        ":a",
    ),
    *(
        "$1",
        "--",
        "\u2028\u2029\u0085",
        "\ufeff",
        "\ufffd",
        "Zo\u00eb",
        "Zoe\u0308",
        "\U0001f33f",
        "\u05d0\u202e",
    ),
    *("2026-02-30", "12345678901234567890", "x" * 100_000),
)
VALUES: tuple[Any, ...] = (
    *(
        True,
        False,
        None,
        0,
        -1,
        2**63 - 1,
        9.5,
        1e-7,
        1e22,
        -0.25,
        [],
        {},
        [[]],
        [{}],
        [None],
    ),
    *({"": ""}, {" ": {"deep": [1, [2, {"x": None}]]}}),
)
TIMES = (
    "2026-03-04T08:00:00.123456Z",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
)


def make_rows() -> dict[str, list[dict[str, Any]]]:
    """Return rows with each text, value and time in columns of each type."""
    values = [*TEXTS, *VALUES]
    return {
        "customers": [
            {
                "id": f"text-{number}{text[:100]}",
                "name": text,
                "emailAddresses": [text, None, text],
                "externalCustomerIds": {text: text, "deep": {text: [text]}},
            }
            for number, text in enumerate(TEXTS)
        ],
        "conversation_items": [
            {"id": f"value-{number}", "content": {"value": value}, "newTop": value, "initiator": {}}
            for number, value in enumerate(values)
        ]
        + [{"id": f"time-{number}", "timestamp": time} for number, time in enumerate(TIMES)],
        "topics": [{"id": f"topic-{value}", "disabled": value} for value in (True, False, None)]
        + [{"id": "absent"}],
    }


def replace_null_characters(value: Any) -> Any:
    """Replace U+0000 where the target does: in a text, in the items of an array, and in the values of an object."""
    match value:
        case str():
            return value.replace("\0", "\ufffd")
        case dict():
            return {
                key: replace_null_characters(each) if isinstance(each, str) else each
                for key, each in value.items()
            }
        case list():
            return [replace_null_characters(each) if isinstance(each, str) else each for each in value]
    return value


@pytest.fixture
def exports() -> StaticExports:
    """Return an export without jobs."""
    return StaticExports()


def add_job(exports: StaticExports, rows: dict[str, list[dict[str, Any]]], job: dict[str, str] = JOB) -> None:
    """Add a job whose files have these rows."""
    lines = {stream: [f"{json.dumps(record)}\n".encode() for record in each] for stream, each in rows.items()}
    files = {f"{stream}.jsonl": b"".join(each) for stream, each in lines.items()}
    exports.add_job(job["id"], job["updatedAt"], files)


@pytest.fixture
def emulator(exports: StaticExports) -> Iterator[Emulator]:
    """Serve the export."""
    with Emulator(exports, requests_per_second=None) as emulator:
        yield emulator


def load(
    folder: Path, emulator: Emulator, postgres: Postgres, settings: dict[str, str]
) -> dict[str, list[Found]]:
    """Load into a schema, and return the rows of each table in order."""
    project = Project(folder, [f"{stream}.*" for stream in STREAMS])
    project.run(postgres.target, emulator, settings={**postgres.settings, **settings})
    return {stream: sort(postgres.iter_rows(stream)) for stream in STREAMS}


def sort(rows: Iterator[Found]) -> list[Found]:
    """Order rows by their key."""
    return sorted(rows, key=lambda row: str(row["id"]))


def list_texts(postgres: Postgres, stream: str) -> list[tuple[Any, ...]]:
    """Return each row as PostgreSQL writes it, with all digits of its numbers."""
    columns = ", ".join(f'"{name}"::text' for name in postgres.list_types(stream))
    return postgres.ask(f'SELECT {columns} FROM "{stream}" ORDER BY id')


@pytest.mark.parametrize("kind", ["recommended", "batch"])
def test_settings_of_meltano_yml_change_no_value(
    tmp_path: Path, exports: StaticExports, emulator: Emulator, socket: str, kind: str
) -> None:
    """Rows and types equal those that Gladly served, and those that the target's defaults load."""
    add_job(exports, make_rows())
    tuned, default = Postgres(socket, f"tuned_{kind}"), Postgres(socket, f"default_{kind}")
    tuned.supports_batch = default.supports_batch = kind == "batch"
    folders = [tmp_path / "tuned", tmp_path / "default"]
    for folder in folders:
        folder.mkdir()
    more = batch_settings(tmp_path) if kind == "batch" else {}

    found = load(folders[0], emulator, tuned, more)
    load(folders[1], emulator, default, {**more, **DEFAULTS})

    for stream, records in make_rows().items():
        assert found[stream] == sort(expect(stream, Row(record, JOB), tuned) for record in records)
        assert list_texts(tuned, stream) == list_texts(default, stream)
        assert tuned.list_types(stream) == default.list_types(stream) == expect_types(stream, tuned)


@pytest.mark.parametrize("kind", ["recommended", "batch"])
def test_settings_of_meltano_yml_replace_null_characters(
    tmp_path: Path, exports: StaticExports, emulator: Emulator, socket: str, kind: str
) -> None:
    """U+0000 becomes U+FFFD in texts, array items and the values of an object. Everything else stays."""
    rows = make_rows()
    add_job(exports, rows)
    customer = {
        "id": "nul",
        "name": "\0a\0",
        "emailAddresses": ["a\0b", None],
        "externalCustomerIds": {"k": "a\0b"},
    }
    item = {"id": "nul", "content": {"content": "a\0b", "type": "SMS", "to": ["\\u0000"]}, "newTop": "a\0b"}
    more: dict[str, list[dict[str, Any]]] = {"customers": [customer], "conversation_items": [item]}
    add_job(exports, more, {**JOB, "id": "nul-job"})
    postgres = Postgres(socket, f"null_{kind}")
    postgres.supports_batch = kind == "batch"

    found = load(tmp_path, emulator, postgres, batch_settings(tmp_path) if kind == "batch" else {})

    for stream, records in more.items():
        served = [Row(record, JOB) for record in rows[stream]]
        served += [Row(record, {**JOB, "id": "nul-job"}) for record in copy.deepcopy(records)]
        expected = [expect(stream, row, postgres) for row in served]
        sanitized = [
            {name: replace_null_characters(value) for name, value in row.items()} for row in expected
        ]
        assert found[stream] == sort(iter(sanitized))
        assert sanitized != expected


def test_documented_map_loads_null_characters_at_any_depth(
    tmp_path: Path, exports: StaticExports, emulator: Emulator, socket: str
) -> None:
    """JSON text has U+0000 as an escape, so a value that fails as an object arrives whole as text."""
    content = {"a\0b": [{"deep": "\0"}], "type": "SMS", "number": 9.5}
    add_job(exports, {"conversation_items": [{"id": "nul", "content": content, "newTop": {"\0": 1}}]})
    section = PAGE.split("\n## Targets that flatten objects\n")[1].split("```yaml\n")[1].split("```")[0]
    config = yaml.safe_load(section)["plugins"]["extractors"][0]["config"]
    postgres = Postgres(socket, "null_map")

    load(tmp_path, emulator, postgres, {"TAP_GLADLY_STREAM_MAPS": json.dumps(config["stream_maps"])})

    ((loaded, unmapped),) = postgres.ask("SELECT content, _unmapped FROM conversation_items")
    assert json.loads(loaded) == content
    assert json.loads(unmapped) == {"newTop": {"\0": 1}}


@pytest.mark.parametrize(
    ("settings", "stored"),
    [({}, ["12:00", "12:00"]), (DEFAULTS, ["07:00", "05:00"])],
    ids=["copy", "default"],
)
def test_use_copy_ignores_offsets_and_the_timezone_of_the_session(
    tmp_path: Path,
    exports: StaticExports,
    emulator: Emulator,
    socket: str,
    settings: dict[str, str],
    stored: list[str],
) -> None:
    """INSERT converts a timestamp to the time zone of the session, which is UTC only if the server's is."""
    rows = [
        {"id": "t1", "timestamp": "2026-03-04T12:00:00Z"},
        {"id": "t2", "timestamp": "2026-03-04T12:00:00+02:00"},
    ]
    add_job(exports, {"conversation_items": rows})
    postgres = Postgres(socket, f"offsets_{len(settings)}")
    postgres.settings["TARGET_POSTGRES_SQLALCHEMY_URL"] += NEW_YORK

    load(tmp_path, emulator, postgres, settings)

    found = postgres.ask('SELECT "timestamp" FROM conversation_items ORDER BY id')
    assert found == [(datetime.fromisoformat(f"2026-03-04T{time}:00"),) for time in stored]
