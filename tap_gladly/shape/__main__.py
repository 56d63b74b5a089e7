"""The command `tap-gladly-shape`."""

from __future__ import annotations

import argparse
import logging
import sys

from singer_sdk.exceptions import ConfigValidationError

from tap_gladly.config.validation import read_json_object
from tap_gladly.shape.report import ShapeReport
from tap_gladly.tap import TapGladly


def main() -> None:
    """Print a report about the shape of an account's data, without any of its values."""
    parser = argparse.ArgumentParser(
        prog="tap-gladly-shape",
        description="Print which properties, types and headers a Gladly account sends, as Markdown without any "
        "values. It makes up to 40 read-only requests within Gladly's rate limits.",
    )
    parser.add_argument(
        "--config",
        action="append",
        default=[],
        help="settings of the tap: a file, or ENV for TAP_GLADLY_* variables",
    )
    names = parser.parse_args().config
    try:
        files = [read_json_object(name) for name in names if name != "ENV"]
        settings = {name: value for file in files for name, value in file.items() if name != "custom_reports"}
        tap = TapGladly(config=settings, parse_env_config="ENV" in names, validate_config=True)
    except ConfigValidationError as error:
        raise SystemExit(str(error)) from None
    logging.getLogger("tap-gladly").info("Requesting samples; ten reports take up to a minute")
    for line in ShapeReport(tap.config).iter_lines():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
