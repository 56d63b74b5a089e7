"""Singer messages on their way out."""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from singer_sdk.io_base import SingerWriter
from singer_sdk.singerlib import RecordMessage
from typing_extensions import override

from tap_gladly.parsing.json_text import encode, escape_line_ends

if TYPE_CHECKING:
    from singer_sdk.singerlib.messages import Message

logger = logging.getLogger("tap-gladly")

FLUSH_SECONDS = 1.0
"""How long a record waits for others at most, before it is sent."""
FLUSH_BYTES = 64 * 1024
"""How much waits for more at most."""
_LAST_LINE_SECONDS = 1.0


class BrokenOutputError(SystemExit):
    """The messages have nowhere to go any more; the run ends, and what was sent stands."""


class MessageWriter(SingerWriter):
    """Writes messages where a reader waits for them: each but RECORD at once, those together.

    The SDK's own writer flushes every message. A target waits for SCHEMA and STATE alone, so records go out
    in larger pieces, after `FLUSH_SECONDS` at the latest.
    """

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._flushed_at = time.monotonic()
        self._is_writing = False
        self._exit_status: int | None = None

    @override
    def serialize_message(self, message: Message) -> str:
        if isinstance(message, RecordMessage):
            fields: dict[str, Any] = message.to_dict()
            if message.time_extracted is not None:
                fields["time_extracted"] = message.time_extracted.isoformat()
            try:
                return escape_line_ends(encode(fields)).decode()
            except UnicodeEncodeError:
                pass  # a lone surrogate, which the SDK writes as an escape
        return super().serialize_message(message)

    @override
    def write_message(self, message: Message) -> None:
        self.write_lines(self.format_message(message).encode() + b"\n")
        if not isinstance(message, RecordMessage):
            self.flush()

    def write_lines(self, lines: bytes) -> None:
        """Write whole messages, with their line ends."""
        self._waiting.append(lines)
        self._waiting_bytes += len(lines)
        if self._waiting_bytes >= FLUSH_BYTES:
            self.flush()
        else:
            self.flush_if_due()

    def flush_if_due(self) -> None:
        """Send what waits, if it may have waited long enough."""
        if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        messages = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        try:
            self._send(messages)
        except OSError as error:
            reason = "nobody reads them any more" if isinstance(error, BrokenPipeError) else error.strerror
            logger.warning("The messages cannot be written: %s; run again from the last STATE", reason)
            # Nothing more must fail when the interpreter closes its output.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise BrokenOutputError(1) from None
        self._flushed_at = time.monotonic()

    def terminate(self, status: int) -> None:
        """End the run from a signal's handler, after the line that is being sent."""
        self._exit_status = status
        if not self._is_writing:
            raise SystemExit(status)  # if it is lost, as in a finalizer, the next message ends the run
        with suppress(AttributeError, OSError):
            os.set_blocking(sys.stdout.fileno(), False)  # wakes a write that waits for its reader

    def _send(self, messages: bytes) -> None:
        output = getattr(sys.stdout, "buffer", None)
        if output is None:  # a caller's StringIO
            sys.stdout.write(messages.decode())
            return
        sys.stdout.flush()
        # Past Python's own buffer, which may keep or drop the rest of what a signal has interrupted.
        output = getattr(output, "raw", output)
        self._is_writing = True
        try:
            sent = 0
            while sent < len(messages) and self._exit_status is None:
                sent += self._send_some(output, memoryview(messages)[sent:], timeout=None)
            if self._exit_status is not None:
                self._send_last(output, messages, sent)
                raise SystemExit(self._exit_status)
        finally:
            self._is_writing = False

    @staticmethod
    def _send_some(output: Any, messages: memoryview, *, timeout: float | None) -> int:  # noqa: ANN401
        sent: int | None = output.write(messages)
        if sent is None:  # it would block, and blocking is off
            select.select([], [output], [], timeout)
        return sent or 0

    def _send_last(self, output: Any, messages: bytes, sent: int) -> None:  # noqa: ANN401
        """Send the rest of a line that has been sent in part, unless nobody takes it."""
        line_end = sent if messages[:sent].endswith(b"\n") or not sent else messages.index(b"\n", sent) + 1
        last_moment = time.monotonic() + _LAST_LINE_SECONDS
        while sent < line_end and time.monotonic() < last_moment:
            sent += self._send_some(output, memoryview(messages)[sent:line_end], timeout=_LAST_LINE_SECONDS)
        with suppress(AttributeError, OSError):
            os.set_blocking(sys.stdout.fileno(), True)  # it may be shared with whoever started the tap
