"""Shifts the clock of a Python process by CLOCK_OFFSET seconds, in the tests' subprocesses, too.

`pytest --clock` sets the variable and puts this folder on PYTHONPATH. Python imports the module at startup.
"""

from __future__ import annotations

import os
import time

import time_machine


def shift_clock(seconds: float) -> None:
    """Shift the wall clock for the rest of the process. It keeps running; the monotonic clock doesn't change."""
    time_machine.travel(time.time() + seconds, tick=True).start()


if "CLOCK_OFFSET" in os.environ:
    shift_clock(float(os.environ["CLOCK_OFFSET"]))
