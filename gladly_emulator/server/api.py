"""Gladly's API, from a request to its answer; nothing here knows sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.interface import RETENTION, Job
from gladly_emulator.server.events import answer_events, read_event_query
from gladly_emulator.server.exports import Exports, is_updated_within
from gladly_emulator.server.http_messages import (
    JSON,
    JSON_LINES,
    Answer,
    Request,
    UsageError,
    answer_error,
    answer_json,
    answer_not_found,
)
from gladly_emulator.server.lists import answer_list, is_list_path
from gladly_emulator.server.report_queries import read_report_query
from gladly_emulator.server.reports import answer_report
from gladly_emulator.timestamps import instant_of

if TYPE_CHECKING:
    from datetime import datetime

STATUSES: Final = ("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED")


def answer_api(exports: Exports, request: Request, now: datetime) -> Answer:
    """Answer a request to the API, whose caller has been let in."""
    match request.parts:
        case ["api", "v1", *rest] if allowed := _list_methods(rest):
            pass
        case _:
            return answer_not_found("no such path")
    if request.method not in allowed:
        answer = answer_error(405, "invalid", "method not allowed here", attr="method")
        return answer.with_headers({"Allow": ", ".join(allowed)})
    try:
        return _answer(exports, request, rest=rest, now=now)
    except UsageError as error:
        return answer_error(400, error.code, str(error), attr=error.attr)


def _list_methods(rest: list[str]) -> tuple[str, ...]:
    """Return what is allowed with the path that ends in these parts; nothing if there is no such path."""
    match rest:
        case ["reports"]:
            return ("POST",)
        case ["export", "jobs", _]:
            return ("GET", "DELETE")
        case ["export", "jobs" | "schedules"] | ["export", "jobs", _, "files", _] | ["events"]:
            return ("GET",)
    return ("GET",) if is_list_path(rest) else ()


def _answer(exports: Exports, request: Request, *, rest: list[str], now: datetime) -> Answer:
    match rest:
        case ["export", *below]:
            return _answer_export(exports, request, below=below, now=now)
        case ["reports"]:
            return answer_report(exports.reports, read_report_query(request.body, exports.lists, now))
        case ["events"]:
            return answer_events(exports.events, read_event_query(request, now))
    return answer_list(exports.lists, rest)


def _answer_export(exports: Exports, request: Request, *, below: list[str], now: datetime) -> Answer:
    match below:
        case ["jobs"]:
            return _list_jobs(exports, request, now)
        case ["jobs", job_id] if request.method == "GET":
            return _get_job(exports, job_id, now)
        case ["jobs", job_id]:
            return _delete_job(exports, job_id, now)
        case ["jobs", job_id, "files", name]:
            return answer_file(exports, job_id, name, now=now)
    return answer_json(exports.schedules(now))


def _list_jobs(exports: Exports, request: Request, now: datetime) -> Answer:
    if exports.raw_job_list is not None:
        return Answer(200, exports.raw_job_list, {"Content-Type": JSON})
    start, end = _read_bounds(request, instant_of(now))
    status = _read_status(request.query)
    jobs = exports.jobs(now)
    if status is not None:
        jobs = [job for job in jobs if job.get("status") == status]
    # Gladly does not say whether its bounds are inclusive: here both are.
    return answer_json([job for job in jobs if is_updated_within(job, start, end)])


def _read_status(query: dict[str, str]) -> str | None:
    status = query.get("status")
    if status is not None and status not in STATUSES:
        raise UsageError("status", f"must be one of {', '.join(STATUSES)}")
    return status


def _read_bounds(request: Request, now: int) -> tuple[int | None, int | None]:
    start = request.read_instant("startAt")
    end = request.read_instant("endAt")
    oldest = now - RETENTION
    if start is not None and start < oldest:
        raise UsageError("startAt", "must not be more than 14 days ago")
    if end is not None and end > now:
        raise UsageError("endAt", "must not be in the future")
    if end is not None and end < (oldest if start is None else start):
        raise UsageError("endAt", "must not be before startAt")
    return start, end


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
