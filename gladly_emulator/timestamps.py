"""RFC 3339 times as integer nanoseconds since 1970, which keep all fraction digits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

NANOSECONDS = 1_000_000_000
HOUR = 3600 * NANOSECONDS
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)


def parse_instant(text: str) -> int:
    """Return the nanoseconds since 1970 of an RFC 3339 time with 0 to 9 fraction digits.

    Raises:
        ValueError: The text isn't such a time.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    day, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone in "Zz" else zone
    seconds = (datetime.fromisoformat(f"{day}T{clock}{offset}") - _EPOCH) // timedelta(seconds=1)
    return seconds * NANOSECONDS + int((fraction or "").ljust(9, "0"))


def format_instant(instant: int, digits: int = 0) -> str:
    """Return the instant in UTC, truncated to this many fraction digits."""
    seconds, fraction = divmod(instant, NANOSECONDS)
    text = f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"
    return f"{text}.{fraction:09}"[: len(text) + 1 + digits] + "Z" if digits else f"{text}Z"


def instant_of(moment: datetime) -> int:
    """Return the nanoseconds since 1970 of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
