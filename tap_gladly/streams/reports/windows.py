"""Windows of time that reports are asked for, and how Gladly wants them written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typing_extensions import override

from tap_gladly.timestamps import DAY, SECOND, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = 60 * SECOND


class Window(NamedTuple):
    """A span of time in nanoseconds since 1970, in UTC; its end is no longer in it."""

    start: int
    end: int

    @override
    def __str__(self) -> str:
        return f"{_write_minute(self.start)} to {_write_minute(self.end)}"

    @property
    def has_whole_days(self) -> bool:
        """Whether it starts and ends at midnight."""
        return self.start % DAY == self.end % DAY == 0

    def to_days(self) -> dict[str, str]:
        """Give it as days, of which the last is included."""
        return {
            "startAt": format_instant(self.start)[:10],
            "endAt": format_instant(self.end - 1)[:10],
            "timezone": "UTC",
        }

    def to_minutes(self) -> dict[str, str]:
        """Give it as minutes; a zone must not be named beside them."""
        # Gladly says of one of its report endpoints that the last minute is included, and of the others
        # nothing. Named as it is here, a minute may come twice, on the same keys; but none is left out.
        return {"startAtTime": _write_minute(self.start), "endAtTime": _write_minute(self.end)}


def _write_minute(instant: int) -> str:
    return f"{format_instant(instant)[:16]}Z"


def iter_windows(span: Window, length: int) -> Iterator[Window]:
    """Cut a span into windows, oldest first; the last may be shorter."""
    for start in range(span.start, span.end, length):
        yield Window(start, min(start + length, span.end))


def halve(window: Window, unit: int) -> list[Window]:
    """Cut a window into two of whole days or minutes; nothing if it is no longer than one."""
    units = (window.end - window.start) // unit
    if units <= 1:
        return []
    middle = window.start + units // 2 * unit
    return [Window(window.start, middle), Window(middle, window.end)]
