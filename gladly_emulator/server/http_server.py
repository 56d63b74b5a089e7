"""The HTTP/1.1 server: connections and bytes on the wire, including connections that break."""

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

from gladly_emulator.server.fault_effects import ResponseResetError, TruncatedResponseError
from gladly_emulator.server.http_messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

_Connection = socket.socket | tuple[bytes, socket.socket]

_STOP_POLL_SECONDS = 0.02
_CLOSE_WITH_RESET = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """Calls `respond` for every request. Each connection has its own thread."""

    # The server waits for its connection threads when it stops.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Callable[[Request], Response]) -> None:
        super().__init__(address, _Handler)
        self.respond = respond
        self._connections: set[Any] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(_STOP_POLL_SECONDS,))

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting connections, close the open ones, and wait for their threads."""
        self.shutdown()
        self._thread.join()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    @override
    def server_bind(self) -> None:
        """Bind without looking up the host name, which can take seconds."""
        TCPServer.server_bind(self)

    @override
    def process_request(self, request: _Connection, client_address: object) -> None:
        """Serve a connection and track it until it ends."""
        self._connections.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: _Connection) -> None:
        """Close a connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: _Connection, client_address: object) -> None:
        """Report an error, unless the client disconnected."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request and writes its response, unless the response ends early."""

    protocol_version = "HTTP/1.1"
    server_version = "GladlyEmulator"
    # Otherwise a body arrives about 40 ms after its headers.
    disable_nagle_algorithm = True

    def serve(self) -> None:
        """Respond to one request."""
        request = Request(
            method=self.command,
            target=self.path,
            headers=self.headers,
            time=datetime.now(timezone.utc),
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        with request.cleanup:
            try:
                self._send(cast("Server", self.server).respond(request))
            except TruncatedResponseError:
                self.close_connection = True
            except ResponseResetError:
                self._reset()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve  # noqa: N815

    def _send(self, response: Response) -> None:
        bodiless = response.status == HTTPStatus.NO_CONTENT
        self.send_response_only(response.status)
        self.send_header("Server", self.version_string())
        if "Date" not in response.headers:
            self.send_header("Date", self.date_time_string())
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.length is not None and not bodiless:
            self.send_header("Content-Length", str(response.length))
        elif not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self._send_body(response)

    def _send_body(self, response: Response) -> None:
        if response.length is None:
            for chunk in filter(None, response.chunks):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")
            return
        sent = 0
        for chunk in response.chunks:
            self.wfile.write(chunk)
            sent += len(chunk)
        # After a wrong length, the client can't find the start of the next response.
        self.close_connection = self.close_connection or sent != response.length

    def _reset(self) -> None:
        """Reset the connection instead of closing it in order."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_WITH_RESET)
        os.close(self.connection.detach())

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Log nothing. The emulator records requests itself."""
