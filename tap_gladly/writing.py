"""Singer messages on their way out."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from singer_sdk.io_base import SingerWriter

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from singer_sdk.singerlib.messages import Message

logger = logging.getLogger("tap-gladly")


class ClosedOutputError(SystemExit):
    """Nobody reads the messages any more; the run ends, and what was sent stands."""


class MessageWriter(SingerWriter):
    """The SDK's writer, which ends a run quietly when the target is gone."""

    @override
    def write_message(self, message: Message) -> None:
        try:
            super().write_message(message)
        except BrokenPipeError:
            logger.warning("Nobody reads the messages any more; the next run goes on from the last STATE")
            # What is left in the buffer would fail once more when the interpreter closes it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise ClosedOutputError(1) from None
