"""Singer messages on their way out."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.io_base import SingerWriter
from singer_sdk.singerlib import RecordMessage

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from singer_sdk.singerlib.messages import Message

logger = logging.getLogger("tap-gladly")

# Legal in JSON text as they are, but line ends to whoever cuts text into lines.
_LINE_END = re.compile(b"\xc2\x85|\xe2\x80[\xa8\xa9]")
_encode = msgspec.json.Encoder(decimal_format="number").encode


class ClosedOutputError(SystemExit):
    """The messages have nowhere to go any more; the run ends, and what was sent stands."""


class MessageWriter(SingerWriter):
    """The SDK's writer, which passes on JSON as it came, and ends a run quietly when the target is gone."""

    @override
    def serialize_message(self, message: Message) -> str:
        if isinstance(message, RecordMessage):
            fields: dict[str, Any] = message.to_dict()
            if message.time_extracted is not None:
                fields["time_extracted"] = message.time_extracted.isoformat()
            try:
                return _escape_line_ends(_encode(fields)).decode()
            except UnicodeEncodeError:
                pass  # a lone surrogate, which the SDK writes as an escape
        return super().serialize_message(message)

    @override
    def write_message(self, message: Message) -> None:
        try:
            super().write_message(message)
        except OSError as error:
            reason = "nobody reads them any more" if isinstance(error, BrokenPipeError) else error.strerror
            logger.warning("The messages cannot be written: %s; run again from the last STATE", reason)
            # What is left in the buffer would fail once more when the interpreter closes it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise ClosedOutputError(1) from None


def _escape_line_ends(text: bytes) -> bytes:
    if text.isascii():
        return text
    return _LINE_END.sub(lambda end: b"\\u%04x" % ord(end[0].decode()), text)
