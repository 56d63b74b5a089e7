"""What earlier runs saw in the job list: unfinished jobs, and problems that a warning has named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_gladly.state.fingerprints import make_fingerprint, split_fingerprints

if TYPE_CHECKING:
    from collections.abc import Mapping

_FINGERPRINT_LENGTH = 8
Window = tuple[str, str]


class JobWatch:
    """Lets a run warn once about a problem, and notice an unfinished job that is no longer listed.

    The state keeps it beside the bookmark of `jobs`. It affects warnings only, so a part of the state that the
    tap can't read counts as empty.
    """

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Restore what earlier runs saw from the bookmark of `jobs`."""
        pending, reported = state.get("pending_jobs"), state.get("reported_jobs")
        self.previous_pending: dict[str, Window] = _parse_pending(
            pending if isinstance(pending, dict) else {}
        )
        """Windows of the jobs that the run before saw unfinished, by job id."""
        self.pending: dict[str, Window] = {}
        """The same for this run."""
        self._reported = split_fingerprints(
            reported if isinstance(reported, str) else "", _FINGERPRINT_LENGTH
        )
        self._current: set[str] = set()

    def is_new(self, *problem: object) -> bool:
        """Return whether no earlier run has seen this problem, and remember it.

        A problem that a run doesn't ask about is forgotten, so the state doesn't grow.
        """
        fingerprint = make_fingerprint(repr(problem), _FINGERPRINT_LENGTH)
        is_new = fingerprint not in self._reported and fingerprint not in self._current
        self._current.add(fingerprint)
        return is_new

    def add_to(self, bookmark: Mapping[str, Any]) -> dict[str, Any]:
        """Return the bookmark of `jobs` with `pending_jobs` and `reported_jobs`, each only if it isn't empty."""
        parts = {
            "pending_jobs": {job_id: list(window) for job_id, window in sorted(self.pending.items())},
            "reported_jobs": "".join(sorted(self._current)),
        }
        return {name: value for name, value in {**bookmark, **parts}.items() if value or name not in parts}


def _parse_pending(pending: Mapping[str, Any]) -> dict[str, Window]:
    return {
        job_id: (str(window[0]), str(window[1]))
        for job_id, window in pending.items()
        if isinstance(window, list) and len(window) == len(("startAt", "endAt"))
    }
