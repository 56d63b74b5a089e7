"""Gladly's API: the response to each request, independent of the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.interface import RETENTION, Exports, Job, is_updated_within
from gladly_emulator.server.events import events_response, read_event_query
from gladly_emulator.server.http_messages import (
    JSON,
    JSON_LINES,
    InvalidParameterError,
    Request,
    Response,
    error_response,
    json_response,
    not_found_response,
)
from gladly_emulator.server.lists import is_list_path, list_response
from gladly_emulator.server.report_queries import read_report_query
from gladly_emulator.server.reports import report_response
from gladly_emulator.timestamps import instant_of

if TYPE_CHECKING:
    from datetime import datetime

STATUSES: Final = ("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED")


def api_response(exports: Exports, request: Request, now: datetime) -> Response:
    """Return the response to an authorized API request."""
    match request.parts:
        case ["api", "v1", *path] if allowed := _list_methods(path):
            pass
        case _:
            return not_found_response("no such path")
    if request.method not in allowed:
        response = error_response(405, "invalid", "method not allowed here", attr="method")
        return response.with_headers({"Allow": ", ".join(allowed)})
    try:
        return _respond(exports, request, path=path, now=now)
    except InvalidParameterError as error:
        return error_response(400, error.code, str(error), attr=error.attr)


def _list_methods(path: list[str]) -> tuple[str, ...]:
    """Return the methods that the path with these last segments allows, or none if it doesn't exist."""
    match path:
        case ["reports"]:
            return ("POST",)
        case ["export", "jobs", _]:
            return ("GET", "DELETE")
        case ["export", "jobs" | "schedules"] | ["export", "jobs", _, "files", _] | ["events"]:
            return ("GET",)
    return ("GET",) if is_list_path(path) else ()


def _respond(exports: Exports, request: Request, *, path: list[str], now: datetime) -> Response:
    match path:
        case ["export", *path_below]:
            return _export_response(exports, request, path=path_below, now=now)
        case ["reports"]:
            return report_response(exports.reports, read_report_query(request.body, exports.lists, now))
        case ["events"]:
            return events_response(exports.events, read_event_query(request, now))
    return list_response(exports.lists, path)


def _export_response(exports: Exports, request: Request, *, path: list[str], now: datetime) -> Response:
    match path:
        case ["jobs"]:
            return _list_jobs(exports, request, now)
        case ["jobs", job_id] if request.method == "GET":
            return _get_job(exports, job_id, now)
        case ["jobs", job_id]:
            return _delete_job(exports, job_id, now)
        case ["jobs", job_id, "files", name]:
            return file_response(exports, job_id, name, now=now)
    return json_response(exports.schedules(now))


def _list_jobs(exports: Exports, request: Request, now: datetime) -> Response:
    if exports.raw_job_list is not None:
        return Response(200, exports.raw_job_list, {"Content-Type": JSON})
    start, end = _read_bounds(request, instant_of(now))
    status = _read_status(request.query)
    jobs = exports.jobs(now)
    if status is not None:
        jobs = [job for job in jobs if job.get("status") == status]
    # Gladly doesn't document whether its bounds are inclusive. Here both are.
    return json_response([job for job in jobs if is_updated_within(job, start, end)])


def _read_status(query: dict[str, str]) -> str | None:
    status = query.get("status")
    if status is not None and status not in STATUSES:
        raise InvalidParameterError("status", f"must be one of {', '.join(STATUSES)}")
    return status


def _read_bounds(request: Request, now: int) -> tuple[int | None, int | None]:
    start = request.read_instant("startAt")
    end = request.read_instant("endAt")
    oldest = now - RETENTION
    if start is not None and start < oldest:
        raise InvalidParameterError("startAt", "must not be more than 14 days ago")
    if end is not None and end > now:
        raise InvalidParameterError("endAt", "must not be in the future")
    if end is not None and end < (oldest if start is None else start):
        raise InvalidParameterError("endAt", "must not be before startAt")
    return start, end


def _find_job(exports: Exports, job_id: str, now: datetime) -> Job | None:
    return next((job for job in exports.jobs(now) if job.get("id") == job_id), None)


def _get_job(exports: Exports, job_id: str, now: datetime) -> Response:
    job = _find_job(exports, job_id, now)
    return not_found_response("no such job") if job is None else json_response(job)


def _delete_job(exports: Exports, job_id: str, now: datetime) -> Response:
    job = _find_job(exports, job_id, now)
    if job is None:
        return not_found_response("no such job")
    status = job.get("status")
    if status in {"PENDING", "IN_PROGRESS"}:
        # Gladly's example of this error has no envelope: the body is the error list itself.
        detail = f"the job is still {status}"
        return json_response([{"attr": "status", "code": "temporary_failure", "detail": detail}], 400)
    exports.remove_job(job_id)
    return Response(204)


def file_response(exports: Exports, job_id: str, name: str, *, now: datetime) -> Response:
    """Return a job's file."""
    body = exports.open_file(job_id, name, now=now)
    if body is None:
        return not_found_response("no such file")
    return Response(200, body, {"Content-Type": JSON_LINES})
