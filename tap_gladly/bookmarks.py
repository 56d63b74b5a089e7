"""Bookmarks: instants at Gladly's full precision, which jobs a stream has read, and which are due."""

from __future__ import annotations

import hashlib
import re
import sys
from base64 import urlsafe_b64encode
from bisect import bisect_left
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from singer_sdk.streams._state import StreamStateManager

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SECOND = 1_000_000_000
DAY = 24 * 60 * 60 * SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FIRST, _LAST = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND  # the years 1 to 9999
_NO_TIME = "is not a time such as 2026-11-20T00:00:00Z"
_LAST_SECOND = 60  # RFC 3339 knows the leap second


def parse_instant(text: str) -> int:
    """Read an RFC 3339 time, or a date, as nanoseconds since 1970 in UTC.

    Gladly prints 0 to 9 fraction digits within one field, so its times can be compared neither as text
    nor as Python's datetime, which ends at microseconds. A time without an offset counts as UTC.

    Raises:
        ValueError: The text is not such a time.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None or int(match[6] or 0) > _LAST_SECOND:
        raise ValueError(_NO_TIME)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=timezone.utc) - _EPOCH
    except ValueError as error:
        raise ValueError(_NO_TIME) from error
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    moment += offset if match[8] == "-" else -offset
    fraction = int((match[7] or "").ljust(9, "0")[:9])
    instant = (moment.days * 86_400 + moment.seconds + second) * SECOND + fraction
    if not _FIRST <= instant < _LAST:
        raise ValueError(_NO_TIME)  # a year that has no four digits in UTC
    return instant


def format_instant(instant: int) -> str:
    """Write an instant in UTC, cut to microseconds: always six digits and `Z`, so that it sorts as text."""
    moment = _EPOCH + timedelta(microseconds=instant // 1000)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def parse_last_instant(text: str) -> int:
    """Read the end of a span, itself included: a date stands for its whole day.

    Raises:
        ValueError: The text is neither a time nor a date.
    """
    return parse_instant(text) + (DAY - 1 if _DATE.fullmatch(text) else 0)


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
        self._place = None if self._value is None else parse_bookmark_time(self._value)
        read = _parse_jobs_read(state.get("jobs_read"), self._place)
        if self._place is not None and read:
            # The replication key's value may be cut to microseconds; the jobs know the instant itself.
            self._place = max(self._place, *(job.instant for job in read.values()))
        self._older: object = None if read is None else state.get("older_jobs")
        self._read = self._listed_before_place() if read is None else read

    @property
    def place(self) -> int | None:
        """The instant of the newest job read; None if none has been."""
        return self._place

    def is_due(self, job: JobVersion) -> bool:
        """Say whether a listed job is still to be read."""
        if job.job_id in self._read:
            return job.instant > self._read[job.job_id].instant
        return self._place is None or job.instant >= self._place - DAY

    def iter_late(self) -> Iterator[JobVersion]:
        """Yield listed jobs that turned up too late: over a day behind the place, and not listed before."""
        if self._place is None or not isinstance(self._older, str):
            return
        known = {self._older[at : at + _MARK_LENGTH] for at in range(0, len(self._older), _MARK_LENGTH)}
        for job, mark in zip(self._listed, self._marks, strict=True):
            if job.instant < self._place - DAY and mark not in known:
                yield job

    def mark_read(self, job: JobVersion, value: str) -> None:
        """Move the place past a job that has been sent whole; it never moves back.

        Args:
            job: The job.
            value: The replication key's value in the job's rows.
        """
        if self._place is None or job.instant >= self._place:
            self._place, self._value = job.instant, value
        self._read[job.job_id] = job
        edge = self._place - DAY
        self._read = {read.job_id: read for read in self._read.values() if read.instant >= edge}

    def to_state(self) -> dict[str, Any]:
        """Give the bookmark as it stands in the state.

        Returns:
            `replication_key_value`; `jobs_read`, job id to `updatedAt`, for the 24 hours up to it; and
            `older_jobs`, three characters for each older job that is still listed: enough to know a job
            that turns up late from one that has been there all along.
        """
        older = bisect_left(self._listed, (self._place or 0) - DAY, key=lambda job: job.instant)
        return {
            "replication_key_value": self._value,
            "jobs_read": {job.job_id: job.updated_at for job in sorted(self._read.values())},
            "older_jobs": "".join(self._marks[:older]),
        }

    def _listed_before_place(self) -> dict[str, JobVersion]:
        # What a bookmark without jobs_read leaves out stays out: noted as read, it cannot come up as late.
        return {
            job.job_id: job for job in self._listed if self._place is not None and job.instant < self._place
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


class IdleStateManager(StreamStateManager):
    """Keeps the SDK's hands off the state, where each stream keeps a bookmark of its own.

    The SDK would move a bookmark with every row, compare replication keys as text, and add markers of its
    own. A private class is the only way in: `Stream.state_manager`, which is public, returns one.
    """

    @property  # type: ignore[explicit-override] # an attribute there
    @override
    def is_flushed(self) -> bool:
        """True: the SDK has nothing to write."""
        return True

    @is_flushed.setter
    def is_flushed(self, value: bool) -> None:
        """Nothing to keep."""

    @property
    @override
    def stream_state(self) -> dict[str, Any]:
        return {}

    @override
    def get_context_state(self, context: object) -> dict[str, Any]:
        return {}

    @override
    def get_state_partitions(self) -> None:
        return None

    @override
    def increment_state(self, *args: object, **kwargs: object) -> None:
        return None

    @override
    def write_starting_replication_value(self, *args: object, **kwargs: object) -> None:
        return None
