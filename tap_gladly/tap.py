"""The tap: its settings and its streams."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.plugin_base import JSONSchemaValidator

from tap_gladly.address import resolve_api_url, resolve_organization
from tap_gladly.bookmarks import parse_instant, parse_last_instant
from tap_gladly.client import GladlySession
from tap_gladly.streams import STREAMS
from tap_gladly.writing import MessageWriter

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import ClassVar

    import click
    from jsonschema import ValidationError

    from tap_gladly.client import GladlyStream


class TapGladly(Tap):
    """Gladly: customers, conversation items, agents and topics from export jobs."""

    name = "tap-gladly"
    message_writer_class = MessageWriter

    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "organization",
            th.StringType(nullable=False),
            required=True,
            title="Organization",
            description="The organization's name in Gladly's address: myorg of myorg.gladly.com; with "
            "a region myorg.us-1. A whole host or a pasted address on gladly.com or gladly.qa works too.",
        ),
        th.Property(
            "agent_email",
            th.StringType(nullable=False),
            required=True,
            title="Agent e-mail",
            description="E-mail address of the agent whose API token is used. The agent needs the permission "
            "API User.",
        ),
        th.Property(
            "api_token",
            th.StringType(nullable=False),
            required=True,
            secret=True,
            title="API token",
            description="Token of that agent, made in Gladly under Settings > API Tokens.",
        ),
        th.Property(
            "start_date",
            th.DateTimeType,
            title="Start date",
            description="Read only jobs whose files became available at this time or later. Gladly keeps "
            "jobs for 14 days, so an earlier date changes nothing.",
        ),
        th.Property(
            "end_date",
            th.DateTimeType,
            title="End date",
            description="Read only jobs whose files became available at this time or earlier. A date stands "
            "for the whole day.",
        ),
        th.Property(
            "max_parallel_downloads",
            th.IntegerType(nullable=False, minimum=1, maximum=50),
            default=6,
            title="Most parallel downloads",
            description="How many files are downloaded at a time, ahead of being sent. Requests stay within "
            "Gladly's 10 a second all the same.",
        ),
        th.Property(
            "api_url",
            th.StringType,
            title="API address",
            description="Scheme, host and port to use in place of the organization's own: a proxy (HTTPS), "
            "or a local server (HTTP to a loopback address). /api/v1 is added.",
        ),
    ).to_dict()

    @override
    def discover_streams(self) -> list[GladlyStream]:
        session = GladlySession(pool_size=self.config.get("max_parallel_downloads", 1) + 1)
        return [stream(self, session) for stream in STREAMS]

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        # The SDK's own messages quote the value that is wrong, which may be the token.
        self.append_builtin_config(self.config_jsonschema)
        validator = JSONSchemaValidator(self.config_jsonschema)
        errors = [_describe(error) for error in validator.iter_errors(self._config)]
        errors = errors or list(_iter_unusable(self._config)) or list(_iter_contradictions(self._config))
        if errors and raise_errors:
            raise ConfigValidationError(
                "Settings are not usable", errors=errors, schema=self.config_jsonschema
            )
        return errors

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        bookmarks = state.get("bookmarks", {})
        if not isinstance(bookmarks, dict) or not all(isinstance(mark, dict) for mark in bookmarks.values()):
            raise ConfigValidationError(
                "State is not usable",
                errors=["The state is not usable: its bookmarks do not map streams to objects"],
                schema={},
            )
        super().load_state(state)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        # The SDK would print STATE here, perhaps in the middle of a row, and end as if all were well. The
        # last STATE printed is true as it stands, and a run that was told to stop has not finished.
        self.logger.warning("Stopped by %s; the next run goes on from here", signal.Signals(signum).name)
        sys.exit(128 + signum)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        # Options are read before the SDK's own handling of unusable settings begins.
        try:
            super().cb_test(ctx, param, value)
        except ConfigValidationError as error:
            for line in error.errors:
                cls.logger.error(line)  # noqa: TRY400
            ctx.exit(1)


def _describe(error: ValidationError) -> str:
    setting = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "required":
        return error.message  # names the setting, and there is no value to quote
    return f"{setting} does not fit its {error.validator}: {error.validator_value}"


def _iter_unusable(config: Mapping[str, Any]) -> Iterator[str]:
    for setting, check in _CHECKS.items():
        # An empty variable in the environment stands for a setting that is not set.
        value = config.get(setting) or ("" if setting in _REQUIRED else None)
        problem = None if value is None else _find_problem(check, value)
        if problem:
            yield f"{setting} {problem}"


def _iter_contradictions(config: Mapping[str, Any]) -> Iterator[str]:
    start, end = config.get("start_date"), config.get("end_date")
    if start and end and parse_last_instant(end) < parse_instant(start):
        yield "end_date lies before start_date"


def _find_problem(check: Callable[[str], object], value: str) -> str | None:
    try:
        check(value)
    except ValueError as error:
        return str(error)
    return None


def _check_present(text: str) -> None:
    if not text.strip():
        raise ValueError("is empty")


_REQUIRED = ("organization", "agent_email", "api_token")
_CHECKS: dict[str, Callable[[str], object]] = {
    "organization": resolve_organization,
    "agent_email": _check_present,
    "api_token": _check_present,
    "api_url": resolve_api_url,
    "start_date": parse_instant,
    "end_date": parse_last_instant,
}
