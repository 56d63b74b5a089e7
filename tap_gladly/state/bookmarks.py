"""The bookmark of a stream of the export API: which jobs it has loaded, and which are due."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_gladly.state.fingerprints import make_fingerprint, split_fingerprints
from tap_gladly.timestamps import DAY, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# 18 bits: one late job in a thousand has the fingerprint of one of 300 older jobs and is not reported.
_FINGERPRINT_LENGTH = 3


class JobVersion(NamedTuple):
    """An export job as of its last change. Versions sort oldest first."""

    instant: int
    """When the job changed, in nanoseconds since 1970."""
    job_id: str
    updated_at: str
    """The same timestamp as Gladly writes it."""


class Bookmark:
    """One stream's position among the export jobs.

    The position is the `updatedAt` of the newest job loaded. Jobs may share a timestamp, be listed up to a day
    late, or run again under the same id. Therefore the bookmark also keeps which jobs were loaded in the 24
    hours before the position.
    """

    def __init__(self, state: Mapping[str, Any], listed: Iterable[JobVersion]) -> None:
        """Restore the bookmark from a state. An empty state means nothing has been loaded.

        Args:
            state: The stream's bookmark as `to_state` wrote it. A bookmark without `jobs_read`, written by hand
                or by another tap, includes the jobs at its own timestamp and excludes all earlier ones.
            listed: The listed jobs that apply to the stream, in any order.

        Raises:
            ValueError: The state is invalid. The message names the invalid part and what to do.
        """
        self._listed = sorted(listed)
        self._fingerprints = [
            make_fingerprint(f"{job.job_id} {job.instant}", _FINGERPRINT_LENGTH) for job in self._listed
        ]
        self._value = state.get("replication_key_value")
        self._position = None if self._value is None else parse_bookmark_time(self._value)
        loaded = _parse_jobs_read(state.get("jobs_read"), self._position)
        if self._position is not None and loaded:
            # The replication key's value may be truncated to microseconds; the jobs have the exact instant.
            self._position = max(self._position, *(job.instant for job in loaded.values()))
        self._older_jobs: object = None if loaded is None else state.get("older_jobs")
        self._loaded = self._listed_before_position() if loaded is None else loaded

    @property
    def position(self) -> int | None:
        """The instant of the newest job loaded; None if there is none."""
        return self._position

    def is_due(self, job: JobVersion) -> bool:
        """Return whether a listed job is still to be loaded."""
        if job.job_id in self._loaded:
            return job.instant > self._loaded[job.job_id].instant
        return self._position is None or job.instant >= self._position - DAY

    def iter_late_jobs(self) -> Iterator[JobVersion]:
        """Yield jobs listed for the first time more than a day behind the position; they are not loaded."""
        if self._position is None or not isinstance(self._older_jobs, str):
            return
        known = split_fingerprints(self._older_jobs, _FINGERPRINT_LENGTH)
        for job, fingerprint in zip(self._listed, self._fingerprints, strict=True):
            if job.instant < self._position - DAY and fingerprint not in known:
                yield job

    def mark_loaded(self, job: JobVersion, value: str) -> None:
        """Advance the position past a job whose rows were all sent. The position never moves back.

        Args:
            job: The job.
            value: The replication key's value in the job's rows.
        """
        if self._position is None or job.instant >= self._position:
            self._position, self._value = job.instant, value
        self._loaded[job.job_id] = job

    def to_state(self) -> dict[str, Any]:
        """Return the bookmark as the state keeps it.

        Returns:
            `replication_key_value`; `jobs_read`, which maps the ids of jobs loaded in the 24 hours before it to
            their `updatedAt`; and `older_jobs`, three characters for each older job that is still listed. They
            distinguish a job that Gladly lists late from one that was listed before.
        """
        edge = (self._position or 0) - DAY
        older = bisect_left(self._listed, edge, key=lambda job: job.instant)
        self._loaded = {job.job_id: job for job in self._loaded.values() if job.instant >= edge}
        return {
            "replication_key_value": self._value,
            "jobs_read": {job.job_id: job.updated_at for job in sorted(self._loaded.values())},
            "older_jobs": "".join(self._fingerprints[:older]),
        }

    def _listed_before_position(self) -> dict[str, JobVersion]:
        # A bookmark without jobs_read excludes these jobs. Counted as loaded, they aren't reported as late.
        return {
            job.job_id: job
            for job in self._listed
            if self._position is not None and job.instant < self._position
        }


def parse_bookmark_time(text: object) -> int:
    """Parse a bookmark's `replication_key_value` to nanoseconds since 1970.

    Raises:
        ValueError: It is not a timestamp. The message says what to do.
    """
    try:
        return parse_instant(str(text))
    except ValueError as error:
        raise ValueError(
            "replication_key_value is not a timestamp; set one such as 2026-11-20T00:00:00Z, "
            "or remove the bookmark to start over"
        ) from error


def _parse_jobs_read(
    jobs_read: Mapping[str, str] | None, position: int | None
) -> dict[str, JobVersion] | None:
    if position is None:
        return {}
    if jobs_read is None:
        return None
    try:
        jobs = [JobVersion(parse_instant(text), job_id, text) for job_id, text in jobs_read.items()]
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            "jobs_read does not map job ids to timestamps; remove it to resume from replication_key_value"
        ) from error
    if any(job.instant // 1000 > position // 1000 for job in jobs):
        return None  # the position was set back by hand, to reload what came after it
    return {job.job_id: job for job in jobs}
