"""The API's jobs, files and schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gladly_emulator import ABSENT, Emulator, StaticExports

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    Call = Callable[..., requests.Response]


def ids(response: requests.Response) -> list[str]:
    """Return the ids of a job list."""
    return [job["id"] for job in response.json()]


def test_jobs_are_a_bare_array_in_insertion_order(exports: StaticExports, get_export: Call) -> None:
    """The job list is a JSON array without an envelope, in insertion order."""
    exports.add_job("late", "2026-03-04T11:00:00Z")
    exports.add_job("early", "2026-03-04T09:04:12.5Z", {"topics.jsonl": b"", "agents.jsonl": b""})
    response = get_export("/jobs")

    assert response.headers["Content-Type"] == "application/json"
    assert ids(response) == ["late", "early"]
    assert response.json()[1] == {
        "id": "early",
        "scheduleId": "hourly-schedule",
        "status": "COMPLETED",
        "updatedAt": "2026-03-04T09:04:12.5Z",
        "parameters": {
            "type": "CONVERSATIONS",
            "startAt": "2026-03-04T06:00:00Z",
            "endAt": "2026-03-04T07:00:00Z",
        },
        "files": ["topics.jsonl", "agents.jsonl"],
    }


def test_job_fields_can_be_replaced_and_removed(exports: StaticExports, get_export: Call) -> None:
    """Any field of a static job can have any value or be absent."""
    start, end = "2023-01-01T00:00:00Z", "2023-06-30T23:59:59.999999999Z"
    exports.add_job("odd", "2026-03-04T11:00:00Z", start_at=start, end_at=end, scheduleId=ABSENT, color="red")
    exports.change_job("odd", files=None)
    job = get_export("/jobs/odd").json()

    assert job["files"] is None
    assert job["color"] == "red"
    assert "scheduleId" not in job
    assert job["parameters"] == {"type": "CONVERSATIONS", "startAt": start, "endAt": end}


def test_job_is_replaced_at_its_position(exports: StaticExports, get_export: Call) -> None:
    """Adding a job with an existing id replaces the job and its files."""
    exports.add_job("a", "2026-03-04T11:00:00Z", status="IN_PROGRESS")
    exports.add_job("b", "2026-03-04T11:00:00Z")
    exports.add_job("a", "2026-03-04T11:30:00Z", {"agents.jsonl": b"{}\n"})

    assert ids(get_export("/jobs")) == ["a", "b"]
    assert get_export("/jobs/a").json()["status"] == "COMPLETED"
    assert get_export("/jobs/a/files/agents.jsonl").content == b"{}\n"


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({}, ["18", "18.5", "18.500000001"]),
        ({"startAt": "2026-03-04T09:00:18.5Z"}, ["18.5", "18.500000001"]),
        ({"startAt": "2026-03-04T09:00:18.500000001Z"}, ["18.500000001"]),
        ({"endAt": "2026-03-04T09:00:18.50Z"}, ["18", "18.5"]),
        ({"startAt": "2026-03-04T10:00:18.1+01:00", "endAt": "2026-03-04T09:00:18.5Z"}, ["18.5"]),
        ({"status": "COMPLETED"}, ["18", "18.5"]),
        ({"status": "FAILED"}, ["18.500000001"]),
        ({"status": "PENDING"}, []),
    ],
)
def test_job_list_filters_by_instant_and_status(
    exports: StaticExports, get_export: Call, query: dict[str, str], listed: list[str]
) -> None:
    """The filters compare `updatedAt` as an instant with nine digits. Both bounds are inclusive."""
    exports.add_job("18", "2026-03-04T09:00:18Z")
    exports.add_job("18.5", "2026-03-04T09:00:18.5Z")
    exports.add_job("18.500000001", "2026-03-04T09:00:18.500000001Z", status="FAILED")

    assert ids(get_export("/jobs", params=query)) == listed


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ("startAt=2026-02-18T11:59:59.999999999Z", "startAt"),
        ("startAt=2026-03-04T10:00:00Z&endAt=2026-03-04T09:59:59Z", "endAt"),
        ("endAt=2026-02-18T11:59:59Z", "endAt"),
        ("endAt=2026-03-04T12:00:00.000000001Z", "endAt"),
        ("status=DONE", "status"),
        ("status=", "status"),
        ("startAt=yesterday", "startAt"),
        ("startAt=2026-03-04", "startAt"),
        ("startAt=2026-03-04T10:00:00", "startAt"),
        ("startAt=2026-02-30T10:00:00Z", "startAt"),
        ("startAt=2026-03-04T10:00:00+01:00", "startAt"),
        ("endAt=", "endAt"),
    ],
)
def test_job_list_rejects_invalid_filters(get_export: Call, query: str, attr: str) -> None:
    """A filter out of bounds, or an offset with an unencoded plus sign, returns 400 in the envelope."""
    response = get_export(f"/jobs?{query}")

    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == attr
    assert response.json()["errors"][0]["code"] == "invalid"


@pytest.mark.parametrize("start_at", ["2026-02-18T12:00:00Z", "2026-03-04T12:00:00Z"])
def test_job_list_accepts_the_limits_of_its_window(get_export: Call, start_at: str) -> None:
    """Exactly 14 days ago and exactly now are allowed."""
    params = {"startAt": start_at, "endAt": "2026-03-04T12:00:00Z"}

    assert get_export("/jobs", params=params).status_code == 200


@pytest.mark.parametrize("updated_at", [None, "soon", 7, ABSENT])
def test_job_list_keeps_invalid_times(exports: StaticExports, get_export: Call, updated_at: object) -> None:
    """A job with an invalid `updatedAt` passes the filters."""
    exports.add_job("odd", "2026-03-04T11:00:00Z", updatedAt=updated_at)

    assert ids(get_export("/jobs?startAt=2026-03-04T11:30:00Z")) == ["odd"]


def test_job_list_can_be_any_body(exports: StaticExports, get_export: Call) -> None:
    """The job list can be replaced with any body, and restored."""
    exports.list_as(b'{"jobs": [')
    assert get_export("/jobs").content == b'{"jobs": ['

    exports.list_as(None)
    assert get_export("/jobs").json() == []


def test_retention_removes_old_jobs_if_enforced(now: Any) -> None:
    """If retention is enforced, jobs older than 14 days and their files are not found."""
    for enforced, count in ((True, 1), (False, 2)):
        exports = StaticExports(enforce_retention=enforced)
        exports.add_job("old", "2026-02-18T11:59:59Z", {"agents.jsonl": b""})
        exports.add_job("new", "2026-02-18T12:00:00Z", {"agents.jsonl": b""})

        assert len(exports.jobs(now)) == count
        assert (exports.open_file("old", "agents.jsonl", now=now) is None) == enforced


def test_file_is_json_lines_with_a_length(exports: StaticExports, get_export: Call) -> None:
    """A static file has a Content-Length and the content type `application/x-ndjson`."""
    exports.add_job("j", "2026-03-04T11:00:00Z", {"agents.jsonl": b'{"id":"a"}\n'})
    response = get_export("/jobs/j/files/agents.jsonl")

    assert response.content == b'{"id":"a"}\n'
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert response.headers["Content-Length"] == "11"


def test_path_parts_are_decoded_after_splitting(exports: StaticExports, get_export: Call) -> None:
    """An encoded slash is part of a name, not a separator."""
    exports.add_job("-a/b", "2026-03-04T11:00:00Z", {"c d/é.jsonl": b"{}"})

    assert get_export("/jobs/-a%2Fb/files/c%20d%2F%C3%A9.jsonl").content == b"{}"
    assert get_export("/jobs/-a/b/files/c%20d%2F%C3%A9.jsonl").status_code == 404


@pytest.mark.parametrize(
    "path", ["/jobs/none", "/jobs/none/files/agents.jsonl", "/jobs/j/files/none.jsonl", "/x", ""]
)
def test_unknown_paths_are_not_found(exports: StaticExports, get_export: Call, path: str) -> None:
    """An unknown path returns 404, with a single object as `errors`."""
    exports.add_job("j", "2026-03-04T11:00:00Z")
    response = get_export(path)

    assert response.status_code == 404
    assert response.json()["errors"]["code"] == "not_exist"


def test_removed_file_is_listed_but_not_found(exports: StaticExports, get_export: Call) -> None:
    """A file can disappear between the job list and its download."""
    exports.add_job("j", "2026-03-04T11:00:00Z", {"agents.jsonl": b"{}"})
    exports.remove_file("j", "agents.jsonl")

    assert get_export("/jobs/j").json()["files"] == ["agents.jsonl"]
    assert get_export("/jobs/j/files/agents.jsonl").status_code == 404


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED"])
def test_finished_job_can_be_deleted(
    exports: StaticExports, get_export: Call, send_request: Call, status: str
) -> None:
    """Deleting a finished job returns 204. Deleting it again returns 404."""
    exports.add_job("j", "2026-03-04T11:00:00Z", status=status)
    response = send_request("DELETE", "/api/v1/export/jobs/j")

    assert (response.status_code, response.content) == (204, b"")
    assert get_export("/jobs").json() == []
    assert send_request("DELETE", "/api/v1/export/jobs/j").status_code == 404


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS"])
def test_unfinished_job_cannot_be_deleted(exports: StaticExports, send_request: Call, status: str) -> None:
    """Deleting an unfinished job returns 400 with a bare array of errors."""
    exports.add_job("j", "2026-03-04T11:00:00Z", status=status)
    response = send_request("DELETE", "/api/v1/export/jobs/j")

    assert response.status_code == 400
    assert response.json()[0]["code"] == "temporary_failure"


def test_schedules_contain_one_hourly_schedule(get_export: Call) -> None:
    """By default the schedules are one hourly schedule."""
    (schedule,) = get_export("/schedules").json()

    assert set(schedule) == {"id", "frequency", "type", "nextStartAt", "updatedAt"}
    assert schedule["frequency"] == "HOURLY"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/jobs", "GET"),
        ("HEAD", "/jobs", "GET"),
        ("DELETE", "/schedules", "GET"),
        ("PUT", "/jobs/j", "GET, DELETE"),
        ("PATCH", "/jobs/j/files/x", "GET"),
    ],
)
def test_unsupported_methods_are_rejected(send_request: Call, method: str, path: str, allowed: str) -> None:
    """An unsupported method returns 405, and the connection stays open."""
    response = send_request(method, f"/api/v1/export{path}", data=b"{}")

    assert response.status_code == 405
    assert response.headers["Allow"] == allowed
    assert send_request("GET", "/api/v1/export/jobs").status_code == 200


def test_requests_are_recorded(emulator: Emulator, get_export: Call) -> None:
    """The emulator records requests in order, with headers, and can clear them."""
    get_export("/jobs", params={"status": "FAILED"}, headers={"User-Agent": "probe/1"})
    get_export("/jobs/none")
    first, second = emulator.requests

    assert (first.method, first.path, first.query, first.status) == (
        "GET",
        "/api/v1/export/jobs",
        {"status": "FAILED"},
        200,
    )
    assert first.headers["user-agent"] == "probe/1"
    assert second.status == 404
    assert first.time <= second.time

    emulator.clear()
    assert emulator.requests == []


def test_clock_can_be_advanced(emulator: Emulator, get_export: Call) -> None:
    """Advancing the clock moves the bounds of the job list."""
    params = {"endAt": "2026-03-04T13:00:00Z"}
    assert get_export("/jobs", params=params).status_code == 400

    emulator.advance(timedelta(hours=1))
    assert get_export("/jobs", params=params).status_code == 200
