"""Parsing and formatting RFC 3339 timestamps at nanosecond precision."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gladly.timestamps import format_full_instant, format_instant, parse_instant, parse_last_instant


@pytest.mark.parametrize("digits", range(10))
def test_parse_instant_reads_any_number_of_digits(digits: int) -> None:
    """A fraction of 0 to 9 digits is read at nanosecond precision."""
    fraction = "072729331"[:digits]
    text = f"2026-11-20T07:15:19{'.' if digits else ''}{fraction}Z"

    assert parse_instant(text) - parse_instant("2026-11-20T07:15:19Z") == int(fraction.ljust(9, "0") or 0)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-20T07:15:19+00:00", "2026-11-20T07:15:19Z"),
        ("2026-11-20T09:15:19+02:00", "2026-11-20T07:15:19Z"),
        ("2026-11-19T21:45:19-0930", "2026-11-20T07:15:19Z"),
        ("2026-11-20 07:15:19", "2026-11-20T07:15:19.000000000Z"),
        ("2026-11-20", "2026-11-20T00:00:00Z"),
        ("2026-11-20T07:15Z", "2026-11-20T07:15:00z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ],
)
def test_parse_instant_reads_every_notation(text: str, same: str) -> None:
    """Offsets, lower case, dates and leap seconds are accepted."""
    assert parse_instant(text) == parse_instant(same)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-11-20T25:00:00Z",
        "2026-11-20T00:00:61Z",
        "1795158919",
        "\u0662\u0660\u0662\u0666-11-20",
    ],
)
def test_parse_instant_rejects_other_text(text: str) -> None:
    """Any other text raises ValueError."""
    with pytest.raises(ValueError, match=r"^is not a timestamp such as "):
        parse_instant(text)


@given(st.integers(min_value=0, max_value=4_000_000_000_000_000_000))
def test_format_instant_truncates_to_microseconds(instant: int) -> None:
    """The text reads back as the same instant without its nanoseconds, and always has six digits."""
    text = format_instant(instant)

    assert parse_instant(text) == instant // 1000 * 1000
    assert len(text) == len("2026-11-20T07:15:19.072729Z")


@given(st.lists(st.integers(min_value=0, max_value=4_000_000_000_000_000_000), min_size=2))
def test_format_instant_sorts_as_text(instants: list[int]) -> None:
    """Texts sort in the order of their instants."""
    by_text = sorted(instants, key=format_instant)

    assert [value // 1000 for value in by_text] == [value // 1000 for value in sorted(instants)]


def test_parse_last_instant_includes_the_whole_day() -> None:
    """A date without a time stands for its last nanosecond."""
    assert parse_last_instant("2026-11-20") == parse_instant("2026-11-20T23:59:59.999999999Z")
    assert parse_last_instant("2026-11-20T00:00:00Z") == parse_instant("2026-11-20T00:00:00Z")


@given(st.integers(min_value=0, max_value=4_000_000_000_000_000_000))
def test_format_full_instant_keeps_nanoseconds(instant: int) -> None:
    """The text reads back as the same instant."""
    assert parse_instant(format_full_instant(instant)) == instant
