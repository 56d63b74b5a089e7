"""HTTP responses that fail if their headers are incomplete or their bytes arrive too slowly."""

from __future__ import annotations

import io
import time
from functools import cache
from http import HTTPStatus
from http.client import HTTPResponse, IncompleteRead, parse_headers
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from typing_extensions import Buffer
    from urllib3 import HTTPConnectionPool

PROGRESS_SECONDS = 60.0
"""In each span of this length, a response must send at least `MIN_PROGRESS_BYTES`."""
MIN_PROGRESS_BYTES = 1024
MAX_RESPONSE_SECONDS = 3600.0
"""The longest time from the first to the last byte of a response."""
_MIN_READS = 5
"""Reads within a span before it can count as too slow. A few large pauses are left to the read timeout."""


class GuardedStream(io.RawIOBase):
    """The bytes of one response, as they arrive; fails if they only trickle in.

    The read timeout of a socket starts anew with each byte, so it doesn't bound a response.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.has_ended = False
        """Whether the peer closed the connection."""
        self._first_read = self._span_start = 0.0
        self._span_reads = self._span_bytes = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int | None:
        count = cast("int | None", self._raw.readinto(buffer))
        if count:
            self._check_progress(count)
        else:
            self.has_ended = True
        return count

    def _check_progress(self, count: int) -> None:
        now = time.monotonic()
        if not self._first_read:
            self._first_read = self._span_start = now
        self._span_reads += 1
        self._span_bytes += count
        if now - self._span_start >= PROGRESS_SECONDS:
            if self._span_bytes < MIN_PROGRESS_BYTES and self._span_reads >= _MIN_READS:
                raise TimeoutError("the response is too slow")
            if self._span_reads >= _MIN_READS:
                self._span_start, self._span_reads, self._span_bytes = now, 0, 0
        if now - self._first_read > MAX_RESPONSE_SECONDS:
            raise TimeoutError("the response takes too long")

    @override
    def close(self) -> None:
        try:
            self._raw.close()
        finally:
            super().close()


class GuardedResponse(HTTPResponse):
    """A response of the standard library that detects broken headers and skips informational responses."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *args, **kwargs)
        self._stream = GuardedStream(self.fp.detach())
        self.fp = io.BufferedReader(self._stream)

    @override
    def begin(self) -> None:
        super().begin()
        # The base class accepts the end of the connection as the end of the headers. It reads no further than
        # their last line, so the connection can only have ended before it.
        # With two lengths, urllib3 would raise an error of its own and leave this response open.
        if self._stream.has_ended or len(set(self._iter_lengths())) > 1:
            raise IncompleteRead(b"")

    def _iter_lengths(self) -> Iterator[str]:
        for value in self.headers.get_all("Content-Length", ()):
            yield from map(str.strip, value.split(","))

    # Private, but the only place to read the next status line: the base class skips 100 only.
    def _read_status(self) -> tuple[str, int, str]:
        status_line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        while HTTPStatus.SWITCHING_PROTOCOLS < status_line[1] < HTTPStatus.OK:
            parse_headers(self.fp)
            status_line = super()._read_status()  # type: ignore[misc]
        return status_line


def guard_connections(pool: HTTPConnectionPool) -> None:
    """Make the connections of a pool return `GuardedResponse`."""
    pool.ConnectionCls = _guard(pool.ConnectionCls)


@cache
def _guard(connection_class: type[Any]) -> type[Any]:
    if getattr(connection_class, "response_class", None) is GuardedResponse:
        return connection_class
    return type(connection_class.__name__, (connection_class,), {"response_class": GuardedResponse})
