"""The HTTP/1.1 server: connections, bytes on the wire, and how they break off."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
from datetime import datetime, timezone
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from gladly_emulator.server.faults import CutError, ResetError
from gladly_emulator.server.http_messages import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

_Connection = socket.socket | tuple[bytes, socket.socket]

_STOP_POLL_SECONDS = 0.02
_CLOSE_WITH_RESET = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """Answers every request by calling `respond`, each connection in a thread of its own."""

    # Waited for when the server stops, so that none outlives it.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Callable[[Request], Answer]) -> None:
        super().__init__(address, _Handler)
        self.respond = respond
        self._connections: set[Any] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(_STOP_POLL_SECONDS,))

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Accept nothing more, break the open connections, and wait for their threads."""
        self.shutdown()
        self._thread.join()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    @override
    def server_bind(self) -> None:
        """Bind without looking up the host's name, which can take seconds."""
        TCPServer.server_bind(self)

    @override
    def process_request(self, request: _Connection, client_address: object) -> None:
        """Serve a connection, remembering it until it ends."""
        self._connections.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: _Connection) -> None:
        """End a connection in order."""
        self._connections.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: _Connection, client_address: object) -> None:
        """Report an error, unless it is a client that went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, and writes the answer as far as the answer goes."""

    protocol_version = "HTTP/1.1"
    server_version = "GladlyEmulator"
    # Without it, a body waits some 40 ms behind its headers.
    disable_nagle_algorithm = True

    def serve(self) -> None:
        """Answer one request."""
        request = Request(
            method=self.command,
            target=self.path,
            headers=self.headers,
            time=datetime.now(timezone.utc),
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        with request.after:
            try:
                self._send(cast("Server", self.server).respond(request))
            except CutError:
                self.close_connection = True
            except ResetError:
                self._reset()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve  # noqa: N815

    def _send(self, answer: Answer) -> None:
        bodiless = answer.status == HTTPStatus.NO_CONTENT
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.length is not None and not bodiless:
            self.send_header("Content-Length", str(answer.length))
        elif not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self._send_body(answer)

    def _send_body(self, answer: Answer) -> None:
        if answer.length is None:
            for piece in filter(None, answer.pieces):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        sent = 0
        for piece in answer.pieces:
            self.wfile.write(piece)
            sent += len(piece)
        # After a wrong length nobody knows where the next answer would start.
        self.close_connection = self.close_connection or sent != answer.length

    def _reset(self) -> None:
        """Close so that the client gets a reset instead of an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_WITH_RESET)
        os.close(self.connection.detach())

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: the emulator keeps a log of its own."""
