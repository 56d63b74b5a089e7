"""Bookmarks: instants at Gladly's full precision, which jobs a stream has read, and which are due."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_gladly.timestamps import DAY, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class JobVersion(NamedTuple):
    """An export job as of its last change; they sort oldest first."""

    instant: int
    """When the job changed, in nanoseconds since 1970."""
    job_id: str
    updated_at: str
    """The instant in Gladly's own text."""


class Bookmark:
    """One stream's place among the export jobs.

    The place is the `updatedAt` of the newest job read. Jobs may share an instant, be listed up to a day
    late, or run again under their old id: so the jobs read in the 24 hours up to the place are kept with it.
    """

    def __init__(self, state: Mapping[str, Any], listed: Iterable[JobVersion]) -> None:
        """Take up the place that a state gives.

        Args:
            state: The stream's bookmark as `to_state` wrote it. One without `jobs_read`, written by hand or
                by another tap, includes the jobs at its own instant and leaves out all before it. An empty
                one: nothing has been read.
            listed: The listed jobs that concern the stream, in any order.

        Raises:
            ValueError: The state is none of these; the message says which part of it, and what to do.
        """
        self._listed = sorted(listed)
        self._marks = [_short_mark(job) for job in self._listed]
        self._value = state.get("replication_key_value")
        self._position = None if self._value is None else parse_bookmark_time(self._value)
        read = _parse_jobs_read(state.get("jobs_read"), self._position)
        if self._position is not None and read:
            # The replication key's value may be cut to microseconds; the jobs know the instant itself.
            self._position = max(self._position, *(job.instant for job in read.values()))
        self._older: object = None if read is None else state.get("older_jobs")
        self._read = self._listed_before_place() if read is None else read

    @property
    def position(self) -> int | None:
        """The instant of the newest job read; None if none has been."""
        return self._position

    def is_due(self, job: JobVersion) -> bool:
        """Say whether a listed job is still to be read."""
        if job.job_id in self._read:
            return job.instant > self._read[job.job_id].instant
        return self._position is None or job.instant >= self._position - DAY

    def iter_late(self) -> Iterator[JobVersion]:
        """Yield listed jobs that turned up too late: over a day behind the place, and not listed before."""
        if self._position is None or not isinstance(self._older, str):
            return
        known = {self._older[at : at + _MARK_LENGTH] for at in range(0, len(self._older), _MARK_LENGTH)}
        for job, mark in zip(self._listed, self._marks, strict=True):
            if job.instant < self._position - DAY and mark not in known:
                yield job

    def mark_loaded(self, job: JobVersion, value: str) -> None:
        """Move the place past a job that has been sent whole; it never moves back.

        Args:
            job: The job.
            value: The replication key's value in the job's rows.
        """
        if self._position is None or job.instant >= self._position:
            self._position, self._value = job.instant, value
        self._read[job.job_id] = job
        edge = self._position - DAY
        self._read = {read.job_id: read for read in self._read.values() if read.instant >= edge}

    def to_state(self) -> dict[str, Any]:
        """Give the bookmark as it stands in the state.

        Returns:
            `replication_key_value`; `jobs_read`, job id to `updatedAt`, for the 24 hours up to it; and
            `older_jobs`, three characters for each older job that is still listed: enough to know a job
            that turns up late from one that has been there all along.
        """
        older = bisect_left(self._listed, (self._position or 0) - DAY, key=lambda job: job.instant)
        return {
            "replication_key_value": self._value,
            "jobs_read": {job.job_id: job.updated_at for job in sorted(self._read.values())},
            "older_jobs": "".join(self._marks[:older]),
        }

    def _listed_before_place(self) -> dict[str, JobVersion]:
        # What a bookmark without jobs_read leaves out stays out: noted as read, it cannot come up as late.
        return {
            job.job_id: job
            for job in self._listed
            if self._position is not None and job.instant < self._position
        }


def parse_bookmark_time(text: object) -> int:
    """Read a bookmark's `replication_key_value`.

    Raises:
        ValueError: It is no time; the message says what to do.
    """
    try:
        return parse_instant(str(text))
    except ValueError as error:
        raise ValueError(
            "replication_key_value is not a time; set it to one such as 2026-11-20T00:00:00Z, "
            "or take the bookmark out to start anew"
        ) from error


def _parse_jobs_read(jobs_read: Mapping[str, str] | None, place: int | None) -> dict[str, JobVersion] | None:
    if place is None:
        return {}
    if jobs_read is None:
        return None
    try:
        jobs = [JobVersion(parse_instant(text), job_id, text) for job_id, text in jobs_read.items()]
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            "jobs_read does not map job ids to times; take it out, and replication_key_value alone counts"
        ) from error
    if any(job.instant // 1000 > place // 1000 for job in jobs):
        return None  # someone set the place back by hand: what was read after it is wanted again
    return {job.job_id: job for job in jobs}


_MARK_LENGTH = 3


def _short_mark(job: JobVersion) -> str:
    # 18 bits: a late job looks like one of 300 older ones once in a thousand times, and then goes untold.
    digest = hashlib.blake2b(f"{job.job_id} {job.instant}".encode(), digest_size=3).digest()
    return urlsafe_b64encode(digest).decode()[:_MARK_LENGTH]
