"""A server that replies with the raw bytes of a test, such as broken HTTP."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from typing_extensions import Self

Reply = bytes
"""A whole response. The server closes the connection after it."""


def respond(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a response with these headers alone."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n" + body


def with_length(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a complete response with Content-Length."""
    return respond(body, f"Content-Length: {len(body)}", *headers, status=status)


def chunked(body: bytes, *headers: str, size: int = 7) -> bytes:
    """Return a complete chunked response."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return respond(chunks + b"0\r\n\r\n", "Transfer-Encoding: chunked", *headers)


class RawServer:
    """Listens on a loopback port, answers each request with raw bytes and closes the connection."""

    def __init__(self, reply: Callable[[str, int], bytes], *, tls: ssl.SSLContext | None = None) -> None:
        """Create a server.

        Args:
            reply: Returns the bytes for a path and the number of requests for this path before it.
            tls: Holds the certificate for HTTPS; None for plain HTTP.
        """
        self._tls = tls
        self._reply = reply
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self._lock = threading.Lock()
        self.paths: list[str] = []
        """The paths that were requested, without their queries."""

    @property
    def url(self) -> str:
        """The base URL."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
        with connection, suppress(OSError):
            path = self._read_request(connection)
            if not path:
                return
            with self._lock:
                number = self.paths.count(path)
                self.paths.append(path)
            connection.sendall(self._reply(path, number))
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)  # until the client closes

    @staticmethod
    def _read_request(connection: socket.socket) -> str:
        received = b""
        while b"\r\n\r\n" not in received:
            part = connection.recv(65536)
            if not part:
                return ""
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        left = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
        while left > 0:
            left -= len(connection.recv(65536))
        return urlsplit(head.split(b" ", 2)[1].decode()).path
