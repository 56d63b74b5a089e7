"""Business hours of the support team: Monday to Friday, nine hours a day, in whole hours since 1970."""

from __future__ import annotations

from typing import Final

OPENING_HOUR: Final = 13
HOURS_PER_DAY: Final = 9
"""From 13:00 to 22:00 UTC."""

_DAYS_PER_WEEK: Final = 5
_OPEN_HOURS_PER_WEEK: Final = _DAYS_PER_WEEK * HOURS_PER_DAY
# 1970 began on a Thursday, three days after a Monday.
_HOURS_SINCE_MONDAY: Final = 72


def is_open(hour: int) -> bool:
    """Return whether the team works during this hour."""
    return open_hours_before(hour + 1) > open_hours_before(hour)


def open_hours_before(hour: int) -> int:
    """Return the number of open hours before this hour."""
    week, rest = divmod(hour + _HOURS_SINCE_MONDAY, 168)
    day, clock = divmod(rest, 24)
    if day >= _DAYS_PER_WEEK:
        return (week + 1) * _OPEN_HOURS_PER_WEEK
    return (
        week * _OPEN_HOURS_PER_WEEK + day * HOURS_PER_DAY + min(max(clock - OPENING_HOUR, 0), HOURS_PER_DAY)
    )


def closed_hours_before(hour: int) -> int:
    """Return the number of closed hours before this hour."""
    return hour + _HOURS_SINCE_MONDAY - open_hours_before(hour)


def nth_open_hour(count: int) -> int:
    """Return the open hour that follows this many open hours."""
    week, rest = divmod(count, _OPEN_HOURS_PER_WEEK)
    day, worked = divmod(rest, HOURS_PER_DAY)
    return week * 168 + day * 24 + OPENING_HOUR + worked - _HOURS_SINCE_MONDAY
