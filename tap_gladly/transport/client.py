"""The client of Gladly's REST API: authenticated requests, retries, and what each status means."""

from __future__ import annotations

import json
import re
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

import backoff
import requests
from requests.auth import HTTPBasicAuth
from singer_sdk.exceptions import RetriableAPIError

from tap_gladly import __version__
from tap_gladly.config.base_url import resolve_base_url
from tap_gladly.exceptions import GladlyUnreachableError, describe_failure, error_for_status, is_permanent
from tap_gladly.transport.backoff import TRANSIENT_ERRORS, iter_backoff_seconds
from tap_gladly.transport.rate_limit import MAX_PAUSE_SECONDS, read_retry_after

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backoff.types import Details

    from tap_gladly.transport.session import GladlySession

_T = TypeVar("_T")

API_PATH = "/api/v1"
OUTAGE_SECONDS = 300
"""How long a request is retried before it fails."""
TIMEOUT_SECONDS = (15, 120)
"""Timeout of the connection, and of each read."""

_TRANSIENT_STATUSES = {
    HTTPStatus.NO_CONTENT,
    HTTPStatus.PARTIAL_CONTENT,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
}
_ERROR_CODE = re.compile("[a-z_]{1,40}")
_ERROR_BODY_BYTES = 16 * 1024


class RequestPolicy(NamedTuple):
    """How long one request may take, and which statuses count as success."""

    outage_seconds: float
    """How long the request is retried."""
    timeout_seconds: tuple[float, float] = TIMEOUT_SECONDS
    accepted_statuses: Collection[int] = (HTTPStatus.OK,)


class GladlyClient:
    """Sends requests to one organization, retries them, and maps statuses to errors.

    All streams of a run share one client. It knows no stream.
    """

    def __init__(
        self, config: Mapping[str, Any], session: GladlySession, *, on_retry: Callable[[float], None]
    ) -> None:
        """Create a client; it reads the settings when the first request needs them.

        Args:
            config: The tap's settings.
            session: The connections and rate limits of the run.
            on_retry: Called before each retry with the seconds until then, from any thread.
        """
        self._config = config
        self._session = session
        self._on_retry = on_retry

    @cached_property
    def _base_url(self) -> str:
        return resolve_base_url(self._config) + API_PATH

    @cached_property
    def _auth(self) -> HTTPBasicAuth:
        email, token = (self._config[setting].strip().encode() for setting in ("agent_email", "api_token"))
        return HTTPBasicAuth(email, token)

    @property
    def _address_setting(self) -> str:
        """The setting that names the host."""
        return "api_url" if self._config.get("api_url") else "organization"

    def fetch(
        self,
        path: Iterable[str],
        read: Callable[[requests.Response], _T],
        *,
        params: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | None = None,
        policy: RequestPolicy,
        logger: logging.Logger,
    ) -> _T:
        """Send a request and read its response; a retry repeats both.

        Args:
            path: Segments of the path below `/api/v1`; each is quoted as a whole.
            read: Reads the response to the end of its body. It raises `RetriableAPIError` if the body is not
                what was requested.
            params: The query, unquoted.
            body: JSON to POST; without it the request is a GET.
            policy: Timeouts, how long to retry, and which statuses count as success.
            logger: Logs each retry.

        Raises:
            RequestRejectedError: Gladly answered with a status that a retry would not change.
            GladlyUnreachableError: No usable response arrived in `policy.outage_seconds`.
        """
        url = "/".join([self._base_url, *(quote(part, safe="") for part in path)])
        request = requests.Request(
            method="GET" if body is None else "POST",
            url=url,
            params=list(params),
            headers={"User-Agent": f"tap-gladly/{__version__}"},
            json=body,
            auth=self._auth,
        )

        def attempt() -> _T:
            with self._send(request, policy) as response:
                if response.status_code not in policy.accepted_statuses:
                    raise self._error_for(response)
                return read(response)

        try:
            return self._retry(attempt, policy, logger=logger)
        except (RetriableAPIError, requests.RequestException) as error:
            raise GladlyUnreachableError(
                f"Gladly sent no usable response at {urlsplit(url).netloc}: {describe_failure(error)}. "
                f"Check {self._address_setting} and the network, then run again; "
                "the next run resumes where this one stopped."
            ) from error

    def _send(self, request: requests.Request, policy: RequestPolicy) -> requests.Response:
        prepared = self._session.prepare_request(request)
        environment = self._session.merge_environment_settings(
            prepared.url, proxies={}, stream=True, verify=None, cert=None
        )
        if str(prepared.url).startswith("http:"):
            # Plain HTTP goes to a loopback address only. A proxy would see the token.
            environment["proxies"] = {}
        # Gladly documents no redirect for these endpoints, and a redirect must not carry the token elsewhere.
        return self._session.send(
            prepared, timeout=policy.timeout_seconds, allow_redirects=False, **environment
        )

    def _error_for(self, response: requests.Response) -> Exception:
        status, path = response.status_code, urlsplit(response.url).path
        if status in _TRANSIENT_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            seconds = read_retry_after(response)
            if seconds is not None and seconds > MAX_PAUSE_SECONDS:
                return GladlyUnreachableError(
                    f"Gladly answered {status} with Retry-After: {seconds:.0f} s; a run waits at most "
                    f"{MAX_PAUSE_SECONDS} s. Run again later; the next run resumes where this one stopped."
                )
            return RetriableAPIError(f"Gladly answered {status} for {path}", response)
        return error_for_status(
            status,
            host=urlsplit(response.url).netloc,
            path=path,
            code=_read_error_code(response),
            address_setting=self._address_setting,
        )

    def _retry(self, attempt: Callable[[], _T], policy: RequestPolicy, *, logger: logging.Logger) -> _T:
        def on_backoff(details: Details) -> None:
            self._on_retry(details["wait"])
            logger.warning(
                "%s; retrying in %.1f s, for up to %.0f s",
                describe_failure(details["exception"]),
                details["wait"],
                policy.outage_seconds - details["elapsed"],
            )

        return backoff.on_exception(
            iter_backoff_seconds,
            TRANSIENT_ERRORS,
            max_time=policy.outage_seconds,
            giveup=is_permanent,
            jitter=None,
            on_backoff=on_backoff,
            logger=None,
        )(attempt)()


def _read_error_code(response: requests.Response) -> str:
    # An error body is {"errors": [...]}, {"errors": {...}} or a bare list; or a proxy's page.
    try:
        body = json.loads(next(response.iter_content(_ERROR_BODY_BYTES), b""))
        errors = body["errors"] if isinstance(body, dict) else body
        code = str((errors[0] if isinstance(errors, list) else errors)["code"])
    except (ValueError, LookupError, TypeError, requests.RequestException):
        return ""
    return code if _ERROR_CODE.fullmatch(code) else ""
