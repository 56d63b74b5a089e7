"""Talking to Gladly: address, credentials, and what an answer's status means."""

from __future__ import annotations

import json
import logging
import re
import sys
from abc import abstractmethod
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, urlsplit

import backoff
import requests
from singer_sdk import RESTStream
from singer_sdk.authenticators import BasicAuthenticator
from singer_sdk.exceptions import RetriableAPIError
from singer_sdk.helpers.conform import TypeConformanceLevel

from tap_gladly import __version__
from tap_gladly.address import resolve_base_url
from tap_gladly.bookmarks import IdleStateManager
from tap_gladly.exceptions import (
    CredentialsRefusedError,
    GladlyError,
    GladlyUnreachableError,
    describe_failure,
    is_hopeless,
    refusal,
)
from tap_gladly.pace import LONGEST_PAUSE_SECONDS, read_retry_after
from tap_gladly.retries import TRANSIENT_ERRORS, iter_waits

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from backoff.types import Details
    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from tap_gladly.session import GladlySession
    from tap_gladly.writing import MessageWriter

_T = TypeVar("_T")

API_PATH = "/api/v1"
OUTAGE_SECONDS = 300
"""How long an outage is sat out before the run ends."""
DRY_RUN_OUTAGE_SECONDS = 10
TIMEOUT_SECONDS = (15, 120)
"""For the connection, and for each wait on the answer's bytes."""

_TRANSIENT_STATUSES = {
    HTTPStatus.NO_CONTENT,
    HTTPStatus.PARTIAL_CONTENT,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
}
_ERROR_CODE = re.compile("[a-z_]{1,40}")
_ERROR_BODY_BYTES = 16 * 1024


class GladlyStream(RESTStream[Any]):
    """A stream of Gladly's API: it keeps its own bookmark, and what stops it ends the run with one line."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # a record leaves as it came
    is_vital = True
    """Whether an error ends the run at once; else the other streams go on, and the run fails at its end."""

    def __init__(self, tap: Tap, session: GladlySession) -> None:
        self._session = session
        self._has_sent_schema = False
        super().__init__(tap)

    @abstractmethod
    def iter_rows(self, context: Context | None) -> Iterator[Record]:
        """Yield the rows of one sync, complete."""

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        try:
            yield from self.iter_rows(context)
            self.writer.flush()
        except GladlyError as error:
            self.logger.error("%s", error)  # noqa: TRY400
            if self.is_vital or isinstance(error, CredentialsRefusedError):
                # Any other exception is a traceback to the SDK, and one line more for each stream above.
                raise SystemExit(1) from error
            self._session.summary.failed_streams.append(self.name)

    @property
    def is_dry_run(self) -> bool:
        """Whether `--test` asks for the first rows alone."""
        return self.ABORT_AT_RECORD_COUNT is not None

    @property
    def writer(self) -> MessageWriter:
        """The tap's writer of messages."""
        return cast("MessageWriter", self._tap.message_writer)

    @override
    def log_sync_costs(self) -> None:
        super().log_sync_costs()
        # The SDK calls this for each stream in turn once all have been synced, and nothing after that.
        if self is [*self._tap.streams.values()][-1]:
            self._session.summary.tell(self._tap.logger)
            if self._session.summary.failed_streams:
                raise SystemExit(1)

    @override
    def log(self, message: str, *args: object, level: int = logging.INFO, **kwargs: Any) -> None:
        # A dry run makes no progress, and its end is an error to the SDK, which says so.
        super().log(message, *args, level=logging.DEBUG if self.is_dry_run else level, **kwargs)

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterable[Context | None]:
        return ()  # a parent here syncs its children itself, in iter_rows

    @property
    @override
    def state_manager(self) -> IdleStateManager:
        return self._idle_state_manager

    @cached_property
    def _idle_state_manager(self) -> IdleStateManager:
        return IdleStateManager(stream_name=self.name, tap_state=self.tap_state)

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        return None

    @override
    def _write_schema_message(self) -> None:
        # The SDK sends SCHEMA with every sync, so a child's would come once a job; a private hook is the
        # only one before it.
        if not self._has_sent_schema:
            self._has_sent_schema = True
            super()._write_schema_message()

    @property
    @override
    def url_base(self) -> str:
        return resolve_base_url(self.config) + API_PATH

    @property
    def _address_setting(self) -> str:
        """The setting that says where requests go."""
        return "api_url" if self.config.get("api_url") else "organization"

    @property
    @override
    def requests_session(self) -> requests.Session:
        return self._session

    @cached_property
    @override
    def authenticator(self) -> BasicAuthenticator:
        return BasicAuthenticator(
            username=self.config["agent_email"].strip(), password=self.config["api_token"].strip()
        )

    @cached_property
    @override
    def user_agent(self) -> str:
        return f"tap-gladly/{__version__}"

    def fetch(
        self,
        path: Iterable[str],
        read: Callable[[requests.Response], _T],
        *,
        params: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | None = None,
    ) -> _T:
        """Ask for something below the API's address and read the answer; both are tried again together.

        Args:
            path: The parts of the path; each is quoted whole, whatever is in it.
            read: Reads the body to its end. A `RetriableAPIError` says that it is not what was asked for.
            params: The query, which is quoted.
            body: JSON to POST; without it the request is a GET.

        Raises:
            RequestRefusedError: Gladly answered with a status that another try would not change.
            GladlyUnreachableError: No usable answer came in `OUTAGE_SECONDS`.
        """
        url = "/".join([self.url_base, *(quote(part, safe="") for part in path)])

        def attempt() -> _T:
            with self._send(url, params, body) as response:
                self.validate_response(response)
                return read(response)

        try:
            return self.request_decorator(attempt)()
        except (RetriableAPIError, requests.RequestException) as error:
            raise GladlyUnreachableError(
                f"Gladly gave no usable answer at {urlsplit(url).netloc}: {describe_failure(error)}. "
                f"Check {self._address_setting} and the network, then run again: it goes on where it stopped."
            ) from error

    def _send(
        self, url: str, params: Sequence[tuple[str, str]], body: Mapping[str, Any] | None
    ) -> requests.Response:
        request = self.build_prepared_request(
            method="GET" if body is None else "POST",
            url=url,
            params=list(params),
            headers=self.http_headers,
            json=body,
        )
        environment = self._session.merge_environment_settings(
            url, proxies={}, stream=True, verify=None, cert=None
        )
        if url.startswith("http:"):
            environment["proxies"] = {}  # to this machine: a proxy would read the token
        # Gladly documents no redirect here, and one must not carry the token elsewhere.
        return self._session.send(
            request, timeout=self._timeout_seconds, allow_redirects=False, **environment
        )

    @property
    def _timeout_seconds(self) -> tuple[float, float]:
        return TIMEOUT_SECONDS

    @override
    def validate_response(self, response: requests.Response) -> None:
        if response.status_code == HTTPStatus.OK:
            return
        status, path = response.status_code, urlsplit(response.url).path
        if status in _TRANSIENT_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            asked = read_retry_after(response)
            if asked is not None and asked > LONGEST_PAUSE_SECONDS:
                raise GladlyUnreachableError(
                    f"Gladly answered {status} and asks to wait {asked:.0f} s (Retry-After), longer than the "
                    f"{LONGEST_PAUSE_SECONDS} s that a run waits. "
                    "Run again later: it goes on where it stopped."
                )
            raise RetriableAPIError(f"Gladly answered {status} for {path}", response)
        raise refusal(
            status,
            host=urlsplit(response.url).netloc,
            path=path,
            code=_read_error_code(response),
            address_setting=self._address_setting,
        )

    @override
    def request_decorator(self, func: Callable[..., _T]) -> Callable[..., _T]:
        return backoff.on_exception(
            iter_waits,
            TRANSIENT_ERRORS,
            max_time=self._outage_seconds,
            giveup=is_hopeless,
            jitter=None,
            on_backoff=self.backoff_handler,
            logger=None,
        )(func)

    @property
    def _outage_seconds(self) -> float:
        return DRY_RUN_OUTAGE_SECONDS if self.is_dry_run else OUTAGE_SECONDS

    @override
    def backoff_handler(self, details: Details) -> None:
        self._session.note_retry(details["wait"])
        self.logger.warning(
            "%s; trying again in %.1f s, for %.0f s at most",
            describe_failure(details["exception"]),
            details["wait"],
            self._outage_seconds - details["elapsed"],
        )


def _read_error_code(response: requests.Response) -> str:
    # An error body is {"errors": [...]}, {"errors": {...}} or a bare list; or a proxy's page.
    try:
        body = json.loads(next(response.iter_content(_ERROR_BODY_BYTES), b""))
        errors = body["errors"] if isinstance(body, dict) else body
        code = str((errors[0] if isinstance(errors, list) else errors)["code"])
    except (ValueError, LookupError, TypeError, requests.RequestException):
        return ""
    return code if _ERROR_CODE.fullmatch(code) else ""
