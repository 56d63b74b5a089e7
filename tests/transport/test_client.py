"""Requests of the client: errors by status, paths, and where the token goes."""

from __future__ import annotations

import base64
import gzip
import logging
from typing import TYPE_CHECKING

import pytest
import requests
from raw_server import RawServer, with_length
from support import export_requests, fail, raiser

from gladly_emulator import UNPRIVILEGED_AGENT_EMAIL, UNPRIVILEGED_API_TOKEN, Emulator, Fault, StaticExports
from tap_gladly import __version__
from tap_gladly.exceptions import GladlyError
from tap_gladly.transport import session

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync


def test_rejected_credentials_are_one_line(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """401 ends the run without a retry; the error names the host and the settings to check."""
    errors = fail(sync, log, api_token="wrong")

    host = emulator.url.removeprefix("http://")
    remedy = "Check agent_email and api_token; create tokens under Settings > API Tokens."
    assert errors == [f"Gladly rejected the credentials (401) at {host}. {remedy}"]
    assert len(emulator.requests) == 1


def test_missing_permission_is_one_line(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The error for 403 names the permission that the agent lacks."""
    errors = fail(sync, log, agent_email=UNPRIVILEGED_AGENT_EMAIL, api_token=UNPRIVILEGED_API_TOKEN)

    assert len(errors) == 1
    assert "(403)" in errors[0]
    assert "API User" in errors[0]
    assert len(emulator.requests) == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Fault("status", status=404, body=b'{"errors":{"code":"not_exist"}}'),
            "(404 not_exist). Check api_url.",
        ),
        (Fault("status", status=400, body=b'[{"code":"invalid","detail":"Anna"}]'), "(400 invalid)"),
        (Fault("status", status=400, body=b'{"errors":[{"code":"Anna Smith"}]}'), "(400)"),
        (Fault("status", status=410, body=b"<html>Anna</html>"), "(410)"),
        (Fault("status", status=418, body=b"<html>Anna</html>"), "(418)"),
    ],
    ids=["404", "400-list", "400-odd-code", "410-html", "418-html"],
)
def test_rejections_name_only_status_and_code(
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    fault: Fault,
    words: str,
) -> None:
    """A retry would change nothing, so there is none; the error quotes only Gladly's code of the body."""
    emulator.faults.add(fault)

    errors = fail(sync, log)

    assert len(errors) == 1
    assert words in errors[0]
    assert "Anna" not in log.text
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("status", [201, 202, 203])
def test_success_status_other_than_200_is_an_error(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, status: int
) -> None:
    """Only 200 carries what was requested. The error doesn't mention a redirect."""
    emulator.faults.add(Fault("status", status=status, body=b"[]"))

    errors = fail(sync, log)

    host = emulator.url.removeprefix("http://")
    assert errors == [f"{host} returned {status} instead of 200 for /api/v1/export/jobs. Check api_url."]


def test_redirects_are_not_followed(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """No request, and so no token, goes to the target of a redirect."""
    with Emulator(StaticExports()) as elsewhere:
        location = f"{elsewhere.url}/api/v1/export/jobs"
        emulator.faults.add(Fault("status", status=302, headers={"Location": location}))

        errors = fail(sync, log)

        assert not elsewhere.requests
    assert len(errors) == 1
    assert "redirected /api/v1/export/jobs (302)" in errors[0]
    assert "Check api_url." in errors[0]


@pytest.mark.parametrize("location", ["/", "\xff\xfe", "http://[", "http://a:b:c/"])
def test_redirects_are_not_prepared(
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    location: str,
) -> None:
    """The tap reads neither the body of a redirect, which may be large, nor its target, which may be invalid."""
    monkeypatch.setattr(requests.Response, "content", property(raiser(AssertionError())))
    bomb = gzip.compress(b" " * 1_000_000)
    reply = with_length(bomb, f"Location: {location}", "Content-Encoding: gzip", status="302 Found")
    with RawServer(lambda _path, _number: reply) as server:
        errors = fail(sync, log, api_url=server.url)

        assert len(server.paths) == 1
    assert len(errors) == 1
    assert "redirected /api/v1/export/jobs (302)" in errors[0]


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_plain_http_bypasses_proxies(
    emulator: Emulator, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """HTTP requests go to the loopback address directly, whatever proxy the environment sets."""
    with Emulator(StaticExports()) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)

        sync()

        assert not proxy.requests
    assert len(export_requests(emulator)) == 1


def test_job_ids_are_quoted_in_paths(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Whatever characters a job id has, the request goes to that job's file."""
    ids = ["../../teams", "a/b", "a?b=c#d", "-_%2F", "a b", "\u00e9\u4e2d", "{id}", "a\\b", "%2e%2e"]
    for number, job_id in enumerate(ids):
        exports.add_job(job_id, f"2026-11-20T07:00:0{number}Z", {"topics.jsonl": b'{"id":"t%d"}' % number})
    for odd in ("", ".", "..", "a\nb"):
        exports.add_job(odd, "2026-11-20T08:00:00Z", {"topics.jsonl": b""})

    run = sync()

    assert [row["_job_id"] for row in run.rows("topics")] == ids
    parts = [request.path.split("/") for request in export_requests(emulator)[1:]]
    assert {(*path[:5], *path[6:]) for path in parts} == {
        ("", "api", "v1", "export", "jobs", "files", "topics.jsonl")
    }
    assert "4 of 13 listed jobs have no usable id or updatedAt" in log.text


def test_requests_carry_the_user_agent(emulator: Emulator, sync: Callable[..., Sync]) -> None:
    """The User-Agent names the tap and its version."""
    sync()

    assert emulator.requests[0].headers["User-Agent"] == f"tap-gladly/{__version__}"


def test_whitespace_around_credentials_is_removed(emulator: Emulator, sync: Callable[..., Sync]) -> None:
    """A token pasted with a line end works."""
    token, agent = emulator.settings["api_token"], emulator.settings["agent_email"]

    sync(api_token=f" {token}\n", agent_email=f"{agent} ")

    assert emulator.requests[0].status == 200


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
def test_log_never_has_secrets_or_content(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    """No log level has the token, the header, a response body or a row."""
    caplog.set_level(logging.DEBUG)
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": b'{"id":"c1","name":"Anna"}\n{Anna\n'})
    if status != 200:
        emulator.faults.add(Fault("status", status=status, body=b"Anna", times=None, path="files"))

    if status in {200, 404}:
        sync()
    else:
        with pytest.raises(GladlyError):
            sync()

    token = emulator.settings["api_token"]
    header = base64.b64encode(f"{emulator.settings['agent_email']}:{token}".encode()).decode()
    assert token not in caplog.text
    assert header not in caplog.text
    assert "Anna" not in caplog.text


def test_run_stays_within_gladlys_rate_limit(
    exports: StaticExports, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that allows 10 requests per second never answers 429."""
    monkeypatch.setattr(session, "REQUESTS_PER_SECOND", 10)
    for number in range(25):
        exports.add_job(f"j{number}", f"2026-11-20T07:00:{number:02}Z", {"topics.jsonl": b""})
    with Emulator(exports, requests_per_second=10) as limited:
        sync(**limited.settings)

        assert {request.status for request in limited.requests} == {200}
        assert len(export_requests(limited)) == 26
