"""Command-line options, and one-line errors for them."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from typing_extensions import override

from tap_gladly.config.catalog import CATALOG_SCHEMA
from tap_gladly.config.validation import check_json_object, read_json_object
from tap_gladly.exceptions import GladlyError

if TYPE_CHECKING:
    from collections.abc import Generator

    import click

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def check_log_level() -> None:
    """End the process with one line if the environment sets an unknown log level; unset an empty one.

    The SDK reads these variables before it sets up logging, and fails with a traceback for any text that Python
    doesn't know as a level.
    """
    for variable in ("TAP_GLADLY_LOGLEVEL", "LOGLEVEL"):
        level = os.environ.get(variable, "").strip().upper()
        if not level:
            os.environ.pop(variable, None)
        elif isinstance(logging.getLevelName(level), int):  # pyright: ignore[reportDeprecated] # not before 3.11
            os.environ[variable] = level
        else:
            raise SystemExit(f"tap-gladly: {variable} must be one of {', '.join(_LOG_LEVELS)}")


class CommandLineTap(Tap):
    """A tap that logs a configuration error as its last line: `meltano config test` shows only that one."""

    @classmethod
    @override
    def invoke(cls, *, state: IO[str] | None = None, catalog: IO[str] | None = None, **kwargs: Any) -> None:
        with cls._report_config_errors():
            super().invoke(
                state=check_json_object(state, {}),
                catalog=check_json_object(catalog, CATALOG_SCHEMA),
                **kwargs,
            )

    # click runs the callbacks of these options before the SDK handles configuration errors.

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        config = super().cb_config(ctx, param, tuple(name for name in value if name == "ENV"))
        with cls._report_config_errors():
            for name in value:
                config.config.update({} if name == "ENV" else read_json_object(name))
        return config

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        with cls._report_config_errors():
            super().cb_test(ctx, param, value)

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        with cls._report_config_errors():
            super().cb_discover(ctx, param, value)

    @classmethod
    @contextmanager
    def _report_config_errors(cls) -> Generator[None]:
        # The SDK would log each reason and then, as the last line, only that validation failed.
        try:
            yield
        except (ConfigValidationError, GladlyError) as error:
            if not getattr(error, "is_logged", False):
                logging.getLogger(cls.name).error("%s", error)  # noqa: TRY400
            raise SystemExit(1) from error
