"""Write Singer messages to stdout."""

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
"""How long a record is buffered at most. A stream that waits longer than that flushes the buffer."""
FLUSH_BYTES = 64 * 1024
"""How many bytes are buffered at most."""
_LAST_LINE_SECONDS = 1.0


class BrokenOutputError(SystemExit):
    """Stdout can't be written. The run ends; messages already written stay valid."""


class MessageWriter(SingerWriter):
    """Buffers RECORD messages and writes all other messages at once.

    The SDK's own writer flushes every message. A target only waits for SCHEMA and STATE, so records are
    buffered for `FLUSH_SECONDS`.
    """

    def __init__(self) -> None:
        self._buffer: list[bytes] = []
        self._buffered_bytes = 0
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
                pass  # a lone surrogate, which the SDK's encoder escapes
        return super().serialize_message(message)

    @override
    def write_message(self, message: Message) -> None:
        self.write_lines(self.format_message(message).encode() + b"\n")
        if not isinstance(message, RecordMessage):
            self.flush()

    def write_lines(self, lines: bytes) -> None:
        """Write complete messages, including their line endings."""
        self._buffer.append(lines)
        self._buffered_bytes += len(lines)
        if self._buffered_bytes >= FLUSH_BYTES:
            self.flush()
        else:
            self.flush_if_due()

    @property
    def seconds_until_due(self) -> float:
        """How long buffered records may still wait: until `FLUSH_SECONDS` after the last flush."""
        return max(0.0, self._flushed_at + FLUSH_SECONDS - time.monotonic())

    def flush_if_due(self) -> None:
        """Flush the buffer if the last flush was `FLUSH_SECONDS` ago."""
        if not self.seconds_until_due:
            self.flush()

    def flush(self) -> None:
        """Write the buffered messages."""
        messages = b"".join(self._buffer)
        self._buffer.clear()
        self._buffered_bytes = 0
        try:
            self._send(messages)
        except OSError as error:
            reason = (
                "the reader has closed the pipe" if isinstance(error, BrokenPipeError) else error.strerror
            )
            logger.warning(
                "Messages can't be written to stdout: %s. The next run resumes from the last STATE message.",
                reason,
            )
            # Otherwise the interpreter fails again when it closes stdout at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise BrokenOutputError(1) from None
        self._flushed_at = time.monotonic()

    def terminate(self, status: int) -> None:
        """End the run from a signal handler, after the line that is being written."""
        self._exit_status = status
        if not self._is_writing:
            raise SystemExit(status)  # if a finalizer swallows it, the next message ends the run
        with suppress(AttributeError, OSError):
            os.set_blocking(sys.stdout.fileno(), False)  # wakes a write that is blocked by a slow reader

    def _send(self, messages: bytes) -> None:
        output = getattr(sys.stdout, "buffer", None)
        if output is None:  # a caller's StringIO
            sys.stdout.write(messages.decode())
            return
        sys.stdout.flush()
        # Bypass Python's buffer, which may keep or drop the rest of a write that a signal interrupted.
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
        if sent is None:  # the write would block, and stdout is non-blocking
            select.select([], [output], [], timeout)
        return sent or 0

    def _send_last(self, output: Any, messages: bytes, sent: int) -> None:  # noqa: ANN401
        """Write the rest of a partly written line, unless the reader doesn't accept it in time."""
        line_end = sent if messages[:sent].endswith(b"\n") or not sent else messages.index(b"\n", sent) + 1
        last_moment = time.monotonic() + _LAST_LINE_SECONDS
        while sent < line_end and time.monotonic() < last_moment:
            sent += self._send_some(output, memoryview(messages)[sent:line_end], timeout=_LAST_LINE_SECONDS)
        with suppress(AttributeError, OSError):
            os.set_blocking(sys.stdout.fileno(), True)  # the parent process may share it
