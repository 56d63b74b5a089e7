"""Responses that end early, at every byte, on every kind of endpoint."""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest
from raw_server import RawServer, chunked, respond, with_length
from support import SETTINGS, list_warnings

from tap_gladly.exceptions import GladlyError
from tap_gladly.streams.reports import base as reports
from tap_gladly.timestamps import format_instant
from tap_gladly.transport import backoff, client

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from support import Sync

JOB = {
    "id": "j1",
    "status": "COMPLETED",
    "updatedAt": "2026-11-20T07:00:00Z",
    "scheduleId": "s",
    "parameters": {"type": "EXPORT", "startAt": "2026-11-20T05:00:00Z", "endAt": "2026-11-20T06:00:00Z"},
    "files": ["topics.jsonl"],
}
MINUTE = 60 * 10**9


class Surface(NamedTuple):
    """One kind of endpoint."""

    stream: str
    path: str
    body: bytes
    ids: list[str]


def make_surfaces() -> list[Surface]:
    """Return one of each kind of endpoint, with a body of two rows; for the job list, one job."""
    instants = [format_instant(time.time_ns() - minutes * MINUTE) for minutes in (50, 40)]
    events = [
        {"id": f"e{number}", "type": "CONTACT/STARTED", "timestamp": it} for number, it in enumerate(instants)
    ]
    return [
        Surface("topics", "/export/jobs/j1/files/topics.jsonl", b'{"id":"t1"}\n{"id":"t2"}\n', ["t1", "t2"]),
        Surface("jobs", "/export/jobs", json.dumps([JOB]).encode(), ["j1"]),
        Surface("teams", "/teams", b'[{"id":"a"},{"id":"b"}]', ["a", "b"]),
        Surface(
            "events", "/events", b"".join(json.dumps(it).encode() + b"\n" for it in events), ["e0", "e1"]
        ),
        Surface(
            "agent_timestamps_report",
            "/reports",
            b"Timestamp,Agent ID\r\n2026-11-24T01:00:00Z,a1\r\n2026-11-24T02:00:00Z,a2\r\n",
            ["a1", "a2"],
        ),
    ]


SURFACES = make_surfaces()
NAMES = [surface.stream for surface in SURFACES]
EMPTY = {"/export/jobs": b"[]", "/teams": b"[]"}
KEYS = {"agent_timestamps_report": "agent_id"}


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry for long enough, without long waits."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_SECONDS", 0.0001)
    monkeypatch.setattr(backoff, "MAX_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 60)
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 60)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon."""
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 0.05)
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 0.05)


@pytest.fixture
def load(
    sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> Callable[[Surface, Callable[[int], bytes]], list[str]]:
    """Load one stream, whose endpoint replies as given: `load(surface, reply, **settings)`."""

    def run(surface: Surface, reply: Callable[[int], bytes], **more: Any) -> list[str]:
        def answer(path: str, number: int) -> bytes:
            path = path.removeprefix("/api/v1")
            if path == surface.path:
                return reply(number)
            return with_length(json.dumps([JOB]).encode() if surface.stream == "topics" else b"[]")

        with RawServer(answer) as server:
            settings = {**SETTINGS, "api_url": server.url, "start_date": "2026-11-20"}
            if surface.stream == "agent_timestamps_report":
                settings |= {"start_date": "2026-11-24", "end_date": "2026-11-24"}
            run = sync(catalog=catalog(surface.stream), **{**settings, **more})
        return [row[KEYS.get(surface.stream, "id")] for row in run.rows(surface.stream)]

    return run


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "length": with_length,
    "chunked": chunked,
    "gzip": lambda body: respond(gzip.compress(body, mtime=0), "Content-Encoding: gzip"),
}


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_response_cut_at_any_byte_is_retried(
    load: Callable[..., list[str]], surface: Surface, form: str
) -> None:
    """Wherever a response ends early, headers included, the retry supplies all rows exactly once."""
    whole = FORMS[form](surface.body)
    # The terminating CRLF of a chunked body carries nothing.
    end = len(whole) - (len(b"\r\n\r\n") if form == "chunked" else 0)
    retried = 0

    def reply(number: int) -> bytes:
        nonlocal retried
        retried += 1
        return whole[:number] if number < end else whole

    ids = load(surface, reply)

    assert ids == surface.ids
    assert retried == end + 1


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_unverified_response_is_retried(
    load: Callable[..., list[str]], log: pytest.LogCaptureFixture, surface: Surface
) -> None:
    """A response without Content-Length and chunked encoding is requested again; a verified one is taken."""
    replies = [respond(surface.body), with_length(surface.body)]

    ids = load(surface, lambda number: replies[number])

    assert ids == surface.ids
    assert "nothing proves that the response is complete; retrying" in log.text
    assert "may be incomplete" not in log.text


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_repeatedly_unverified_response_is_accepted_with_a_warning(
    load: Callable[..., list[str]], log: pytest.LogCaptureFixture, surface: Surface
) -> None:
    """The second such response counts if its last line is complete, and a warning names it."""
    ids = load(surface, lambda _: respond(surface.body))

    assert ids == surface.ids
    accepted = [line for line in list_warnings(log) if "may be incomplete" in line]
    assert len(accepted) == 1
    assert accepted[0].startswith(f"{surface.stream}: {surface.path}: accepted a response")


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("length", ["", "Content-Length:", "Content-Length: many", "Content-Length: -5"])
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
@pytest.mark.parametrize("cut", ["empty", "in a line"])
def test_unverified_response_that_is_empty_or_cut_is_never_accepted(
    load: Callable[..., list[str]], log: pytest.LogCaptureFixture, surface: Surface, cut: str, length: str
) -> None:
    """A body without a valid Content-Length must have a complete last line to be accepted."""
    body = b"" if cut == "empty" else surface.body[:-4]
    headers = [length] if length else []

    with pytest.raises(GladlyError):
        load(surface, lambda _: respond(body, *headers))

    assert "nothing proves that the response is complete. Check api_url and the network" in log.text


@pytest.mark.parametrize(
    "form", [with_length, chunked, lambda body: respond(gzip.compress(body), "Content-Encoding: gzip")]
)
def test_verified_empty_file_is_accepted(
    load: Callable[..., list[str]], log: pytest.LogCaptureFixture, form: Callable[[bytes], bytes]
) -> None:
    """A file that is provably empty is loaded, without a retry."""
    ids = load(SURFACES[0], lambda _: form(b""))

    assert ids == []
    assert "retries 0" in log.text
