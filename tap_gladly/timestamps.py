"""RFC 3339 timestamps at nanosecond precision."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FIRST, _LAST = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND  # the years 1 to 9999
_INVALID = "is not a timestamp such as 2026-11-20T00:00:00Z"
_MAX_SECOND = 60  # RFC 3339 allows leap seconds


def parse_instant(text: str) -> int:
    """Parse an RFC 3339 timestamp, or a date, to nanoseconds since 1970 in UTC.

    Gladly prints 0 to 9 fraction digits within one field (documented). Comparing such timestamps as text gives
    the wrong order, and Python's datetime stops at microseconds. A timestamp without an offset counts as UTC.

    Raises:
        ValueError: The text is not such a timestamp.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None or int(match[6] or 0) > _MAX_SECOND:
        raise ValueError(_INVALID)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=timezone.utc) - _EPOCH
    except ValueError as error:
        raise ValueError(_INVALID) from error
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    moment += offset if match[8] == "-" else -offset
    fraction = int((match[7] or "").ljust(9, "0")[:9])
    instant = (moment.days * 86_400 + moment.seconds + second) * SECOND + fraction
    if not _FIRST <= instant < _LAST:
        raise ValueError(_INVALID)  # in UTC, its year doesn't have four digits
    return instant


def format_instant(instant: int) -> str:
    """Format an instant in UTC, truncated to microseconds.

    The result always has six fraction digits and `Z`, so it sorts the same as text and as time.
    """
    moment = _EPOCH + timedelta(microseconds=instant // 1000)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def format_full_instant(instant: int) -> str:
    """Format an instant in UTC at full precision: six fraction digits, or nine if it needs them."""
    nanoseconds = instant % 1000
    text = format_instant(instant)
    return f"{text[:-1]}{nanoseconds:03}Z" if nanoseconds else text


def parse_last_instant(text: str) -> int:
    """Parse the inclusive end of a span. A date stands for the whole day.

    Raises:
        ValueError: The text is neither a timestamp nor a date.
    """
    return parse_instant(text) + (DAY - 1 if _DATE.fullmatch(text) else 0)
