"""Gladly's export API, from a request to its answer; nothing here knows sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.exports import RETENTION, Exports, Job, is_updated_within
from gladly_emulator.instants import instant_of, parse_instant
from gladly_emulator.messages import (
    JSON,
    JSON_LINES,
    Answer,
    Request,
    answer_error,
    answer_json,
    answer_not_found,
)

if TYPE_CHECKING:
    from datetime import datetime

STATUSES: Final = ("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED")


class _UsageError(Exception):
    """A query parameter that the API refuses."""

    def __init__(self, attr: str, detail: str) -> None:
        super().__init__(detail)
        self.attr = attr


def answer_api(exports: Exports, request: Request, now: datetime) -> Answer:
    """Answer a request to the API, whose caller has been let in."""
    match request.parts:
        case ["api", "v1", "export", *rest]:
            return _answer_export(exports, request, rest=rest, now=now)
    return answer_not_found("no such path")


def _answer_export(exports: Exports, request: Request, *, rest: list[str], now: datetime) -> Answer:
    match (request.method, *rest):
        case ("GET", "jobs"):
            return _list_jobs(exports, request.query, now)
        case ("GET", "schedules"):
            return answer_json(exports.schedules(now))
        case ("GET", "jobs", job_id):
            return _get_job(exports, job_id, now)
        case ("DELETE", "jobs", job_id):
            return _delete_job(exports, job_id, now)
        case ("GET", "jobs", job_id, "files", name):
            return answer_file(exports, job_id, name, now=now)
    return _refuse_method(rest)


def _refuse_method(rest: list[str]) -> Answer:
    match rest:
        case ["jobs"] | ["schedules"] | ["jobs", _, "files", _]:
            allowed = "GET"
        case ["jobs", _]:
            allowed = "GET, DELETE"
        case _:
            return answer_not_found("no such path")
    answer = answer_error(405, "invalid", "method not allowed here", attr="method")
    return answer.with_headers({"Allow": allowed})


def _list_jobs(exports: Exports, query: dict[str, str], now: datetime) -> Answer:
    if exports.raw_job_list is not None:
        return Answer(200, exports.raw_job_list, {"Content-Type": JSON})
    try:
        start, end = _read_bounds(query, instant_of(now))
        status = _read_status(query)
    except _UsageError as error:
        return answer_error(400, "invalid", str(error), attr=error.attr)
    jobs = exports.jobs(now)
    if status is not None:
        jobs = [job for job in jobs if job.get("status") == status]
    # Gladly does not say whether its bounds are inclusive: here both are.
    return answer_json([job for job in jobs if is_updated_within(job, start, end)])


def _read_status(query: dict[str, str]) -> str | None:
    status = query.get("status")
    if status is not None and status not in STATUSES:
        raise _UsageError("status", f"must be one of {', '.join(STATUSES)}")
    return status


def _read_bounds(query: dict[str, str], now: int) -> tuple[int | None, int | None]:
    start = _read_instant(query, "startAt")
    end = _read_instant(query, "endAt")
    oldest = now - RETENTION
    if start is not None and start < oldest:
        raise _UsageError("startAt", "must not be more than 14 days ago")
    if end is not None and end > now:
        raise _UsageError("endAt", "must not be in the future")
    if end is not None and end < (oldest if start is None else start):
        raise _UsageError("endAt", "must not be before startAt")
    return start, end


def _read_instant(query: dict[str, str], attr: str) -> int | None:
    if attr not in query:
        return None
    try:
        return parse_instant(query[attr])
    except ValueError:
        raise _UsageError(attr, "must be an RFC 3339 time") from None


def _find_job(exports: Exports, job_id: str, now: datetime) -> Job | None:
    return next((job for job in exports.jobs(now) if job.get("id") == job_id), None)


def _get_job(exports: Exports, job_id: str, now: datetime) -> Answer:
    job = _find_job(exports, job_id, now)
    return answer_not_found("no such job") if job is None else answer_json(job)


def _delete_job(exports: Exports, job_id: str, now: datetime) -> Answer:
    job = _find_job(exports, job_id, now)
    if job is None:
        return answer_not_found("no such job")
    status = job.get("status")
    if status in {"PENDING", "IN_PROGRESS"}:
        # Gladly's example of this error has no envelope: the body is the list itself.
        detail = f"the job is still {status}"
        return answer_json([{"attr": "status", "code": "temporary_failure", "detail": detail}], 400)
    exports.remove_job(job_id)
    return Answer(204)


def answer_file(exports: Exports, job_id: str, name: str, *, now: datetime) -> Answer:
    """Answer with a job's file."""
    body = exports.open_file(job_id, name, now=now)
    if body is None:
        return answer_not_found("no such file")
    return Answer(200, body, {"Content-Type": JSON_LINES})
