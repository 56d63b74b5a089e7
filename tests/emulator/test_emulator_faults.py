"""Each kind of fault, as seen by an HTTP client and by a TCP socket."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gladly_emulator import AGENT_EMAIL, API_TOKEN, Emulator, Fault, StaticExports

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Call = Callable[..., requests.Response]

BODY = b'{"id":"a"}\n{"id":"b"}\n'
FILE = "/jobs/j/files/agents.jsonl"
RAW_REQUEST = (
    b"GET /api/v1/export/jobs/j/files/agents.jsonl HTTP/1.1\r\nHost: x\r\n"
    + requests.models.Request("GET", "http://x", auth=(AGENT_EMAIL, API_TOKEN))
    .prepare()
    .headers["Authorization"]
    .join(("Authorization: ", "\r\n\r\n"))
    .encode()
)


class ChunkedExports:
    """A dataset with one job, whose only file comes in two chunks."""

    raw_job_list = None

    def jobs(self, now: object) -> list[dict[str, Any]]:
        """Return the job."""
        return [{"id": "j", "status": "COMPLETED", "files": ["agents.jsonl"], "updatedAt": str(now)}]

    def schedules(self, now: object) -> list[dict[str, Any]]:
        """Return no schedules."""
        return [{"now": str(now)}][:0]

    def open_file(self, job_id: str, name: str, *, now: object) -> Any:
        """Return the two chunks."""
        del job_id, name, now
        return iter((BODY[:11], BODY[11:]))

    def remove_job(self, job_id: str) -> None:
        """Do nothing."""


@pytest.fixture(params=["whole", "chunks"])
def exports(request: pytest.FixtureRequest) -> StaticExports | ChunkedExports:
    """Return a dataset with one job and one file, which is sent whole or in chunks."""
    if request.param == "chunks":
        return ChunkedExports()
    exports = StaticExports()
    exports.add_job("j", "2026-03-04T11:00:00Z", {"agents.jsonl": BODY})
    return exports


def read_to_end(connection: socket.socket) -> bytes:
    """Return everything received until the connection closes."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def read_into(received: bytearray, connection: socket.socket) -> None:
    """Append everything received until the connection closes."""
    for piece in iter(lambda: connection.recv(65_536), b""):
        received += piece


def test_fault_replaces_the_response(emulator: Emulator, get_export: Call) -> None:
    """A status fault replaces the response and its headers, once by default."""
    emulator.faults.add(
        Fault("status", status=503, headers={"Retry-After": "7"}, body=b"busy", content_type="text/plain")
    )
    response = get_export(FILE)

    assert (response.status_code, response.content) == (503, b"busy")
    assert response.headers["Retry-After"] == "7"
    assert response.headers["Content-Type"] == "text/plain"
    assert get_export(FILE).content == BODY
    assert [request.status for request in emulator.requests] == [503, 200]


def test_fault_redirects(emulator: Emulator, get_export: Call) -> None:
    """A status fault can redirect to another URL."""
    emulator.faults.add(Fault("status", status=302, headers={"Location": "http://elsewhere.example/"}))
    response = get_export(FILE, allow_redirects=False)

    assert response.status_code == 302
    assert response.headers["Location"] == "http://elsewhere.example/"


def test_fault_replaces_the_body(emulator: Emulator, get_export: Call) -> None:
    """A body fault replaces the body and keeps the status and headers."""
    emulator.faults.add(Fault("body", body=b"<html>Down</html>"))
    response = get_export(FILE)

    assert (response.status_code, response.content) == (200, b"<html>Down</html>")
    assert response.headers["Content-Type"] == "application/x-ndjson"


def test_fault_resets_before_the_response(emulator: Emulator, raw_socket: socket.socket) -> None:
    """The connection is reset before the first byte, and the recorded request has no status."""
    emulator.faults.add(Fault("reset"))
    raw_socket.sendall(RAW_REQUEST)

    with pytest.raises(ConnectionResetError):
        raw_socket.recv(1)
    assert [request.status for request in emulator.requests] == [None]


def test_fault_resets_within_the_body(emulator: Emulator, raw_socket: socket.socket) -> None:
    """The connection is reset after `at_byte` bytes of the body."""
    emulator.faults.add(Fault("reset", at_byte=13))
    raw_socket.sendall(RAW_REQUEST)
    received = bytearray()

    with pytest.raises(ConnectionResetError):
        read_into(received, raw_socket)
    assert received.startswith(b"HTTP/1.1 200")
    assert b'{"id":"a"}\n' in received
    assert b'"b"' not in received


def test_fault_cuts_the_body(emulator: Emulator, raw_socket: socket.socket) -> None:
    """The connection is closed after `at_byte` bytes of the body."""
    emulator.faults.add(Fault("cut", at_byte=13))
    raw_socket.sendall(RAW_REQUEST)
    received = read_to_end(raw_socket)

    assert b'{"id":"a"}\n' in received
    assert b'"b"' not in received
    assert not received.endswith(b"0\r\n\r\n")


def test_fault_cut_raises_in_a_client(emulator: Emulator, get_export: Call) -> None:
    """A client detects a truncated body, and gets the complete one with its next request."""
    emulator.faults.add(Fault("cut", at_byte=11))

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get_export(FILE)
    assert get_export(FILE).content == BODY


def test_fault_cuts_after_the_last_byte(emulator: Emulator, raw_socket: socket.socket) -> None:
    """A chunked body cut after its last byte lacks only the final chunk."""
    emulator.faults.add(Fault("cut", at_byte=len(BODY)))
    raw_socket.sendall(RAW_REQUEST)
    received = read_to_end(raw_socket)

    assert received.rstrip(b"\r\n").endswith(b'{"id":"b"}')


@pytest.mark.parametrize("difference", [-5, 5])
def test_fault_declares_a_wrong_length(
    emulator: Emulator, raw_socket: socket.socket, difference: int
) -> None:
    """The whole body is sent whatever length is declared, and the connection closes."""
    emulator.faults.add(Fault("length", difference=difference))
    raw_socket.sendall(RAW_REQUEST)
    head, _, body = read_to_end(raw_socket).partition(b"\r\n\r\n")

    assert f"Content-Length: {len(BODY) + difference}".encode() in head
    assert body == BODY


def test_fault_compresses(emulator: Emulator, get_export: Call) -> None:
    """A compressed body has the gzip header, and a client decodes all of it."""
    emulator.faults.add(Fault("gzip"))
    response = get_export(FILE)

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.content == BODY


def test_fault_cuts_compressed_bytes(emulator: Emulator, get_export: Call) -> None:
    """A gzip stream can be truncated although the transfer is complete."""
    emulator.faults.add(Fault("gzip", at_byte=15))
    response = get_export(FILE, stream=True)
    raw = response.raw.read(decode_content=False)

    assert len(raw) == 15
    with pytest.raises(EOFError):
        gzip.decompress(raw)


def test_fault_declares_plain_bytes_as_gzip(emulator: Emulator, get_export: Call) -> None:
    """A body that isn't compressed can have the gzip header."""
    emulator.faults.add(Fault("gzip", body=b"not at all"))

    with pytest.raises(requests.exceptions.ContentDecodingError):
        get_export(FILE)


def test_fault_inserts_lines(emulator: Emulator, get_export: Call) -> None:
    """Lines are inserted before the lines with these numbers, or after the last one."""
    emulator.faults.add(Fault("garbage", lines={0: b"\xff\xfe", 1: b"{", 9: b"end"}))

    assert get_export(FILE).content == b'\xff\xfe\n{"id":"a"}\n{\n{"id":"b"}\nend\n'


def test_fault_delays_the_response(emulator: Emulator, get_export: Call) -> None:
    """A client with a shorter timeout gives up, and the emulator still stops at once."""
    emulator.faults.add(Fault("delay", seconds=60))

    with pytest.raises(requests.exceptions.ReadTimeout):
        get_export(FILE, timeout=0.1)


def test_fault_stalls_within_the_body(emulator: Emulator, raw_socket: socket.socket) -> None:
    """The first bytes arrive, and the rest doesn't arrive within the timeout."""
    emulator.faults.add(Fault("stall", at_byte=11, seconds=60))
    raw_socket.sendall(RAW_REQUEST)
    received = b""
    while b'{"id":"a"}\n' not in received:
        received += raw_socket.recv(65_536)
    raw_socket.settimeout(0.1)

    with pytest.raises(TimeoutError):
        read_to_end(raw_socket)


def test_fault_stall_finishes(emulator: Emulator, get_export: Call) -> None:
    """After a stall, the body is complete."""
    emulator.faults.add(Fault("stall", at_byte=11, seconds=0.001))

    assert get_export(FILE).content == BODY
