"""RFC 3339 timestamps at nanosecond precision."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

SECOND = 1_000_000_000
DAY = 24 * 60 * 60 * SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FIRST, _LAST = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND  # the years 1 to 9999
_NO_TIME = "is not a time such as 2026-11-20T00:00:00Z"
_LAST_SECOND = 60  # RFC 3339 knows the leap second


def parse_instant(text: str) -> int:
    """Read an RFC 3339 time, or a date, as nanoseconds since 1970 in UTC.

    Gladly prints 0 to 9 fraction digits within one field, so its times can be compared neither as text
    nor as Python's datetime, which ends at microseconds. A time without an offset counts as UTC.

    Raises:
        ValueError: The text is not such a time.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None or int(match[6] or 0) > _LAST_SECOND:
        raise ValueError(_NO_TIME)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=timezone.utc) - _EPOCH
    except ValueError as error:
        raise ValueError(_NO_TIME) from error
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    moment += offset if match[8] == "-" else -offset
    fraction = int((match[7] or "").ljust(9, "0")[:9])
    instant = (moment.days * 86_400 + moment.seconds + second) * SECOND + fraction
    if not _FIRST <= instant < _LAST:
        raise ValueError(_NO_TIME)  # a year that has no four digits in UTC
    return instant


def format_instant(instant: int) -> str:
    """Write an instant in UTC, cut to microseconds: always six digits and `Z`, so that it sorts as text."""
    moment = _EPOCH + timedelta(microseconds=instant // 1000)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def parse_last_instant(text: str) -> int:
    """Read the end of a span, itself included: a date stands for its whole day.

    Raises:
        ValueError: The text is neither a time nor a date.
    """
    return parse_instant(text) + (DAY - 1 if _DATE.fullmatch(text) else 0)
