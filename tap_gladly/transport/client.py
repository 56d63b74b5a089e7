"""The client of Gladly's REST API: authenticated requests, retries, and what each status means."""

from __future__ import annotations

import json
import re
import time
from functools import cached_property
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

import requests
from requests.auth import HTTPBasicAuth
from singer_sdk.exceptions import RetriableAPIError

from tap_gladly import __version__
from tap_gladly.config.base_url import resolve_base_url
from tap_gladly.exceptions import GladlyUnreachableError, describe_failure, error_for_status, is_permanent
from tap_gladly.transport.backoff import RetryLog, iter_backoff_seconds
from tap_gladly.transport.clock import GladlyClock
from tap_gladly.transport.download import UnverifiedResponses, download
from tap_gladly.transport.environment import (
    ProxyFailureError,
    check_certificates,
    describe_proxy_failure,
    find_proxy,
)
from tap_gladly.transport.rate_limit import MAX_PAUSE_SECONDS, read_retry_after

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Mapping, Sequence

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
_ERROR_CODE = re.compile("[A-Za-z_.]{1,40}")
_ERROR_BODY_BYTES = 16 * 1024


class RequestPolicy(NamedTuple):
    """How long one request may take, and which statuses count as success."""

    outage_seconds: float
    """How long the request is retried."""
    timeout_seconds: tuple[float, float] = TIMEOUT_SECONDS
    accepted_statuses: Collection[int] = (HTTPStatus.OK,)
    max_bytes: int | None = None
    """Largest body, for one that is parsed in memory."""


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
        self._retry_log = RetryLog()
        self.clock = GladlyClock()
        """Gladly's clock, as of the latest response."""

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
        path: Sequence[str],
        read: Callable[[requests.Response, IO[bytes]], _T],
        *,
        params: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | None = None,
        policy: RequestPolicy,
        logger: logging.Logger,
    ) -> _T:
        """Send a request, download its response completely, and read it; a retry repeats all three.

        Args:
            path: Segments of the path below `/api/v1`; each is quoted as a whole.
            read: Reads the response, whose body is in the file. It closes the file or returns it, and raises
                `RetriableAPIError` if the body is not what was requested.
            params: The query, unquoted.
            body: JSON to POST; without it the request is a GET.
            policy: Timeouts, how long to retry, and which statuses count as success.
            logger: Logs each retry. Its name ends in the stream's.

        Raises:
            RequestRejectedError: Gladly returned a status that a retry would not change.
            GladlyUnreachableError: No usable response arrived in `policy.outage_seconds`.
            NetworkConfigError: The environment's proxy or certificates can't be used.
        """
        request = self._make_request(path, params, body)
        url = request.url
        unverified = UnverifiedResponses(_name_request(url, logger), logger)
        try:
            return self._retry(
                lambda: self._attempt(request, read, policy=policy, unverified=unverified),
                policy,
                logger=logger,
                url=url,
            )
        except (RetriableAPIError, requests.RequestException) as error:
            raise GladlyUnreachableError(
                f"Gladly sent no usable response at {urlsplit(url).netloc}{urlsplit(url).path}: "
                f"{describe_failure(error)}. Check {self._find_suspect(error)}, then run again; "
                "the next run resumes where this one stopped."
            ) from error

    def _make_request(
        self, path: Sequence[str], params: Sequence[tuple[str, str]], body: Mapping[str, Any] | None
    ) -> requests.Request:
        return requests.Request(
            method="GET" if body is None else "POST",
            url="/".join([self._base_url, *(quote(part, safe="") for part in path)]),
            params=list(params),
            headers={"User-Agent": f"tap-gladly/{__version__}"},
            json=body,
            auth=self._auth,
        )

    def _attempt(
        self,
        request: requests.Request,
        read: Callable[[requests.Response, IO[bytes]], _T],
        *,
        policy: RequestPolicy,
        unverified: UnverifiedResponses,
    ) -> _T:
        with self._send(request, policy) as response:
            self.clock.update_from(response)
            if response.status_code not in policy.accepted_statuses:
                raise self._error_for(response, policy)
            file, is_verified = download(response, max_bytes=policy.max_bytes)
            try:
                if not is_verified:
                    unverified.check(response, file)
                result = read(response, file)
            except BaseException:
                file.close()
                raise
        if not is_verified:
            unverified.warn()
        return result

    @property
    def seconds_per_report(self) -> float:
        """The shortest time that the rate limit allows per report, on average."""
        return self._session.seconds_per_report

    def seconds_until_report(self) -> float:
        """Return how long the rate limits would delay a report requested now."""
        return self._session.find_pause(f"{self._base_url}/reports")

    def _find_suspect(self, error: Exception) -> str:
        setting = "the proxy" if isinstance(error, ProxyFailureError) else self._address_setting
        return f"{setting} and the network"

    def _send(self, request: requests.Request, policy: RequestPolicy) -> requests.Response:
        prepared = self._session.prepare_request(request)
        url = str(prepared.url)
        environment = self._session.merge_environment_settings(
            url, proxies={}, stream=True, verify=None, cert=None
        )
        if url.startswith("http:"):
            # Plain HTTP goes to a loopback address only. A proxy would see the token.
            environment["proxies"] = {}
        else:
            check_certificates(environment["verify"])
        proxy = find_proxy(url, environment["proxies"])
        try:
            # Gladly documents no redirect here, and a redirect must not carry the token elsewhere.
            return self._session.send(
                prepared, timeout=policy.timeout_seconds, allow_redirects=False, **environment
            )
        except MemoryError:
            raise
        except Exception as error:
            # requests lets some errors of the libraries below it pass, such as ValueError.
            raise (
                describe_proxy_failure(error, proxy) if proxy else requests.ConnectionError(error)
            ) from error

    def _error_for(self, response: requests.Response, policy: RequestPolicy) -> Exception:
        status, path = response.status_code, urlsplit(response.url).path
        if status in _TRANSIENT_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            seconds = read_retry_after(response)
            limit = min(MAX_PAUSE_SECONDS, policy.outage_seconds)
            if seconds is not None and seconds > limit:
                return GladlyUnreachableError(
                    f"Gladly returned {status} with Retry-After: {seconds:.0f} s for {path}; the tap waits "
                    f"at most {limit:.0f} s. Run again later; the next run resumes where this one stopped."
                )
            return RetriableAPIError(f"Gladly returned {status}", response)
        return error_for_status(
            status,
            host=urlsplit(response.url).netloc,
            path=path,
            code=_read_error_code(response),
            address_setting=self._address_setting,
        )

    def _retry(
        self, attempt: Callable[[], _T], policy: RequestPolicy, *, logger: logging.Logger, url: str
    ) -> _T:
        deadline = time.monotonic() + policy.outage_seconds
        waits = iter_backoff_seconds()
        while True:
            try:
                return attempt()
            except (RetriableAPIError, requests.RequestException) as error:
                left = deadline - time.monotonic()
                if left <= 0 or is_permanent(error):
                    raise
                # Retry-After is waited for in full, even if no time is left for a second retry.
                wait = max(min(next(waits), left), _get_retry_after(error), self._session.find_pause(url))
                self._on_retry(wait)
                self._retry_log.log(
                    logger, _name_request(url, logger), describe_failure(error), wait=wait, left=left
                )
            time.sleep(wait)


def _name_request(url: str, logger: logging.Logger) -> str:
    return f"{logger.name.rpartition('.')[2]}: {urlsplit(url).path.removeprefix(API_PATH)}"


def _get_retry_after(error: Exception) -> float:
    response = error.response if isinstance(error, RetriableAPIError) else None
    return 0.0 if response is None else read_retry_after(response) or 0.0


def _read_error_code(response: requests.Response) -> str:
    # An error body is {"errors": [...]}, {"errors": {...}} or a bare list; or a proxy's page. It may also be
    # incomplete, for which the HTTP library raises errors of many types.
    try:
        body = json.loads(next(response.iter_content(_ERROR_BODY_BYTES), b""))
        errors = body["errors"] if isinstance(body, dict) else body
        error = errors[0] if isinstance(errors, list) else errors
        names = [str(error.get("attr", "")), str(error["code"])]
    except Exception:  # noqa: BLE001
        return ""
    # The attribute is the name of a parameter. Anything else might quote its value.
    return " ".join(name for name in names if _ERROR_CODE.fullmatch(name))
