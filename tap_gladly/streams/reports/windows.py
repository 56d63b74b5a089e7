"""Time windows of report requests: which ones a run requests, and how a request writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typing_extensions import override

from tap_gladly.timestamps import DAY, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

_MONDAY = 4 * DAY
"""January 5, 1970: the start of the grid, so that windows of 7 days are calendar weeks."""


class Window(NamedTuple):
    """A half-open time span, in nanoseconds since 1970 in UTC."""

    start: int
    end: int

    @override
    def __str__(self) -> str:
        return f"{_format_minute(self.start)} to {_format_minute(self.end)}"

    @property
    def has_whole_days(self) -> bool:
        """Whether it starts and ends at midnight."""
        return self.start % DAY == self.end % DAY == 0

    def describe_days(self) -> str:
        """Return its first and last day, or its only one."""
        first, last = format_instant(self.start)[:10], format_instant(max(self.start, self.end - 1))[:10]
        return first if first == last else f"{first} to {last}"

    def to_days(self) -> dict[str, str]:
        """Return the request parameters for whole days; the last day is included."""
        return {
            "startAt": format_instant(self.start)[:10],
            "endAt": format_instant(self.end - 1)[:10],
            "timezone": "UTC",
        }

    def to_minutes(self) -> dict[str, str]:
        """Return the request parameters for minutes; Gladly allows no time zone with them (documented)."""
        # Gladly documents that the last minute is included for one report endpoint only. If it is included
        # here, too, two adjacent requests return it twice, with the same keys. No minute is left out.
        return {"startAtTime": _format_minute(self.start), "endAtTime": _format_minute(self.end)}


def _format_minute(instant: int) -> str:
    return f"{format_instant(instant)[:16]}Z"


class WindowPlanner(NamedTuple):
    """Plans the windows of one report."""

    window_days: int
    look_back_days: int | None
    """Days before the bookmark to request again; None for one window."""
    is_on_grid: bool
    """Whether windows lie on a fixed grid, because the window is part of a row's key.

    Rows of such a report are totals of their window. If windows overlapped, a target would count days twice.
    """

    def plan(self, span: Window, *, now: int) -> list[Window]:
        """Return the windows that cover a span, oldest first.

        Args:
            span: The whole days that are due.
            now: The current time, in nanoseconds since 1970.
        """
        length = self.window_days * DAY
        if self.is_on_grid:
            first = span.start - (span.start - _MONDAY) % length
            return [Window(start, start + length) for start in range(first, span.end, length)]
        windows = list(iter_windows(span, length))
        if span.end > now:
            # The current window keeps its final end, so its rows don't change when it is complete.
            windows[-1:] = [Window(it.start, it.start + length) for it in windows[-1:]]
        return windows

    def first_due(self, position: int) -> int:
        """Return the first instant that is due after a bookmark, in nanoseconds since 1970."""
        days = self.window_days if self.look_back_days is None else self.look_back_days
        if self.is_on_grid:
            days = -(-days // self.window_days) * self.window_days
        return position - position % DAY - days * DAY


def iter_windows(span: Window, length: int) -> Iterator[Window]:
    """Split a span into windows, oldest first; the last may be shorter."""
    for start in range(span.start, span.end, length):
        yield Window(start, min(start + length, span.end))


def halve(window: Window, unit: int) -> list[Window]:
    """Split a window into two, at a multiple of a unit from its start; return nothing if it is one unit."""
    units = (window.end - window.start) // unit
    if units <= 1:
        return []
    middle = window.start + units // 2 * unit
    return [Window(window.start, middle), Window(middle, window.end)]
