"""Time windows of report requests: which ones a run requests, and how a request writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typing_extensions import override

from tap_gladly.timestamps import DAY, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator


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

    def to_days(self) -> dict[str, str]:
        """Return the request parameters for whole days; the last day is included."""
        return {
            "startAt": format_instant(self.start)[:10],
            "endAt": format_instant(self.end - 1)[:10],
            "timezone": "UTC",
        }

    def to_minutes(self) -> dict[str, str]:
        """Return the request parameters for minutes; Gladly allows no timezone with them (documented)."""
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
    initial_days: int
    """Days that a first sync without `start_date` covers."""
    is_keyed_by_window: bool
    """Whether the window is part of a row's key, as in reports that aggregate over the window."""

    def plan(
        self, *, now: int, position: int | None, start_date: int | None, end_date: int | None
    ) -> list[Window]:
        """Return the windows that are due, oldest first.

        Args:
            now: The current time, in nanoseconds since 1970.
            position: The bookmark, or None before the first sync.
            start_date: First instant that the user wants.
            end_date: Last instant that the user wants.
        """
        span = self.due_span(now=now, position=position, start_date=start_date, end_date=end_date)
        windows = list(iter_windows(span, self.window_days * DAY))
        if span.end > now:
            # The current window keeps its final end, because rows may be keyed by it.
            windows[-1:] = [Window(it.start, it.start + self.window_days * DAY) for it in windows[-1:]]
        return windows

    def due_span(
        self, *, now: int, position: int | None, start_date: int | None, end_date: int | None
    ) -> Window:
        """Return the whole days that are due; arguments as in `plan`."""
        if position is not None:
            first = max(position - position % DAY - self._look_back * DAY, start_date or 0)
        elif start_date is not None:
            first = start_date
        else:
            first = now - self.initial_days * DAY
        last = now if end_date is None else min(now, end_date)
        return Window(first - first % DAY, last - last % DAY + DAY)

    @property
    def _look_back(self) -> int:
        days = self.window_days if self.look_back_days is None else self.look_back_days
        # Rows that are keyed by their window must come from the same window again.
        return -(-days // self.window_days) * self.window_days if self.is_keyed_by_window else days


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
