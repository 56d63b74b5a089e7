"""Every error that the tap raises, and the description of a failed request.

The class determines what happens next. The tap retries the SDK's `RetriableAPIError`. Any error below ends the run, or
only its stream, unless the caller handles it. No message holds a header, a setting's value, or more of a
response body than Gladly's error code.
"""

from __future__ import annotations

import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING

import requests
from singer_sdk.exceptions import ConfigValidationError, FatalSyncError, RetriableAPIError

if TYPE_CHECKING:
    from collections.abc import Iterator


class GladlyError(FatalSyncError):
    """Ends the run, or only its stream. The message is the one line that the user reads."""

    is_logged = False
    """Whether the message has been logged, so that nothing logs it again on the way up."""
    is_claimed = False
    """Whether a stream keeps the error as its own, so that the run summary names no other stream for it."""


class RequestRejectedError(GladlyError):
    """Gladly returned a status that a retry would not change."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class CredentialsRejectedError(RequestRejectedError):
    """Gladly doesn't accept the email address and token (401)."""


class AccessDeniedError(RequestRejectedError):
    """The agent has no permission for the endpoint (403)."""


class NotFoundError(RequestRejectedError):
    """The path doesn't exist (404, 410). An export file has expired or was deleted."""


class UnknownMetricSetError(RequestRejectedError):
    """Gladly rejects a metric set that it doesn't document."""


class GladlyUnreachableError(GladlyError):
    """Gladly sent no usable response, despite all retries."""


class StreamsFailedError(GladlyError):
    """Some streams failed while the others synced."""


class StreamUnavailableError(GladlyError):
    """The organization or the agent doesn't have what a stream reads; the run continues without it."""


class ResponseTooLargeError(GladlyError):
    """A response is too large to be held in memory."""


class NetworkConfigError(GladlyError):
    """The environment's proxy or certificates can't be used."""


class TemporaryFileError(GladlyError):
    """The temporary folder can't hold a file that is too large for memory."""


class DiskFullError(TemporaryFileError):
    """The temporary folder has no space left."""


class BatchStorageError(GladlyError):
    """A batch file can't be written to the storage in `batch_config`."""


class StreamMapError(GladlyError):
    """An expression in `stream_maps` fails for a record."""


class InvalidBookmarkError(GladlyError):
    """The state holds a bookmark that the tap can't read."""


class MissingColumnsError(GladlyError):
    """A report lacks columns of its key."""


def config_error(what: str, *reasons: str) -> ConfigValidationError:
    """Return an error that lists all problems of the settings, a file or the state in one line."""
    return ConfigValidationError(f"{what}: {'; '.join(reasons)}", errors=list(reasons))


def error_for_status(
    status: int, *, host: str, path: str, code: str, address_setting: str
) -> RequestRejectedError:
    """Return the error for a status that is not retried.

    Args:
        status: HTTP status other than 200, 429 and 5xx.
        host: Host that responded.
        path: Path that was requested.
        code: Gladly's error code, or an empty string.
        address_setting: The setting that names the host.
    """
    answer = f"{status} {code}".rstrip()
    if status == HTTPStatus.UNAUTHORIZED:
        return CredentialsRejectedError(
            f"Gladly rejected the credentials (401) at {host}. "
            "Check agent_email and api_token; create tokens under Settings > API Tokens.",
            status=status,
        )
    if status == HTTPStatus.FORBIDDEN:
        return AccessDeniedError(
            f"Gladly denied access (403) at {host}. The agent in agent_email needs the API User permission; "
            "ask a Gladly administrator to grant it.",
            status=status,
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return NotFoundError(
            f"{host}{path} was not found ({answer}). Check {address_setting}.", status=status
        )
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return RequestRejectedError(
            f"{host} returned {answer} instead of 200 for {path}. Check {address_setting}.", status=status
        )
    if status < HTTPStatus.BAD_REQUEST:
        return RequestRejectedError(
            f"{host} redirected {path} ({answer}). The tap doesn't follow redirects, because the token must "
            f"reach one host only. Check {address_setting}.",
            status=status,
        )
    return RequestRejectedError(f"Gladly rejected {path} at {host} ({answer}).", status=status)


def is_permanent(error: BaseException) -> bool:
    """Return whether a retry can't help: an unknown host name, an untrusted certificate, an unusable URL."""
    return any(
        isinstance(cause, _PERMANENT_ERRORS) or _is_unknown_name(cause) for cause in _iter_causes(error)
    )


def describe_failure(error: BaseException) -> str:
    """Return why a request failed, in a few words that quote nothing of it."""
    if isinstance(error, RetriableAPIError):
        return str(error)
    causes = list(_iter_causes(error))
    if any(map(_is_unknown_name, causes)):
        return "the host name does not resolve"
    for cause in causes:
        if words := _CERTIFICATE_FAILURES.get(getattr(cause, "verify_code", 0)):
            return words
    for kind, words in _FAILURES.items():
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return "the request failed"


_PERMANENT_ERRORS = (
    ssl.SSLCertVerificationError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_UNKNOWN_NAME = {getattr(socket, name, None) for name in ("EAI_NONAME", "EAI_NODATA")}

# The keys are OpenSSL's codes: not yet valid, expired, and a mismatch of the host name or the address.
_OUTDATED = "the host's certificate has expired, or isn't valid yet by this machine's clock"
_OTHER_HOST = "the host's certificate is for another host"
_CERTIFICATE_FAILURES = {9: _OUTDATED, 10: _OUTDATED, 62: _OTHER_HOST, 64: _OTHER_HOST}

_FAILURES: dict[type[BaseException], str] = {
    socket.gaierror: "the host name could not be looked up",
    ssl.SSLCertVerificationError: "the host's certificate is not trusted; to trust a "
    "certificate authority of your own, set REQUESTS_CA_BUNDLE to its PEM file",
    ConnectionRefusedError: "the connection was refused",
    requests.exceptions.ContentDecodingError: "the response's compression is invalid",
    requests.Timeout: "the request timed out",
    requests.exceptions.ChunkedEncodingError: "the response was incomplete",
    requests.exceptions.InvalidHeader: "the response's headers are invalid",
    ssl.SSLError: "the TLS handshake failed",
    requests.ConnectionError: "the connection failed",
}


def _is_unknown_name(error: BaseException) -> bool:
    # Other failures of a lookup, such as EAI_AGAIN, are temporary.
    return isinstance(error, socket.gaierror) and error.errno in _UNKNOWN_NAME


def _iter_causes(error: BaseException) -> Iterator[BaseException]:
    # requests and urllib3 wrap a failure several times: in args, in reason, as cause or context.
    seen: list[object] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
