"""The options of the command line: what they name is read, and what is wrong is one line, the last one."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.tap_base import CliTestOptionValue
from typing_extensions import override

from tap_gladly.config.validation import CATALOG, check_json_object, read_json_object

if TYPE_CHECKING:
    from collections.abc import Generator

    import click

_WHOLE_TEST = CliTestOptionValue.All.value


class CommandLineTap(Tap):
    """A tap whose last line says what is wrong: `meltano config test` shows no other."""

    @classmethod
    @override
    def invoke(cls, *, state: IO[str] | None = None, catalog: IO[str] | None = None, **kwargs: Any) -> None:
        with cls._report_config_errors():
            super().invoke(
                state=check_json_object(state, {}), catalog=check_json_object(catalog, CATALOG), **kwargs
            )

    # These options are read before the SDK's own handling of unusable settings begins.

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
            try:
                super().cb_test(ctx, param, value)
            except RuntimeError as ending:
                # It is how click ends a command, also when all is well.
                if value == _WHOLE_TEST and getattr(ending, "exit_code", None) == 0:
                    logging.getLogger(cls.name).info("Gladly lets the tap in, and the settings are usable")
                raise

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        with cls._report_config_errors():
            super().cb_discover(ctx, param, value)

    @classmethod
    @contextmanager
    def _report_config_errors(cls) -> Generator[None]:
        # The SDK would tell the reasons first, and that validation has failed last.
        try:
            yield
        except ConfigValidationError as error:
            logging.getLogger(cls.name).error("%s", error)  # noqa: TRY400
            raise SystemExit(1) from error
