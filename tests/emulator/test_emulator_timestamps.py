"""Timestamps with nanosecond precision."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from gladly_emulator.timestamps import format_instant, instant_of, parse_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T01:00:01.5+01:00", 1_500_000_000),
        ("1969-12-31t23:59:59.25z", -750_000_000),
        ("2026-03-04T12:00:00.870Z", 1_772_625_600_870_000_000),
    ],
)
def test_instant_is_exact(text: str, instant: int) -> None:
    """Parsing keeps up to nine fraction digits and applies offsets."""
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-04",
        "2026-03-04T12:00:00",
        "2026-03-04T12:00:00.Z",
        "2026-13-04T12:00:00Z",
        "١٩٧٠-01-01T00:00:00Z",
    ],
)
def test_instant_requires_rfc_3339(text: str) -> None:
    """Other text raises an error."""
    with pytest.raises(ValueError, match=r"RFC 3339|month must be"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("digits", "text"),
    [(0, "1970-01-01T00:00:01Z"), (1, "1970-01-01T00:00:01.0Z"), (9, "1970-01-01T00:00:01.050000007Z")],
)
def test_instant_is_formatted_with_digits(digits: int, text: str) -> None:
    """The fraction is truncated, not rounded."""
    assert format_instant(1_050_000_007, digits) == text


def test_instant_of_a_datetime_keeps_microseconds() -> None:
    """An aware datetime is converted with microsecond precision."""
    assert instant_of(datetime(1970, 1, 1, 0, 0, 0, 7, tzinfo=timezone.utc)) == 7_000
