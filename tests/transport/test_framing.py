"""Broken framing, unexpected encodings, and responses that trickle in or never end."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest
from raw_server import RawServer, chunked, respond, with_length
from support import SETTINGS, fail
from urllib3 import HTTPResponse

from gladly_emulator import Emulator, Fault, StaticExports
from tap_gladly.exceptions import GladlyError
from tap_gladly.transport import client, connection, download
from tap_gladly.transport.connection import GuardedStream
from transport.surfaces import NAMES, SURFACES, Surface

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from support import Sync

FILE = b'{"id":"t1"}\n{"id":"t2"}\n'
JOBS = (
    b'[{"id":"j1","status":"COMPLETED","updatedAt":"2026-11-20T07:00:00Z","files":["topics.jsonl"],'
    b'"parameters":{"startAt":"2026-11-20T05:00:00Z","endAt":"2026-11-20T06:00:00Z"}}]'
)
GZIP = gzip.compress(FILE)
# Made by the compressors of these names from FILE; the tap has neither.
ZSTANDARD = bytes.fromhex("28b52ffd2418c100007b226964223a227431227d0a7b226964223a227432227d0a")
BROTLI = bytes.fromhex("1b17000024c2a28a3d12ea14e8ec2f94e3c0")


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon."""
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 0.05)


@pytest.fixture
def load(
    sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> Callable[[Callable[[int], bytes]], list[str]]:
    """Load the topics, whose file is served as given: `load(reply)`."""

    def run(reply: Callable[[int], bytes]) -> list[str]:
        def answer(path: str, number: int) -> bytes:
            return reply(number) if path.endswith(".jsonl") else with_length(JOBS)

        with RawServer(answer) as server:
            return sync(catalog=catalog("topics"), **{**SETTINGS, "api_url": server.url}).ids("topics")

    return run


BROKEN = {
    "two lengths": respond(FILE, "Content-Length: 24", "Content-Length: 25"),
    "negative chunk": respond(b"-5\r\n" + FILE, "Transfer-Encoding: chunked"),
    "chunk without size": respond(b"\r\n" + FILE, "Transfer-Encoding: chunked"),
    "chunk with words": respond(b"size\r\n" + FILE, "Transfer-Encoding: chunked"),
    "huge chunk": respond(b"f" * 300 + b"\r\n" + FILE, "Transfer-Encoding: chunked"),
    "no status": b"\r\n\r\n",
    "status of words": b"HTTP/1.1 fine\r\n\r\n",
    "other protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "other version": b"HTTP/3.0 200 OK\r\n\r\n",
    "nothing": b"",
    "header without colon": b"HTTP/1.1 200 OK\r\nContent-Length 24\r\n\r\n" + FILE[:5],
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n",
    "long status": b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n",
    "bytes in headers": b"HTTP/1.1 200 OK\r\n\xff\xfe: \x00\r\nContent-Encoding: \xff\r\n\r\n" + FILE[:-3],
    "deflate": with_length(zlib.compress(FILE), "Content-Encoding: deflate"),
    "br": with_length(BROTLI, "Content-Encoding: br"),
    "zstd": with_length(ZSTANDARD, "Content-Encoding: zstd"),
    "gzip twice": with_length(gzip.compress(GZIP), "Content-Encoding: gzip, gzip"),
    "unknown encoding": with_length(FILE, "Content-Encoding: aws-chunked"),
    "gzip of nothing": with_length(b"", "Content-Encoding: gzip"),
    "deflate without header": with_length(zlib.compress(FILE)),
    "br without header": with_length(BROTLI),
    "zstd without header": with_length(ZSTANDARD),
    "cut gzip without header": with_length(GZIP[:-5]),
    "cut 404": b"HTTP/1.1 404 Not Fou",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_response_is_retried(load: Callable[..., list[str]], name: str) -> None:
    """Whatever exception the HTTP library raises, the request is sent again."""
    replies = [BROKEN[name], with_length(FILE)]

    assert load(lambda number: replies[number]) == ["t1", "t2"]


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("name", BROKEN)
def test_persistently_broken_response_is_one_line(
    load: Callable[..., list[str]], log: pytest.LogCaptureFixture, name: str
) -> None:
    """The run ends with one error, without a traceback, and never counts the file as loaded."""
    with pytest.raises(GladlyError):
        load(lambda _: BROKEN[name])

    (error,) = [record for record in log.records if record.levelname == "ERROR"]
    assert error.getMessage().startswith("Gladly sent no usable response at 127.0.0.1:")
    assert not any(record.exc_info for record in log.records)


@pytest.mark.parametrize("form", [with_length, chunked], ids=["length", "chunked"])
def test_gzip_without_its_header_is_decompressed(load: Callable[..., list[str]], form: Any) -> None:
    """Gzip is recognized by its first bytes, even if they arrive one by one."""
    assert load(lambda _: form(GZIP) if form is with_length else chunked(GZIP, size=1)) == ["t1", "t2"]


@pytest.mark.parametrize("status", [100, 102, 103])
def test_informational_responses_are_skipped(
    load: Callable[..., list[str]], log: pytest.LogCaptureFixture, status: int
) -> None:
    """The response that counts follows on the same connection."""
    early = f"HTTP/1.1 {status} Wait\r\nLink: </x>; rel=preload\r\n\r\n".encode()
    ids = load(lambda _: early * 3 + with_length(FILE))

    assert ids == ["t1", "t2"]
    assert "retries 0" in log.text


BOMB = gzip.compress(b"[" + b" " * (download.MAX_DOCUMENT_BYTES + 1) + b"]")


def test_job_list_that_exceeds_memory_is_one_line(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A small gzip body that expands beyond the limit ends the run without a retry."""
    emulator.faults.add(Fault("gzip", path="jobs", body=BOMB))

    errors = fail(sync, log)

    assert errors == ["The response to /api/v1/export/jobs exceeds the 32 MiB that the tap accepts."]
    assert len(emulator.requests) == 1


def test_list_that_exceeds_memory_is_one_line(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Such a list fails alone, without a retry, and other lists sync."""
    exports.lists["inboxes"] = [{"id": "i1"}]
    emulator.faults.add(Fault("gzip", path="teams", body=BOMB))

    run = sync(should_fail=True)

    assert run.ids("inboxes") == ["i1"]
    assert "The response to /api/v1/teams exceeds the 32 MiB that the tap accepts." in log.text
    assert "retries 0" in log.text


@pytest.mark.parametrize("path", ["jobs", "teams", "topics.jsonl"])
def test_large_error_body_is_not_read(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    """Of an error's body, the tap decompresses only as much as Gladly's error code can need."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"topics.jsonl": b""})
    read: list[int] = []
    original = HTTPResponse.read

    def count(self: HTTPResponse, *args: Any, **kwargs: Any) -> bytes:
        part = original(self, *args, **kwargs)
        read.append(len(part))
        return part

    monkeypatch.setattr(HTTPResponse, "read", count)
    headers = {"Content-Encoding": "gzip"}
    emulator.faults.add(Fault("status", path=f"{path}$", status=400, headers=headers, body=BOMB))

    sync(should_fail=True)

    assert max(read) <= 16 * 1024


class Trickle:
    """A stream that returns a few bytes per read, and lets time pass between reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, seconds: float, size: int = 1) -> None:
        self.now = 0.0
        self._seconds = seconds
        self._size = size
        monkeypatch.setattr(connection, "time", self)

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def readinto(self, buffer: memoryview) -> int:
        """Return the number of bytes that have arrived."""
        self.now += self._seconds
        return min(self._size, len(buffer))

    def close(self) -> None:
        """Do nothing."""


def read_for(stream: Trickle, seconds: float) -> None:
    """Read until a number of seconds has passed."""
    guarded = GuardedStream(stream)  # type: ignore[arg-type]
    while stream.now < seconds:
        guarded.readinto(bytearray(65536))


def test_trickling_response_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte every ten seconds is too little, although no single read times out."""
    stream = Trickle(monkeypatch, seconds=10)

    with pytest.raises(TimeoutError, match="too slow"):
        read_for(stream, 1000)

    assert stream.now <= 2 * connection.PROGRESS_SECONDS


def test_endless_response_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response may take an hour from its first byte."""
    stream = Trickle(monkeypatch, seconds=10, size=65536)
    read_for(stream, connection.MAX_RESPONSE_SECONDS)

    with pytest.raises(TimeoutError, match="too long"):
        read_for(stream, 2 * connection.MAX_RESPONSE_SECONDS + 100)


def test_slow_start_of_a_small_response_is_no_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report's headers may precede its few bytes by minutes: Gladly creates it during the request."""
    stream = Trickle(monkeypatch, seconds=100, size=200)

    read_for(stream, 300)

    assert stream.now == 300


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
@pytest.mark.parametrize("at", ["in the headers", "in the body"])
def test_trickling_response_is_retried(
    load_surface: Callable[..., list[str]],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    surface: Surface,
    at: str,
) -> None:
    """The limit covers headers, too: the timeout is an ordinary failure of the request."""
    trickling = with_length(surface.body, "Server: trickling")
    last = 10 if at == "in the headers" else len(trickling) - 3
    original = GuardedStream.readinto

    def read_slowly(self: GuardedStream, buffer: memoryview) -> int | None:
        count = original(self, buffer[:1])
        seen[self] = seen.get(self, 0) + 1
        if is_trickling and seen[self] == last:
            raise TimeoutError
        return count

    seen: dict[GuardedStream, int] = {}
    is_trickling = False
    monkeypatch.setattr(GuardedStream, "readinto", read_slowly)

    def reply(number: int) -> bytes:
        nonlocal is_trickling
        is_trickling = number == 0
        return with_length(surface.body) if number else trickling

    assert load_surface(surface, reply) == surface.ids
    assert f"{surface.stream}: {surface.path}: the request timed out; retrying" in log.text
    assert "retries 1," in log.text
