"""Reference lists: requests, rows, and failures."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from support import LISTS, list_warnings, rows_named

from gladly_emulator import UNPRIVILEGED_AGENT_EMAIL, UNPRIVILEGED_API_TOKEN, Fault
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

PATHS = {
    "teams": "/api/v1/teams",
    "inboxes": "/api/v1/inboxes",
    "agents_list": "/api/v1/agents",
    "topics_list": "/api/v1/topics",
    "audiences": "/api/v1/audiences",
    "business_hours": "/api/v1/business-hours",
    "schedules": "/api/v1/export/schedules",
    "organization": "/api/v1/organization",
}
Catalog = dict[str, Any]


def serve_entry(exports: StaticExports, stream: str, entry: dict[str, Any]) -> None:
    """Serve a list with one entry."""
    if stream == "schedules":
        exports.fixed_schedules = [entry]
    else:
        exports.lists[PATHS[stream].split("/")[-1]] = entry if stream == "organization" else [entry]


def test_teams_and_inboxes_sync_by_default(emulator: Emulator, sync: Callable[..., Sync]) -> None:
    """A run without a catalog requests the job list and these two lists, once each."""
    run = sync()

    assert [request.path for request in emulator.requests] == [
        "/api/v1/export/jobs",
        "/api/v1/inboxes",
        "/api/v1/teams",
    ]
    assert set(LISTS) <= set(run.schemas)


def test_selection_by_default_is_export_teams_and_inboxes() -> None:
    """Without a catalog, a run syncs the export streams, `teams` and `inboxes`."""
    streams = TapGladly(validate_config=False).streams

    assert {name for name, stream in streams.items() if stream.selected_by_default} == {
        "jobs",
        "customers",
        "conversation_items",
        "agents",
        "topics",
        "malformed_lines",
        "teams",
        "inboxes",
    }


@pytest.mark.parametrize("stream", PATHS)
def test_list_sends_every_entry_in_every_run(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., Catalog],
    stream: str,
) -> None:
    """A list is one request per run. Undeclared properties go to `_unmapped`, and there is no STATE."""
    entry = {"id": "x1", "name": "Garden Desk", "updatedAt": "2026-11-20T07:15:19.07Z", "oak": {"rings": [1]}}
    serve_entry(exports, stream, entry)

    first = sync(catalog=catalog(stream))
    again = sync(catalog=catalog(stream), state=first.state)

    assert [request.path for request in emulator.requests] == [PATHS[stream]] * 2
    for run in (first, again):
        assert run.schemas == [stream]
        assert run.of_type("SCHEMA")[0]["key_properties"] == ["id"]
        [row] = run.rows(stream)
        unmapped = row.pop("_unmapped")
        assert {**row, **unmapped} == entry
        assert unmapped["oak"] == {"rings": [1]}
        assert {message["type"] for message in run.messages} == {"SCHEMA", "RECORD"}


@pytest.mark.parametrize("stream", [stream for stream in PATHS if stream != "organization"])
def test_empty_list_sends_schema_only(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., Catalog], stream: str
) -> None:
    """A list without entries sends SCHEMA, so that the table exists."""
    exports.fixed_schedules = []

    run = sync(catalog=catalog(stream))

    assert [message["type"] for message in run.messages] == ["SCHEMA"]


def test_list_keeps_every_digit_of_a_number(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., Catalog]
) -> None:
    """A decimal keeps its digits, and an integer of more than 64 bits becomes a string."""
    exports.lists["teams"] = (
        b'[{"id":"t1","weight":0.1000000000000000055511151231257827,"big":12345678901234567890}]'
    )

    run = sync(catalog=catalog("teams"))

    assert '{"big":"12345678901234567890","weight":0.1000000000000000055511151231257827}' in run.output


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (b'"a\\ud800b \\ud83d\\ude00"', '"name":"a\ufffdb \U0001f600"'),
        (b'"a\xffb \xc3\xa9"', '"name":"a\ufffdb \u00e9"'),
        (b"1e99999999999999999999", '"name":null,"_unmapped":{"name":"1e99999999999999999999"}'),
        (b"9" * 5000, f'"name":null,"_unmapped":{{"name":"{"9" * 5000}"}}'),
        (b"NaN", '"name":"NaN"'),
        (b"[" * 700 + b"]" * 700, f'"name":"{"[" * 700}{"]" * 700}"'),
        (b'"%b"' % (b"[{" * 700), f'"name":"{"[{" * 700}"'),
    ],
    ids=["lone surrogate", "invalid UTF-8", "huge exponent", "5000 digits", "not JSON", "deep", "brackets"],
)
def test_list_makes_unreadable_values_readable(
    exports: StaticExports, sync: Callable[..., Sync], value: bytes, sent: str
) -> None:
    """Invalid text gets U+FFFD. A number that no target can read becomes a string, and so does deep nesting."""
    exports.lists["teams"] = b'[{"id":"t1","name":%b}]' % value

    run = sync()

    assert f'"record":{{"id":"t1",{sent}}}' in run.output


@pytest.mark.parametrize("answer", ["403", "404 not_exist", "410"])
@pytest.mark.parametrize("stream", PATHS)
def test_unavailable_list_is_skipped_with_a_warning(
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., Catalog],
    log: pytest.LogCaptureFixture,
    stream: str,
    answer: str,
) -> None:
    """A list that returns 403, 404 or 410 is one warning, which names it and the remedy; the run succeeds."""
    status, _, code = answer.partition(" ")
    body = b'{"errors":[{"code":"%s","detail":"Anna"}]}' % code.encode()
    emulator.faults.add(Fault("status", path=PATHS[stream], status=int(status), body=body, times=None))

    run = sync(catalog=catalog(stream, "jobs"))

    [warning] = list_warnings(log)
    assert warning.startswith(f"Skipped {stream}: ")
    assert f"({answer})" in warning
    assert warning.endswith("deselect the stream.")
    assert "Anna" not in log.text
    assert sorted(run.schemas) == sorted(["jobs", stream])
    assert not run.rows(stream)
    assert log.records[-1].summary["failed_streams"] == []  # type: ignore[attr-defined] # the log's extra


def test_rejected_credentials_end_the_run(
    emulator: Emulator, sync: Callable[..., Sync], catalog: Callable[..., Catalog]
) -> None:
    """After a 401 to one list, the run requests no other."""
    sync(catalog=catalog("teams", "inboxes"), api_token="wrong", should_fail=True)

    assert len(emulator.requests) == 1


def test_missing_permission_is_one_error(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A 403 to the job list ends the run before any list is requested."""
    sync(agent_email=UNPRIVILEGED_AGENT_EMAIL, api_token=UNPRIVILEGED_API_TOKEN, should_fail=True)

    assert len(emulator.requests) == 1
    assert not list_warnings(log)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b'{"errors":[]}', b"", b"null", b"[" * 100_000])
@pytest.mark.parametrize("stream", ["teams", "organization"])
def test_unexpected_body_is_retried(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., Catalog],
    stream: str,
    body: bytes,
) -> None:
    """A 200 whose body isn't the list is retried, and is never an empty list."""
    serve_entry(exports, stream, {"id": "x1"})
    emulator.faults.add(Fault("body", body=body, times=2))

    run = sync(catalog=catalog(stream))

    assert run.ids(stream) == ["x1"]
    assert len(emulator.requests) == 3


def test_list_with_unexpected_body_fails_alone(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
) -> None:
    """Other streams sync, and the run fails at its end."""
    exports.lists["teams"] = [{"id": "t1"}]
    emulator.faults.add(Fault("body", path="inboxes", body=b"<html>Anna</html>", times=None))

    run = sync(should_fail=True)

    errors = [record.getMessage() for record in log.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "something other than a JSON array for inboxes" in errors[0]
    assert "Anna" not in log.text
    assert log.records[-1].summary["failed_streams"] == ["inboxes"]  # type: ignore[attr-defined] # the log's extra
    assert run.ids("teams") == ["t1"]


def test_entries_without_an_id_are_counted_and_skipped(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., Catalog],
    log: pytest.LogCaptureFixture,
) -> None:
    """One warning counts the entries without a usable id and quotes none of them."""
    exports.lists["teams"] = b'[{"id":"t1"},null,"Anna",{"name":"Anna"},{"id":7},{"id":""},{"id":"t2"}]'

    run = sync(catalog=catalog("teams"))

    assert run.ids("teams") == ["t1", "t2"]
    assert list_warnings(log) == ["5 of 7 entries have no usable id and are skipped"]


def test_list_removed_by_a_stream_map_is_not_requested(emulator: Emulator, sync: Callable[..., Sync]) -> None:
    """A list that `stream_maps` removes costs no request."""
    run = sync(stream_maps={"teams": None})

    assert "teams" not in run.schemas
    assert "/api/v1/teams" not in [request.path for request in emulator.requests]


def test_state_is_repeated_after_a_list(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """STATE follows the rows of a list, because some targets drop a STATE that rows follow."""
    exports.add_job("job-1", "2026-11-20T07:15:19Z", {"agents.jsonl": rows_named("a1")})
    exports.lists["teams"] = [{"id": "t1"}]

    synced = sync(catalog=catalog("agents", "teams"))
    rows = [message for message in synced.messages if message["type"] in {"RECORD", "STATE"}]
    assert [message.get("stream") for message in rows] == ["agents", None, "teams", None]
    assert rows[1] == rows[3]
