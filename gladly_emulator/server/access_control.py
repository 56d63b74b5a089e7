"""Who may call: credentials, the API User permission, and the requests allowed in a second."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from typing import TYPE_CHECKING, Final

from gladly_emulator.server.http_messages import Answer, answer_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ORGANIZATION: Final = "brindlewick"
AGENT_EMAIL: Final = "exports@brindlewick.example"
API_TOKEN: Final = "local-token-that-opens-nothing"  # noqa: S105
UNPRIVILEGED_AGENT_EMAIL: Final = "reader@brindlewick.example"
UNPRIVILEGED_API_TOKEN: Final = "local-token-without-api-user"  # noqa: S105


def refuse_credentials(authorization: str | None) -> Answer | None:
    """Return the 401 or 403 that this Authorization header earns, None if it is good."""
    credentials = _read_basic(authorization or "")
    if credentials == (AGENT_EMAIL, API_TOKEN):
        return None
    if credentials == (UNPRIVILEGED_AGENT_EMAIL, UNPRIVILEGED_API_TOKEN):
        return answer_error(403, "invalid", "the user lacks the permission API User", attr="authorization")
    answer = answer_error(401, "invalid", "unknown e-mail address or token", attr="authorization")
    return answer.with_headers({"WWW-Authenticate": 'Basic realm="Gladly"'})


def _read_basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, token) if colon else None


class RateLimit:
    """At most so many requests in one second of the clock; without a limit, any number."""

    def __init__(
        self,
        limit: int | None,
        *,
        retry_after: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limit = limit
        self._retry_after = retry_after
        self._clock = clock
        self._second = 0
        self._used = 0
        self._lock = threading.Lock()

    def count(self) -> tuple[Answer | None, Mapping[str, str]]:
        """Count one request: return the 429 if it is one too many, and the headers for any answer."""
        if self._limit is None:
            return None, {}
        with self._lock:
            second = int(self._clock())
            self._used = self._used + 1 if second == self._second else 1
            self._second = second
            remaining = self._limit - self._used
        headers = {
            "Ratelimit-Limit-Second": str(self._limit),
            "Ratelimit-Remaining-Second": str(max(remaining, 0)),
        }
        return (self._refusal() if remaining < 0 else None), headers

    def _refusal(self) -> Answer:
        answer = answer_error(429, "invalid", "too many requests in this second", attr="requests")
        if self._retry_after is None:
            return answer
        return answer.with_headers({"Retry-After": str(self._retry_after)})
