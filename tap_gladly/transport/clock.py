"""Gladly's clock, from the `Date` header of its responses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tap_gladly.timestamps import MINUTE, SECOND
from tap_gladly.transport.rate_limit import read_date

if TYPE_CHECKING:
    import logging

    import requests

_MAX_DIFFERENCE = 5 * MINUTE
_HOUR = 60 * MINUTE


class GladlyClock:
    """This machine's clock, corrected by the `Date` header of the latest response.

    A bookmark must not pass a time that Gladly hasn't reached, and this machine's clock may be wrong. HTTP
    dates have whole seconds, so this clock is up to a second behind, and never ahead.
    """

    def __init__(self) -> None:
        self.has_response = False
        """Whether a response has arrived. Until then the clock is this machine's."""
        self._offset = 0
        self._is_difference_logged = False

    def now(self) -> int:
        """Return the current time, in nanoseconds since 1970."""
        return time.time_ns() + self._offset

    def update_from(self, response: requests.Response) -> None:
        """Set the clock by a response. A response without a valid date changes nothing."""
        self.has_response = True
        date = read_date(response, "Date")
        if date is not None:
            self._offset = int(date.timestamp()) * SECOND - time.time_ns()

    def log_difference(self, logger: logging.Logger) -> None:
        """Warn, once, if this machine's clock is more than five minutes from Gladly's."""
        if abs(self._offset) > _MAX_DIFFERENCE and not self._is_difference_logged:
            self._is_difference_logged = True
            logger.warning(
                "This machine's clock is %.1f hours %s Gladly's. The tap uses Gladly's. Set this machine's clock.",
                abs(self._offset) / _HOUR,
                "behind" if self._offset > 0 else "ahead of",
            )
