"""When the support desk works: Monday to Friday, nine hours a day, counted in whole hours since 1970."""

from __future__ import annotations

from typing import Final

OPENS: Final = 13
HOURS_A_DAY: Final = 9
"""From 13:00 to 22:00 UTC."""

_DAYS_A_WEEK: Final = 5
_OPEN_A_WEEK: Final = _DAYS_A_WEEK * HOURS_A_DAY
# The hours of 1970 began on a Thursday, three days after a Monday.
_SINCE_MONDAY: Final = 72


def is_open(hour: int) -> bool:
    """Tell whether the desk works in this hour."""
    return count_open(hour + 1) > count_open(hour)


def count_open(hour: int) -> int:
    """Return how many hours the desk had worked when this hour began."""
    week, rest = divmod(hour + _SINCE_MONDAY, 168)
    day, clock = divmod(rest, 24)
    if day >= _DAYS_A_WEEK:
        return (week + 1) * _OPEN_A_WEEK
    return week * _OPEN_A_WEEK + day * HOURS_A_DAY + min(max(clock - OPENS, 0), HOURS_A_DAY)


def count_quiet(hour: int) -> int:
    """Return how many hours the desk had been closed when this hour began."""
    return hour + _SINCE_MONDAY - count_open(hour)


def open_hour(count: int) -> int:
    """Return the hour that began when the desk had worked this many hours."""
    week, rest = divmod(count, _OPEN_A_WEEK)
    day, worked = divmod(rest, HOURS_A_DAY)
    return week * 168 + day * 24 + OPENS + worked - _SINCE_MONDAY
