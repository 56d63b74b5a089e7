"""Warn about properties and types that a stream's schema doesn't declare, once per run and path."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable

    from tap_gladly.parsing.schema_validation import Problem

# Property names come from the data, so the log limits their number and their length.
_MAX_PATHS = 50
_MAX_PATH_LENGTH = 60
_OTHER_PATHS = "(other)"


class UnmappedLog:
    """Logs and counts what a stream moves to `_unmapped`. It never logs a value."""

    def __init__(self, stream: str, logger: logging.Logger, *, is_sent: Callable[[], bool]) -> None:
        """Start a run.

        Args:
            stream: Name of the stream.
            logger: Logger of the stream.
            is_sent: Returns whether records have the column `_unmapped`. It may be deselected.
        """
        self.undeclared: set[str] = set()
        """Undeclared properties that a warning has named."""
        self.unexpected: Counter[str] = Counter()
        """Number of values whose type isn't the declared one, by path."""
        self._stream = stream
        self._logger = logger
        self._is_sent = is_sent

    def add(self, problems: Iterable[Problem], *, source: str = "Gladly sent") -> None:
        """Count what one record had, and warn if it is new.

        Args:
            problems: The record's problems.
            source: Where the values come from, such as "Gladly sent".
        """
        undeclared: set[str] = set()
        for problem in problems:
            if problem.declared:
                self._add_unexpected(problem, source)
            else:
                undeclared.add(".".join(problem.path))
        new = sorted(undeclared - self.undeclared)[: _MAX_PATHS - len(self.undeclared)]
        if new:
            self.undeclared.update(new)
            names = ", ".join(repr(name[:_MAX_PATH_LENGTH]) for name in new)
            self._logger.warning(
                "%s: properties that the schema doesn't declare %s: %s",
                self._stream,
                self._describe_outcome(),
                names,
            )

    def _add_unexpected(self, problem: Problem, source: str) -> None:
        path = ".".join(problem.path)
        is_new = path not in self.unexpected
        is_full = len(self.unexpected) >= _MAX_PATHS
        self.unexpected[_OTHER_PATHS if is_new and is_full else path] += 1
        if is_new and not is_full:
            self._logger.warning(
                "%s: %r is declared as %s, but %s %s. Such values %s.",
                self._stream,
                path[:_MAX_PATH_LENGTH],
                problem.declared,
                source,
                problem.actual,
                self._describe_outcome(),
            )

    def _describe_outcome(self) -> str:
        return "go to _unmapped" if self._is_sent() else "are dropped, because _unmapped isn't selected"
