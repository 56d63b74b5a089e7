"""What earlier runs saw in the job list: unfinished jobs, and problems that a warning has named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tap_gladly.state.fingerprints import make_fingerprint, split_fingerprints
from tap_gladly.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

_FINGERPRINT_LENGTH = 8


class PendingJob(NamedTuple):
    """An unfinished job, as the state keeps it.

    Attributes:
        start: Start of its window.
        end: End of its window.
        since: The earliest `updatedAt` with which a run saw it. Gladly may change `updatedAt` while the job runs.
    """

    start: str
    end: str
    since: str


class JobWatch:
    """Lets a run warn once about a problem, and notice an unfinished job that is no longer listed.

    The state keeps it beside the bookmark of `jobs`. It affects warnings only, so a part of the state that the
    tap can't read counts as empty.
    """

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Restore what earlier runs saw from the bookmark of `jobs`."""
        pending, reported = state.get("pending_jobs"), state.get("reported_jobs")
        self.previous_pending: dict[str, PendingJob] = _parse_pending(
            pending if isinstance(pending, dict) else {}
        )
        """The jobs that the run before saw unfinished, by job id."""
        self.pending: dict[str, PendingJob] = {}
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
            "pending_jobs": {job_id: list(job) for job_id, job in sorted(self.pending.items())},
            "reported_jobs": "".join(sorted(self._current)),
        }
        return {name: value for name, value in {**bookmark, **parts}.items() if value or name not in parts}


def _parse_pending(pending: Mapping[str, Any]) -> dict[str, PendingJob]:
    return {
        job_id: PendingJob(*map(str, parts))
        for job_id, parts in pending.items()
        if isinstance(parts, list) and len(parts) == len(PendingJob._fields) and _is_timestamp(parts[-1])
    }


def _is_timestamp(value: object) -> bool:
    try:
        parse_instant(str(value))
    except ValueError:
        return False
    return True
