"""Every error that the tap raises itself, and the words for what went wrong.

What happens next decides the class: what is worth another try is the SDK's `RetriableAPIError`, all of
these end the run, or the stream alone, unless a caller knows better. No message holds a header, a setting's
value or more of a body than Gladly's error code.
"""

from __future__ import annotations

import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING

import requests
from singer_sdk.exceptions import FatalSyncError, RetriableAPIError

if TYPE_CHECKING:
    from collections.abc import Iterator


class GladlyError(FatalSyncError):
    """Ends the run, or a stream that is not vital to it: its message is the one line that the user reads."""


class RequestRefusedError(GladlyError):
    """Gladly answered with a status that another try would not change."""


class CredentialsRefusedError(RequestRefusedError):
    """Gladly knows no such agent and token (401)."""


class AccessRefusedError(RequestRefusedError):
    """The agent may not see what is at the address (403)."""


class NotFoundError(RequestRefusedError):
    """There is nothing at the address (404, 410). For an export file: it has expired or was deleted."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class GladlyUnreachableError(GladlyError):
    """No usable answer came, however often it was tried."""


class DiskFullError(GladlyError):
    """There is no room for a file that is too large for memory."""


class BatchStorageError(GladlyError):
    """A batch file cannot be written where `batch_config` wants it."""


class UnusableBookmarkError(GladlyError):
    """A bookmark in the state does not name a place to go on from."""


class UnknownMetricSetError(RequestRefusedError):
    """Gladly knows no report of that name."""


class MissingColumnsError(GladlyError):
    """A report lacks the columns by which its rows are told apart."""


def refusal(status: int, *, host: str, path: str, code: str, address_setting: str) -> RequestRefusedError:
    """Make the error for a status that ends the run.

    Args:
        status: HTTP status other than 200, 429 and 5xx.
        host: Host that answered.
        path: Path that was asked for.
        code: Gladly's error code, or nothing.
        address_setting: The setting that names the host.
    """
    answer = f"{status} {code}".rstrip()
    if status == HTTPStatus.UNAUTHORIZED:
        return CredentialsRefusedError(
            f"Gladly refused the credentials (401) at {host}. "
            "Check agent_email and api_token; a token is made under Settings > API Tokens."
        )
    if status == HTTPStatus.FORBIDDEN:
        return AccessRefusedError(
            f"Gladly refused access (403) at {host}. "
            "The agent of agent_email lacks the permission API User; an administrator grants it."
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return NotFoundError(
            f"Gladly has nothing at {host}{path} ({answer}). Check {address_setting}.", status=status
        )
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return RequestRefusedError(
            f"{host} answered {path} with {answer}, where only 200 brings what was asked for. "
            f"Check {address_setting}."
        )
    if status < HTTPStatus.BAD_REQUEST:
        return RequestRefusedError(
            f"{host} answered {path} with {answer}, which is not followed: the token goes to one host alone. "
            f"Check {address_setting}."
        )
    return RequestRefusedError(f"Gladly refused {path} at {host} ({answer}).")


def is_hopeless(error: BaseException) -> bool:
    """Say whether a connection fails for good: an unknown name, or a bad certificate."""
    hopeless = (socket.gaierror, ssl.SSLCertVerificationError)
    return any(isinstance(cause, hopeless) for cause in _iter_causes(error))


def describe_failure(error: BaseException) -> str:
    """Put in a few words why a request failed, without quoting anything of it."""
    if isinstance(error, RetriableAPIError):
        return str(error)
    causes = list(_iter_causes(error))
    for kind, words in _FAILURES.items():
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return "the request failed"


_FAILURES: dict[type[BaseException], str] = {
    socket.gaierror: "the host's name does not resolve",
    ssl.SSLCertVerificationError: "the host's certificate is not trusted",
    ConnectionRefusedError: "the connection was refused",
    requests.Timeout: "no answer came in time",
    requests.exceptions.ChunkedEncodingError: "the answer broke off",
    requests.exceptions.ContentDecodingError: "the answer's compression is broken",
    requests.ConnectionError: "the connection failed",
}


def _iter_causes(error: BaseException) -> Iterator[BaseException]:
    # requests and urllib3 wrap a failure several deep: in args, in reason, as cause or context.
    seen: list[object] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
