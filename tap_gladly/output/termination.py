"""How a process ends after a signal, even if nothing reads its log."""

from __future__ import annotations

import _thread
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE_SECONDS = 3.0
"""How long a run may take to end after a signal."""
_LOG_SECONDS = 1.0

# A signal handler can interrupt `threading` while it holds its lock, so threads start without it here.


def exit_within(seconds: float, status: int) -> None:
    """End the process with a status after some seconds, unless it ends before.

    A full pipe behind stderr blocks every log line, also those of an orderly exit.
    """
    _thread.start_new_thread(_exit_later, (seconds, status))


def _exit_later(seconds: float, status: int) -> None:
    time.sleep(seconds)
    os._exit(status)


def log_briefly(log: Callable[[], None]) -> None:
    """Log from a signal handler, but don't wait long if nothing reads the log.

    Args:
        log: Logs something. It runs in a thread, and may still wait when this function returns.
    """
    is_logged = _thread.allocate_lock()
    is_logged.acquire()  # the thread releases it

    def run() -> None:
        try:
            log()
        finally:
            is_logged.release()

    _thread.start_new_thread(run, ())
    is_logged.acquire(timeout=_LOG_SECONDS)
