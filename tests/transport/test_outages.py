"""Retries of outages and unexpected responses, and the error when they persist."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import requests
from support import export_requests, fail

from gladly_emulator import Emulator, Fault, StaticExports
from tap_gladly.output.run_summary import RunSummary
from tap_gladly.transport import backoff, client

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests_mock
    from support import Clock, Sync

HOST = "brindlewick.gladly.com"
UNTRUSTED = (
    "the host's certificate is not trusted; to trust a certificate authority of your own, set "
    "REQUESTS_CA_BUNDLE to its PEM file"
)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b'{"errors":[]}', b"", b"null", b"[" * 100_000])
def test_invalid_job_list_is_retried(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], body: bytes
) -> None:
    """A 200 with an unexpected body doesn't count as an empty job list."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {})
    emulator.faults.add(Fault("body", body=body, times=2))

    run = sync()

    assert run.ids("jobs") == ["j1"]
    assert len(export_requests(emulator)) == 3


def test_persistently_invalid_job_list_is_one_line(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """When the retries are used up, the error says what arrived instead."""
    emulator.faults.add(Fault("body", body=b"<html>busy</html>", times=None))

    errors = fail(sync, log)

    assert len(errors) == 1
    assert "something other than a JSON array" in errors[0]
    assert len(emulator.requests) > 2


def test_persistent_outage_is_retried_and_then_one_line(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Each retry is logged, and the error names the last failure."""
    emulator.faults.add(Fault("status", status=503, times=None))

    errors = fail(sync, log)

    assert len(errors) == 1
    assert "Gladly returned 503" in errors[0]
    assert "the next run resumes where this one stopped" in errors[0]
    assert "retrying in" in log.text


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("seconds", [7, 290])
def test_retry_after_is_honored(
    emulator: Emulator,
    sync: Callable[..., Sync],
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    *,
    status: int,
    seconds: int,
) -> None:
    """The tap waits as long as `Retry-After` says, even if the time for retries is nearly over."""
    monkeypatch.setattr(client, "time", clock)
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 300)
    emulator.faults.add(Fault("status", status=status, headers={"Retry-After": str(seconds)}, times=2))
    before = clock.now

    sync()

    assert clock.now - before == pytest.approx(2 * seconds, abs=2)


def test_retry_after_of_zero_keeps_the_backoff(
    emulator: Emulator, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Retry-After: 0` doesn't shorten the exponential backoff."""
    waits: list[float] = []
    monkeypatch.setattr(RunSummary, "add_retry", lambda _, seconds: waits.append(seconds))
    emulator.faults.add(Fault("status", status=503, headers={"Retry-After": "0"}, times=6))

    sync()

    assert len(waits) == 6
    assert waits == sorted(waits)
    assert waits[0] >= backoff.FIRST_WAIT_SECONDS / 2


@pytest.mark.parametrize("status", [429, 503])
def test_long_retry_after_ends_the_run(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, status: int
) -> None:
    """A run doesn't sleep for hours: the error says how long Gladly asks to wait."""
    emulator.faults.add(Fault("status", status=status, headers={"Retry-After": "3600"}))

    errors = fail(sync, log)

    assert len(errors) == 1
    assert f"Gladly returned {status} with Retry-After: 3600 s" in errors[0]
    assert len(emulator.requests) == 1


def test_long_retry_after_of_a_list_delays_no_other_stream(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    clock: Clock,
) -> None:
    """A long `Retry-After` ends only the list that got it; later requests start fresh."""
    exports.lists["teams"] = [{"id": "t1"}]
    headers = {"Retry-After": "3600"}
    emulator.faults.add(Fault("status", path="inboxes", status=429, headers=headers))
    before = clock.now

    run = sync(should_fail=True)

    assert "429 with Retry-After: 3600 s" in log.text
    assert run.ids("teams") == ["t1"]
    assert clock.now - before < 2


def test_run_continues_after_an_outage(
    exports: StaticExports, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections are refused at first; the run continues as soon as the server listens."""
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
    """The error for a refused connection is one line without a traceback."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    errors = fail(sync, log, api_url=f"http://127.0.0.1:{port}")

    assert len(errors) == 1
    assert (
        f"at 127.0.0.1:{port}/api/v1/export/jobs: the connection was refused. Check api_url and the network"
        in errors[0]
    )


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the host name does not resolve"),
        (
            ssl.SSLCertVerificationError("self-signed certificate"),
            UNTRUSTED,
        ),
    ],
    ids=["name", "certificate"],
)
def test_permanent_failures_are_not_retried(
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    requests_mock: requests_mock.Mocker,
    cause: Exception,
    words: str,
) -> None:
    """An unknown host name and an untrusted certificate end the run without a retry."""
    error = requests.ConnectionError()
    error.__cause__ = cause
    listed = requests_mock.get(f"https://{HOST}/api/v1/export/jobs", exc=error)

    errors = fail(sync, log, api_url="")

    remedy = (
        "Check organization and the network, then run again; the next run resumes where this one stopped."
    )
    assert errors == [f"Gladly sent no usable response at {HOST}/api/v1/export/jobs: {words}. {remedy}"]
    assert listed.call_count == 1


def test_unknown_host_name_is_recognized(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tap finds the cause in the exceptions of urllib3 and requests."""

    def resolve_nothing(*_args: object, **_more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve_nothing)

    errors = fail(sync, log, api_url="https://nowhere.example")

    assert len(errors) == 1
    assert "nowhere.example/api/v1/export/jobs: the host name does not resolve" in errors[0]
