"""The formats that targets check."""

from __future__ import annotations

from jsonschema import FormatChecker
from singer_sdk.helpers._compat import datetime_fromisoformat

formats = FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def is_read_by_sdk_targets(value: object) -> bool:
    """Return whether a target on the SDK can parse a timestamp."""
    return not isinstance(value, str) or datetime_fromisoformat(value) is not None
