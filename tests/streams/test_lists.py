"""Reference lists: what they send, what is asked for, and what does not end a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from support import LISTS, list_warnings, rows_named, run_command

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


def answer(exports: StaticExports, stream: str, entry: dict[str, Any]) -> None:
    """Have a list answer with this entry alone."""
    if stream == "schedules":
        exports.fixed_schedules = [entry]
    else:
        exports.lists[PATHS[stream].split("/")[-1]] = entry if stream == "organization" else [entry]


def test_teams_and_inboxes_are_on_by_default(emulator: Emulator, sync: Callable[..., Sync]) -> None:
    """A run without a catalog asks for these two, once each, besides the jobs."""
    run = sync()

    assert [request.path for request in emulator.requests] == [
        "/api/v1/export/jobs",
        "/api/v1/inboxes",
        "/api/v1/teams",
    ]
    assert set(LISTS) <= set(run.schemas)


def test_streams_selected_by_default() -> None:
    """All of the export, teams and inboxes: nothing else that a run without a catalog would read."""
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
def test_each_list_is_one_request_and_one_table(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., Catalog],
    stream: str,
) -> None:
    """Every entry, whole, every run: what the schema does not know is in `_unmapped`; no state is kept."""
    entry = {"id": "x1", "name": "Garden Desk", "updatedAt": "2026-11-20T07:15:19.07Z", "oak": {"rings": [1]}}
    answer(exports, stream, entry)

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
def test_an_empty_list_is_an_empty_table(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., Catalog], stream: str
) -> None:
    """SCHEMA comes all the same."""
    exports.fixed_schedules = []

    run = sync(catalog=catalog(stream))

    assert [message["type"] for message in run.messages] == ["SCHEMA"]


def test_numbers_keep_every_digit(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., Catalog]
) -> None:
    """What a number was in Gladly's answer, it is in the row."""
    exports.lists["teams"] = (
        b'[{"id":"t1","weight":0.1000000000000000055511151231257827,"big":12345678901234567890}]'
    )

    run = sync(catalog=catalog("teams"))

    assert '{"big":12345678901234567890,"weight":0.1000000000000000055511151231257827}' in run.output


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (b"1e99999999999999999999", '"1e99999999999999999999"'),
        (b"9" * 5000, f'"{"9" * 5000}"'),
        (b'"a\\ud800b \\ud83d\\ude00"', '"a\ufffdb \U0001f600"'),
        (b'"a\xffb \xc3\xa9"', '"a\ufffdb \u00e9"'),
    ],
    ids=["huge", "long", "half a pair", "bad UTF-8"],
)
def test_what_no_target_could_read_does_not_cost_a_list(
    exports: StaticExports, sync: Callable[..., Sync], value: bytes, sent: str
) -> None:
    """A number beyond all bounds is text, what is no character is U+FFFD, and the rest is as it was."""
    exports.lists["teams"] = b'[{"id":"t1","name":%b}]' % value

    run = sync()

    assert f'"record":{{"id":"t1","name":{sent}}}' in run.output


@pytest.mark.parametrize("told", ["403", "404 not_exist", "410"])
@pytest.mark.parametrize("stream", PATHS)
def test_a_list_that_is_not_offered_is_told_and_ends_nothing(
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., Catalog],
    log: pytest.LogCaptureFixture,
    stream: str,
    told: str,
) -> None:
    """One warning names the list and what to do; the run goes on and ends well."""
    status, _, code = told.partition(" ")
    body = b'{"errors":[{"code":"%s","detail":"Anna"}]}' % code.encode()
    emulator.faults.add(Fault("status", path=PATHS[stream], status=int(status), body=body, times=None))

    run = sync(catalog=catalog(stream, "jobs"))

    [warning] = list_warnings(log)
    assert warning.startswith(f"{stream} is left out of this run, which goes on. Gladly ")
    assert f"({told})" in warning
    assert warning.endswith("deselect the stream.")
    assert "Anna" not in log.text
    assert sorted(run.schemas) == sorted(["jobs", stream])
    assert not run.rows(stream)
    assert log.records[-1].summary["failed_streams"] == []  # type: ignore[attr-defined] # the log's extra


@pytest.mark.parametrize("status", [403, 404])
def test_a_list_that_is_not_offered_does_not_fail_a_test(emulator: Emulator, status: int) -> None:
    """`--test` asks for every stream, and an account without audiences is a good one."""
    emulator.faults.add(Fault("status", path="audiences", status=status, times=None))

    run = run_command("--config=ENV", "--test", settings=emulator.settings)

    assert run.returncode == 0
    assert "audiences is left out" in run.stderr
    assert "ERROR" not in run.stderr


def test_refused_credentials_end_the_run(
    emulator: Emulator, sync: Callable[..., Sync], catalog: Callable[..., Catalog]
) -> None:
    """401 is not about one list."""
    sync(catalog=catalog("teams", "inboxes"), api_token="wrong", ends_badly=True)

    assert len(emulator.requests) == 1


def test_a_missing_permission_is_one_error(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The jobs come first, so an agent that may do nothing is told once, and no list is asked for."""
    sync(agent_email=UNPRIVILEGED_AGENT_EMAIL, api_token=UNPRIVILEGED_API_TOKEN, ends_badly=True)

    assert len(emulator.requests) == 1
    assert not list_warnings(log)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b'{"errors":[]}', b"", b"null", b"[" * 100_000])
@pytest.mark.parametrize("stream", ["teams", "organization"])
def test_an_answer_that_is_no_list_is_tried_again(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    catalog: Callable[..., Catalog],
    stream: str,
    body: bytes,
) -> None:
    """A 200 with something else is not an empty list."""
    answer(exports, stream, {"id": "x1"})
    emulator.faults.add(Fault("body", body=body, times=2))

    run = sync(catalog=catalog(stream))

    assert run.ids(stream) == ["x1"]
    assert len(emulator.requests) == 3


def test_a_list_that_stays_none_fails_that_stream_alone(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
) -> None:
    """The others are read, and the run ends with a status that is not zero."""
    exports.lists["teams"] = [{"id": "t1"}]
    emulator.faults.add(Fault("body", path="inboxes", body=b"<html>Anna</html>", times=None))

    run = sync(ends_badly=True)

    errors = [record.getMessage() for record in log.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "inboxes with something that is no list" in errors[0]
    assert "Anna" not in log.text
    assert log.records[-1].summary["failed_streams"] == ["inboxes"]  # type: ignore[attr-defined] # the log's extra
    assert run.ids("teams") == ["t1"]


def test_entries_that_are_none_are_counted(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., Catalog],
    log: pytest.LogCaptureFixture,
) -> None:
    """What has no id of text is told by number, never by content; the others arrive."""
    exports.lists["teams"] = b'[{"id":"t1"},null,"Anna",{"name":"Anna"},{"id":7},{"id":""},{"id":"t2"}]'

    run = sync(catalog=catalog("teams"))

    assert run.ids("teams") == ["t1", "t2"]
    assert list_warnings(log) == ["5 of 7 entries have no usable id and are left out"]


def test_a_list_that_stream_maps_take_out_is_not_asked_for(
    emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """What would be dropped whole costs no request."""
    run = sync(stream_maps={"teams": None})

    assert "teams" not in run.schemas
    assert "/api/v1/teams" not in [request.path for request in emulator.requests]


def test_state_comes_again_after_a_list(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """No row is the last message, since some targets forget a STATE that rows follow."""
    exports.add_job("job-1", "2026-11-20T07:15:19Z", {"agents.jsonl": rows_named("a1")})
    exports.lists["teams"] = [{"id": "t1"}]

    synced = sync(catalog=catalog("agents", "teams"))
    rows = [message for message in synced.messages if message["type"] in {"RECORD", "STATE"}]
    assert [message.get("stream") for message in rows] == ["agents", None, "teams", None]
    assert rows[1] == rows[3]
