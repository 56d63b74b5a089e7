"""Credentials, the API User permission and the rate limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from gladly_emulator import (
    AGENT_EMAIL,
    API_TOKEN,
    UNPRIVILEGED_AGENT_EMAIL,
    UNPRIVILEGED_API_TOKEN,
    Emulator,
    StaticExports,
)
from gladly_emulator.server.rate_limits import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = (AGENT_EMAIL, API_TOKEN)
JOBS = "/api/v1/export/jobs"


@pytest.mark.parametrize("auth", [None, ("nobody@brindlewick.example", API_TOKEN), (AGENT_EMAIL, "wrong")])
def test_access_rejects_unknown_credentials(emulator: Emulator, auth: tuple[str, str] | None) -> None:
    """Unknown or missing credentials return 401 with a challenge and an error body."""
    response = requests.get(emulator.url + JOBS, auth=auth, timeout=20)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic ")
    assert response.json()["errors"][0]["code"] == "invalid"


@pytest.mark.parametrize("header", ["Bearer abc", "Basic", "Basic ???", "Basic /w==", "Basic YWJj"])
def test_access_rejects_invalid_headers(emulator: Emulator, header: str) -> None:
    """An invalid Authorization header returns 401."""
    response = requests.get(emulator.url + JOBS, headers={"Authorization": header}, timeout=20)

    assert response.status_code == 401


def test_access_rejects_users_without_permission(emulator: Emulator) -> None:
    """Valid credentials without the API User permission return 403."""
    auth = (UNPRIVILEGED_AGENT_EMAIL, UNPRIVILEGED_API_TOKEN)
    response = requests.get(emulator.url + JOBS, auth=auth, timeout=20)

    assert response.status_code == 403
    assert "API User" in response.json()["errors"][0]["detail"]


def test_settings_connect_to_the_api(emulator: Emulator) -> None:
    """The emulator's settings are all that a client needs to connect."""
    settings = emulator.settings
    auth = (settings["agent_email"], settings["api_token"])
    response = requests.get(settings["api_url"] + JOBS, auth=auth, timeout=20)

    assert response.json() == []
    assert set(settings) == {"organization", "agent_email", "api_token", "api_url"}


@pytest.fixture
def limited() -> Callable[..., RateLimit]:
    """Return a limit of two requests per second, with a clock that returns these times."""

    def make(*times: float, retry_after: int | None = None) -> RateLimit:
        ticks = iter(times)
        return RateLimit(2, retry_after=retry_after, clock=lambda: next(ticks))

    return make


def test_rate_limit_resets_every_clock_second(limited: Callable[..., RateLimit]) -> None:
    """The third request of a second is rejected. The first request of the next second is not."""
    limit = limited(7.1, 7.2, 7.99, 8.0)
    counted = [limit.count() for _ in range(4)]

    assert [refusal.status if refusal else None for refusal, _ in counted] == [None, None, 429, None]
    assert [headers["Ratelimit-Remaining-Second"] for _, headers in counted] == ["1", "0", "0", "1"]
    assert {headers["Ratelimit-Limit-Second"] for _, headers in counted} == {"2"}


@pytest.mark.parametrize(("retry_after", "sent"), [(None, None), (3, "3")])
def test_rate_limit_sends_retry_after_only_if_set(
    limited: Callable[..., RateLimit], retry_after: int | None, sent: str | None
) -> None:
    """A 429 has a Retry-After header only if the emulator is configured to send one."""
    limit = limited(7, 7, 7, retry_after=retry_after)
    refusal, _ = [limit.count() for _ in range(3)][-1]

    assert refusal is not None
    assert refusal.headers.get("Retry-After") == sent


def test_server_rejects_requests_over_the_limit() -> None:
    """A burst over the limit returns 429, and every response has the rate limit headers."""
    with Emulator(StaticExports(), requests_per_second=2) as emulator, requests.Session() as session:
        responses = [session.get(emulator.url + JOBS, auth=GOOD, timeout=20) for _ in range(12)]

    assert {response.status_code for response in responses} == {200, 429}
    assert {response.headers["Ratelimit-Limit-Second"] for response in responses} == {"2"}
    assert {response.headers["Ratelimit-Remaining-Second"] for response in responses} == {"0", "1"}


def test_server_without_limit_sends_no_limit_headers(emulator: Emulator) -> None:
    """Without a rate limit, responses have no rate limit headers."""
    response = requests.get(emulator.url + JOBS, auth=GOOD, timeout=20)

    assert not [name for name in response.headers if name.lower().startswith("ratelimit")]
