"""The API's reference lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from gladly_emulator.dataset.interface import LIST_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

    Call = Callable[..., requests.Response]


def test_lists_have_no_envelope(exports: StaticExports, send_request: Call) -> None:
    """A list is a JSON array without an envelope. The organization is a single object."""
    teams = [
        {"id": "t/1", "name": "Garten", "agentIds": []},
        {"id": "t2", "name": "Nacht", "agentIds": ["a"]},
    ]
    exports.lists["teams"] = teams
    response = send_request("GET", "/api/v1/teams")

    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == teams
    assert send_request("GET", "/api/v1/teams/t%2F1").json() == teams[0]
    assert send_request("GET", "/api/v1/inboxes").json() == []
    assert send_request("GET", "/api/v1/organization").json() == exports.lists["organization"]


def test_list_can_be_any_bytes(exports: StaticExports, send_request: Call) -> None:
    """A list set as bytes is sent unchanged."""
    exports.lists["audiences"] = b'{"not": "a list"'

    assert send_request("GET", "/api/v1/audiences").content == b'{"not": "a list"'


@pytest.mark.parametrize(
    "path", ["/teams/unknown", "/audiences/any", "/organization/any", "/webhooks", "/teams/a/b"]
)
def test_unknown_list_paths_are_not_found(send_request: Call, path: str) -> None:
    """Unknown entries and paths return 404."""
    assert send_request("GET", f"/api/v1{path}").status_code == 404


@pytest.mark.parametrize("name", LIST_NAMES)
def test_lists_are_read_only(send_request: Call, name: str) -> None:
    """Lists support only GET."""
    response = send_request("POST", f"/api/v1/{name}")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize("name", [*LIST_NAMES, "events", "reports"])
def test_lists_and_events_need_credentials(emulator: Emulator, name: str) -> None:
    """Every API path rejects requests without credentials."""
    assert requests.get(f"{emulator.url}/api/v1/{name}", timeout=20).status_code == 401


def test_schedules_can_be_set(exports: StaticExports, get_export: Call) -> None:
    """The schedules that a test sets replace the hourly one."""
    exports.fixed_schedules = [{"id": "s1", "frequency": "DAILY"}]

    assert get_export("/schedules").json() == [{"id": "s1", "frequency": "DAILY"}]


def test_control_returns_api_responses(emulator: Emulator, exports: StaticExports) -> None:
    """Below `/_emulator/api/`, the API needs no credentials, and requests aren't recorded."""
    exports.lists["teams"] = [{"id": "t1"}]
    exports.reports.put("TaskExportReport", b"a\r\n")
    document = {"metricSet": "TaskExportReport", "startAt": "2026-03-01", "endAt": "2026-03-01"}
    base = f"{emulator.url}/_emulator/api/v1"

    assert requests.get(f"{base}/teams", timeout=20).json() == [{"id": "t1"}]
    assert requests.post(f"{base}/reports", json=document, timeout=20).content == b"a\r\n"
    assert emulator.requests == []
