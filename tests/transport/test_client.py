"""What is refused, what is asked for and how, and who gets to see the token."""

from __future__ import annotations

import base64
import logging
from typing import TYPE_CHECKING

import pytest
from support import export_requests, fail

from gladly_emulator import UNPRIVILEGED_AGENT_EMAIL, UNPRIVILEGED_API_TOKEN, Emulator, Fault, StaticExports
from tap_gladly import __version__
from tap_gladly.transport import session

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync


def test_refused_credentials_are_one_line(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """401 ends the run at once, with where and what to check."""
    errors = fail(sync, log, api_token="wrong")

    host = emulator.url.removeprefix("http://")
    remedy = "Check agent_email and api_token; a token is made under Settings > API Tokens."
    assert errors == [f"Gladly refused the credentials (401) at {host}. {remedy}"]
    assert len(emulator.requests) == 1


def test_missing_permission_is_one_line(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """403 names the permission that the agent lacks."""
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
def test_refusals_name_status_and_code_alone(
    emulator: Emulator,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    fault: Fault,
    words: str,
) -> None:
    """Another try would change nothing, so there is none; of the body only Gladly's code is told."""
    emulator.faults.add(fault)

    errors = fail(sync, log)

    assert len(errors) == 1
    assert words in errors[0]
    assert "Anna" not in log.text
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("status", [201, 202, 203])
def test_an_answer_of_success_that_is_none_is_told(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture, status: int
) -> None:
    """Only 200 brings what was asked for, and nobody speaks of a redirect."""
    emulator.faults.add(Fault("status", status=status, body=b"[]"))

    errors = fail(sync, log)

    host = emulator.url.removeprefix("http://")
    told = f"{host} answered /api/v1/export/jobs with {status}, where only 200 brings what was asked for."
    assert errors == [f"{told} Check api_url."]


def test_redirects_are_not_followed(
    emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Wherever a redirect leads, no request goes there, and so no token."""
    with Emulator(StaticExports()) as elsewhere:
        location = f"{elsewhere.url}/api/v1/export/jobs"
        emulator.faults.add(Fault("status", status=302, headers={"Location": location}))

        errors = fail(sync, log)

        assert not elsewhere.requests
    assert len(errors) == 1
    assert "302, which is not followed" in errors[0]
    assert "Check api_url." in errors[0]


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_no_proxy_gets_to_see_requests_to_this_machine(
    emulator: Emulator, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Plain HTTP goes to the loopback address itself, whatever the environment says of proxies."""
    with Emulator(StaticExports()) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)

        sync()

        assert not proxy.requests
    assert len(export_requests(emulator)) == 1


def test_ids_are_quoted_whole(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """Whatever an id holds, the request goes to that job's file and nowhere else."""
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


def test_requests_carry_the_taps_name(emulator: Emulator, sync: Callable[..., Sync]) -> None:
    """Gladly can tell who calls."""
    sync()

    assert emulator.requests[0].headers["User-Agent"] == f"tap-gladly/{__version__}"


def test_pasted_blanks_around_credentials_do_no_harm(emulator: Emulator, sync: Callable[..., Sync]) -> None:
    """A token that was pasted with a line end still works."""
    token, agent = emulator.settings["api_token"], emulator.settings["agent_email"]

    sync(api_token=f" {token}\n", agent_email=f"{agent} ")

    assert emulator.requests[0].status == 200


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
def test_secrets_and_content_never_reach_the_log(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    """Not the token, not the header, not a body, not a row: whatever happens, and at any level."""
    caplog.set_level(logging.DEBUG)
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": b'{"id":"c1","name":"Anna"}\n{Anna\n'})
    if status != 200:
        emulator.faults.add(Fault("status", status=status, body=b"Anna", times=None, path="files"))

    if status in {200, 404}:
        sync()
    else:
        with pytest.raises(SystemExit):
            sync()

    token = emulator.settings["api_token"]
    header = base64.b64encode(f"{emulator.settings['agent_email']}:{token}".encode()).decode()
    assert token not in caplog.text
    assert header not in caplog.text
    assert "Anna" not in caplog.text


def test_gladlys_limit_is_never_met(
    exports: StaticExports, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At Gladly's own limit of 10 a second, a run of many requests gets no 429."""
    monkeypatch.setattr(session, "REQUESTS_PER_SECOND", 10)
    for number in range(25):
        exports.add_job(f"j{number}", f"2026-11-20T07:00:{number:02}Z", {"topics.jsonl": b""})
    with Emulator(exports, requests_per_second=10) as limited:
        sync(**limited.settings)

        assert {request.status for request in limited.requests} == {200}
        assert len(export_requests(limited)) == 26
