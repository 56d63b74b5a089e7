"""The tap: its settings and its streams."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import EMIT_ACTIVATE_VERSION_CONFIG, TapCapabilities
from singer_sdk.plugin_base import JSONSchemaValidator
from typing_extensions import override

from tap_gladly import DISTRIBUTION
from tap_gladly.config.catalog import normalize_catalog, pop_aliases
from tap_gladly.config.custom_reports import CUSTOM_REPORTS, iter_report_errors
from tap_gladly.config.validation import (
    NO_SETTINGS_HINT,
    describe_validation_error,
    iter_config_errors,
    iter_conflicts,
    read_environment,
)
from tap_gladly.exceptions import config_error
from tap_gladly.output.batch_files import BATCH_CONFIG, iter_batch_errors
from tap_gladly.output.message_writer import MessageWriter
from tap_gladly.output.stream_maps import GladlyMapper, iter_map_errors
from tap_gladly.output.termination import GRACE_SECONDS, exit_within, log_briefly
from tap_gladly.streams import STREAMS
from tap_gladly.streams.base import load_schemas
from tap_gladly.streams.events import ENTITIES
from tap_gladly.streams.reports.base import ReportStream
from tap_gladly.streams.reports.custom import CustomReportStream
from tap_gladly.streams.reports.metric_sets import name_stream
from tap_gladly.streams.reports.standard import STANDARD_REPORTS
from tap_gladly.sync_tap import SyncTap
from tap_gladly.transport.client import GladlyClient
from tap_gladly.transport.session import GladlySession

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType
    from typing import ClassVar

    from singer_sdk import Stream
    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from tap_gladly.streams.base import GladlyStream

_ACTIVATE_VERSION_DESCRIPTION = (
    "Send ACTIVATE_VERSION messages for full-table streams, so that a target can mark rows as deleted when "
    "Gladly no longer returns them."
)


class TapGladly(SyncTap):
    """Singer tap for Gladly: export jobs and their files, reference lists, events and reports."""

    name = "tap-gladly"
    package_name = DISTRIBUTION
    message_writer_class = MessageWriter
    message_writer: MessageWriter
    # Every tap of the SDK supports --test, but its list of capabilities lacks it.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [*Tap.capabilities, TapCapabilities.TEST]

    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "organization",
            th.StringType(nullable=False),
            required=True,
            title="Organization",
            description="The name in your Gladly address: `myorg` for `myorg.gladly.com`, or `myorg.us-1` "
            "with a region. A full host name or a pasted URL on `gladly.com` or `gladly.qa` also works.",
        ),
        th.Property(
            "agent_email",
            th.StringType(nullable=False),
            required=True,
            title="Agent email",
            description="Email address of the Gladly user that owns the API token. The user needs the API "
            "User permission.",
        ),
        th.Property(
            "api_token",
            th.StringType(nullable=False),
            required=True,
            secret=True,
            title="API token",
            description="API token of that user. Create one in Gladly under Settings > API Tokens.",
        ),
        th.Property(
            "start_date",
            th.DateTimeType,
            title="Start date",
            description="Load only export jobs whose files became available at or after this time, and only "
            "reports and events from this time on. Gladly keeps export jobs for 14 days, events for 24 "
            "hours, and report data indefinitely.",
        ),
        th.Property(
            "end_date",
            th.DateTimeType,
            title="End date",
            description="Load only export jobs whose files became available at or before this time, and only "
            "reports and events up to this time. A date without a time includes the whole day.",
        ),
        th.Property(
            "max_parallel_downloads",
            th.IntegerType(nullable=False, minimum=1, maximum=50),
            default=6,
            title="Maximum parallel downloads",
            description="How many export files to download at the same time. The default is 6. Requests stay "
            "within Gladly's limit of 10 per second whatever the value.",
        ),
        th.Property(
            "event_entities",
            th.ArrayType(th.StringType(nullable=False, allowed_values=[*ENTITIES])),
            title="Event entities",
            description="Entities that the `events` stream requests, as a JSON array: any of "
            f"{', '.join(ENTITIES)}. All of them if not set.",
        ),
        th.Property(
            "api_url",
            th.StringType,
            title="API URL",
            description="Base URL to use instead of the organization's own: scheme, host and port. Use it "
            "for a proxy (HTTPS) or a local server (HTTP to a loopback address). The tap adds `/api/v1`.",
        ),
        CUSTOM_REPORTS,
    ).to_dict()

    @override
    def __init__(self, *, catalog: Any = None, **kwargs: Any) -> None:
        self._is_discovering = not kwargs.get("setup_mapper", True)  # the SDK passes False for --discover
        self._aliases: dict[str, str] = {}
        if isinstance(catalog, dict):
            self._aliases = pop_aliases(catalog)
            catalog = normalize_catalog(catalog, load_schemas())
        self._passed_config = dict(kwargs.get("config") or {})
        super().__init__(catalog=catalog, **kwargs)

    @property
    @override
    def _env_var_config(self) -> dict[str, Any]:
        # The SDK would use an empty variable as a value, and fail on an unreadable one with a traceback that quotes it.
        # It would also override what the user passes, such as a settings file.
        self.append_builtin_config(self.config_jsonschema)
        values = read_environment(self.config_jsonschema["properties"], self._env_var_prefix)
        return {name: value for name, value in values.items() if self._passed_config.get(name) is None}

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        # The SDK declares the capability, but not the setting that turns it on, and describes the setting as if
        # every stream sent the messages.
        for name, setting in EMIT_ACTIVATE_VERSION_CONFIG["properties"].items():
            config_jsonschema["properties"][name] = {**setting, "description": _ACTIVATE_VERSION_DESCRIPTION}
        config_jsonschema["properties"].update(th.PropertiesList(BATCH_CONFIG).to_dict()["properties"])

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        # The SDK sorts by name. With the fail-fast streams first, an unreachable host is reported once.
        return dict(
            sorted(super().streams.items(), key=lambda item: not getattr(item[1], "is_fail_fast", True))
        )

    @override
    def discover_streams(self) -> list[GladlyStream]:
        # --discover accepts any settings and downloads no file.
        parallel = 1 if self._is_discovering else self.config.get("max_parallel_downloads", 1)
        session = GladlySession(pool_size=parallel + 1)
        client = GladlyClient(self.config, session, on_retry=self.summary.add_retry)
        built_in = [stream(self, client, summary=self.summary) for stream in STREAMS]
        settings = self._read_report_settings()
        for stream in built_in:
            if isinstance(stream, ReportStream) and stream.name in settings:
                stream.override_settings(settings.pop(stream.name))
        return [*built_in, *self._make_custom_reports(client, settings.values())]

    def _read_report_settings(self) -> dict[str, dict[str, Any]]:
        """Return the entries of `custom_reports` by stream name."""
        settings = self.config.get("custom_reports")
        if not settings:
            return {}
        if errors := self._find_config_errors():  # --discover doesn't validate settings
            raise config_error("Invalid settings", *errors)
        return {name_stream(report["metric_set"]): report for report in settings}

    def _make_custom_reports(
        self, client: GladlyClient, settings: Iterable[dict[str, Any]]
    ) -> list[CustomReportStream]:
        return [
            CustomReportStream(
                self, client, summary=self.summary, settings=report, is_discovered=self._is_discovering
            )
            for report in settings
        ]

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        # The SDK's messages quote the invalid value, which may be the token.
        self.append_builtin_config(self.config_jsonschema)
        # null and {} count as unset, so that the SDK applies its defaults.
        self._config = {name: value for name, value in self._config.items() if value not in (None, {})}
        hints = [] if self._config else [NO_SETTINGS_HINT]
        if unknown := sorted(self._config.keys() - self.config_jsonschema["properties"].keys()):
            self.logger.warning("Ignoring unknown settings: %s", ", ".join(unknown))
        errors = self._find_config_errors()
        if errors and raise_errors:
            raise config_error("Invalid settings", *hints, *errors)
        return errors

    def _find_config_errors(self) -> list[str]:
        # Each check relies on the ones before it. Stream maps come first, because the SDK's schema of __else__
        # makes its validator fail.
        validator = JSONSchemaValidator(self.config_jsonschema)
        return (
            list(iter_map_errors(self._config.get("stream_maps")))
            or [describe_validation_error(error) for error in validator.iter_errors(self._config)]
            or list(self._iter_config_errors())
            or list(iter_conflicts(self._config))
        )

    def _iter_config_errors(self) -> Iterator[str]:
        yield from iter_config_errors(self._config)
        reports = self._config.get("custom_reports") or ()
        names = [name_stream(report["metric_set"]) for report in reports]
        built_in_reports = {name_stream(stream.metric_set) for stream in STANDARD_REPORTS}
        yield from iter_report_errors(
            reports, names, streams=load_schemas().keys(), built_in_reports=built_in_reports
        )
        yield from iter_batch_errors(self._config.get("batch_config"))

    @override
    def setup_mapper(self) -> None:
        _ = self.streams  # reports complete their entry of the catalog
        self.mapper = GladlyMapper(plugin_config=dict(self.config), logger=self.logger)
        self.mapper.register_raw_streams_from_catalog(self.catalog)
        for name, alias in self._aliases.items():
            for stream_map in self.mapper.stream_maps.get(name, ()):
                if stream_map.stream_alias == name:  # else stream_maps sets another alias
                    stream_map.stream_alias = alias

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        bookmarks = state.get("bookmarks", None if state else {})
        if not isinstance(bookmarks, dict) or not all(isinstance(mark, dict) for mark in bookmarks.values()):
            raise config_error("Invalid state", "bookmarks must map stream names to objects")
        super().load_state(state)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        # The SDK would emit STATE here, perhaps in the middle of a row, and exit with 0. The last STATE emitted is
        # already valid, and a stopped run is not a successful one.
        status, name = 128 + signum, signal.Signals(signum).name
        exit_within(GRACE_SECONDS, status)
        log_briefly(
            lambda: self.logger.warning("Stopped by %s. The next run resumes from the last STATE.", name)
        )
        self.message_writer.terminate(status)
