"""Outages and wrong answers: waited for, tried again, and told when they stay."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import requests
from support import export_requests, fail

from gladly_emulator import Emulator, Fault, StaticExports
from tap_gladly.transport import backoff, client, session

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests_mock
    from support import Clock, Sync

HOST = "brindlewick.gladly.com"


@pytest.mark.parametrize("body", [b"<html>busy</html>", b'{"errors":[]}', b"", b"null", b"[" * 100_000])
def test_a_list_that_is_none_is_tried_again(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], body: bytes
) -> None:
    """A 200 with something else is not an empty account."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {})
    emulator.faults.add(Fault("body", body=body, times=2))

    run = sync()

    assert run.ids("jobs") == ["j1"]
    assert len(export_requests(emulator)) == 3


def test_a_list_that_stays_none_is_told(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """When the tries are used up, one line says what came instead."""
    emulator.faults.add(Fault("body", body=b"<html>busy</html>", times=None))

    errors = fail(sync, log)

    assert len(errors) == 1
    assert "something that is not a list" in errors[0]
    assert len(emulator.requests) > 2


def test_an_outage_is_sat_out_and_then_told(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Each wait is told, and in the end one line with what was wrong last."""
    emulator.faults.add(Fault("status", status=503, times=None))

    errors = fail(sync, log)

    assert len(errors) == 1
    assert "Gladly answered 503" in errors[0]
    assert "goes on where it stopped" in errors[0]
    assert "trying again in" in log.text


def test_retry_after_is_obeyed(
    emulator: Emulator, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait is as long as Gladly asks for, to the second."""
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)  # the clock: what is waited for is noted, not slept
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 300)
    emulator.faults.add(Fault("status", status=429, headers={"Retry-After": "7"}))

    sync()

    assert 7 in waits


def test_a_retry_after_of_nothing_hurries_no_one(
    emulator: Emulator, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may come back at once does so ever more slowly all the same."""
    waits: list[float] = []
    monkeypatch.setattr(session.GladlySession, "note_retry", lambda _, seconds: waits.append(seconds))
    emulator.faults.add(Fault("status", status=503, headers={"Retry-After": "0"}, times=6))

    sync()

    assert len(waits) == 6
    assert waits == sorted(waits)
    assert waits[0] >= backoff.FIRST_WAIT_SECONDS / 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_of_many_minutes_ends_the_run(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, status: int
) -> None:
    """A run does not sleep for hours: it says how long Gladly wants it to wait, and ends."""
    emulator.faults.add(Fault("status", status=status, headers={"Retry-After": "3600"}))

    errors = fail(sync, log)

    assert len(errors) == 1
    assert f"{status} and asks to wait 3600 s (Retry-After)" in errors[0]
    assert len(emulator.requests) == 1


def test_a_retry_after_of_many_minutes_holds_no_other_stream(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    clock: Clock,
) -> None:
    """What a list is told to wait for ends that list, and those after it ask for themselves."""
    exports.lists["teams"] = [{"id": "t1"}]
    headers = {"Retry-After": "3600"}
    emulator.faults.add(Fault("status", path="inboxes", status=429, headers=headers))
    before = clock.now

    run = sync(ends_badly=True)

    assert "429 and asks to wait 3600 s" in log.text
    assert run.ids("teams") == ["t1"]
    assert clock.now - before < 2


def test_an_outage_that_ends_leaves_no_trace(
    exports: StaticExports, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens at first; as soon as somebody does, the run goes on."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"topics.jsonl": b'{"id":"t1"}'})
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    late = Emulator(exports, port=port)
    waits: list[float] = []

    def open_after_two(_session: object, seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            late.__enter__()

    monkeypatch.setattr(RunSummary, "add_retry", open_after_two)
    try:
        run = sync(api_url=f"http://127.0.0.1:{port}")
    finally:
        late.__exit__()

    assert run.ids("topics") == ["t1"]
    assert len(waits) == 2


def test_a_refused_connection_is_one_line(sync: Callable[..., Sync], log: pytest.LogCaptureFixture) -> None:
    """Nobody listens: one line, without a traceback."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    errors = fail(sync, log, api_url=f"http://127.0.0.1:{port}")

    assert len(errors) == 1
    assert f"at 127.0.0.1:{port}: the connection was refused. Check api_url and the network" in errors[0]


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the host's name does not resolve"),
        (ssl.SSLCertVerificationError("self-signed certificate"), "the host's certificate is not trusted"),
    ],
    ids=["name", "certificate"],
)
def test_what_does_not_pass_is_not_tried_again(
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    requests_mock: requests_mock.Mocker,
    cause: Exception,
    words: str,
) -> None:
    """An unknown name and a bad certificate end the run at once."""
    error = requests.ConnectionError()
    error.__cause__ = cause
    listed = requests_mock.get(f"https://{HOST}/api/v1/export/jobs", exc=error)

    errors = fail(sync, log, api_url="")

    remedy = "Check organization and the network, then run again: it goes on where it stopped."
    assert errors == [f"Gladly gave no usable answer at {HOST}: {words}. {remedy}"]
    assert listed.call_count == 1


def test_a_real_unknown_name_is_recognized(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as urllib3 and requests wrap it."""

    def resolve_nothing(*_args: object, **_more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve_nothing)

    errors = fail(sync, log, api_url="https://nowhere.example")

    assert len(errors) == 1
    assert "nowhere.example: the host's name does not resolve" in errors[0]
