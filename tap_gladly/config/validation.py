"""What users hand in, settings, state and catalog: what is wrong with it, and what it lacks."""

from __future__ import annotations

import io
import json
import os
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_gladly.config.base_url import resolve_api_url, resolve_organization
from tap_gladly.exceptions import config_error
from tap_gladly.timestamps import parse_instant, parse_last_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jsonschema import ValidationError

NO_SETTINGS_HINT = (
    "there are none: name a file with --config, or set TAP_GLADLY_ORGANIZATION and the others, and say "
    "--config ENV"
)
_TEXT = {"type": ["string", "null"]}
CATALOG: dict[str, Any] = {
    "properties": {
        "streams": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "tap_stream_id": {"type": "string"},
                    "stream": _TEXT,
                    "key_properties": {"type": ["array", "null"], "items": {"type": "string"}},
                    "replication_key": _TEXT,
                    "replication_method": _TEXT,
                    "schema": {
                        "type": "object",
                        "properties": {
                            "properties": {"type": "object", "additionalProperties": {"type": "object"}}
                        },
                    },
                    "metadata": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["breadcrumb", "metadata"],
                            "properties": {
                                "breadcrumb": {"type": "array", "items": {"type": "string"}},
                                "metadata": {"type": "object"},
                            },
                        },
                    },
                },
                "anyOf": [{"required": ["tap_stream_id"]}, {"required": ["stream"]}],
            },
        }
    }
}
"""What the SDK takes for granted of a catalog."""


def describe_validation_error(error: ValidationError) -> str:
    """Say what is wrong with a setting, without the value, which may be the token."""
    setting = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "required":
        # It names the setting, and there is no value to quote.
        return f"{error.message} of {setting}" if setting else error.message
    if error.validator == "additionalProperties":
        known = cast("dict[str, Any]", error.schema)["properties"]
        unknown = sorted(cast("dict[str, Any]", error.instance).keys() - known.keys())
        return f"{setting} has what is not known there: {', '.join(map(repr, unknown))}"
    if error.context:
        deepest = max(len(inner.absolute_path) for inner in error.context)
        closest = [inner for inner in error.context if len(inner.absolute_path) == deepest]
        return ", or ".join(describe_validation_error(inner) for inner in closest)
    return f"{setting} does not fit its {error.validator}: {error.validator_value}"


def iter_config_errors(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with settings that their schema takes for right, a line each."""
    for setting, check in _CHECKS.items():
        # An empty variable in the environment stands for a setting that is not set.
        value = config.get(setting) or ("" if setting in _REQUIRED else None)
        problem = None if value is None else _find_problem(check, value)
        if problem:
            yield f"{setting} {problem}"


def iter_conflicts(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield which settings, right by themselves, do not go together."""
    start, end = config.get("start_date"), config.get("end_date")
    if start and end and parse_last_instant(end) < parse_instant(start):
        yield "end_date lies before start_date"
    batches = config.get("batch_config")
    if batches and batches["encoding"]["format"] == "parquet" and not find_spec("pyarrow"):
        yield "batch_config.encoding.format parquet needs the package pyarrow, which is not installed"
    if config.get("flattening_enabled") and "flattening_max_depth" not in config:
        yield "flattening_enabled needs flattening_max_depth"


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


def read_environment(properties: Mapping[str, Mapping[str, Any]], prefix: str) -> dict[str, Any]:
    """Read settings from variables; an empty one stands for a setting that is not set.

    Args:
        properties: The settings' schemas, by setting.
        prefix: What the variables' names begin with.

    Raises:
        ConfigValidationError: Some cannot be read as what their settings are.
    """
    parse_environment_config({}, prefix)  # of no settings: it takes up the variables of a file .env
    variables = {name: os.environ.get(f"{prefix}{name.upper()}") for name in properties}
    given = {name: text for name, text in variables.items() if text}
    unreadable = [name for name, text in given.items() if not _is_readable(text, properties[name]["type"])]
    if unreadable:
        words = "is neither a number nor JSON, as it should be"
        raise config_error(
            "Settings are not usable", *(f"{prefix}{name.upper()} {words}" for name in unreadable)
        )
    return parse_environment_config({"properties": {name: properties[name] for name in given}}, prefix)


def _is_readable(text: str, types: Sequence[str]) -> bool:
    try:
        if "integer" in types:
            int(text)
        elif not {"object", "array"}.isdisjoint(types):
            json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def read_json_object(name: str) -> dict[str, Any]:
    """Read a file of settings.

    Raises:
        ConfigValidationError: There is no such file, or it does not hold a JSON object.
    """
    return _parse_json_object(name, _read(name, lambda: Path(name).read_text(encoding="utf-8-sig")))


def check_json_object(file: IO[str] | None, schema: Mapping[str, Any]) -> IO[str] | None:
    """Read a file that the command line has opened, and give its text again; None if there is none in it.

    Raises:
        ConfigValidationError: It holds something that is not a JSON object, or that does not fit the schema.
    """
    text = _read(file.name, file.read).removeprefix("\ufeff").strip() if file else ""
    if not file or not text:
        return None
    value = _parse_json_object(file.name, text)
    problems = [
        describe_validation_error(error) for error in DEFAULT_JSONSCHEMA_VALIDATOR(schema).iter_errors(value)
    ]
    if problems:
        raise config_error(f"{file.name} is not usable", *problems)
    return io.StringIO(text)


def _read(name: str, read: Callable[[], str]) -> str:
    try:
        return read()
    except OSError as error:
        raise config_error(f"{name} is not usable", error.strerror or type(error).__name__) from error
    except ValueError as error:
        raise config_error(f"{name} is not usable", "it is not text in UTF-8") from error


def _parse_json_object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise config_error(f"{name} is not usable", f"it is not JSON, at {place}") from error
    except (ValueError, RecursionError) as error:
        raise config_error(f"{name} is not usable", "it holds JSON that is too large to be read") from error
    if not isinstance(value, dict):
        raise config_error(f"{name} is not usable", "it holds JSON, but no object")
    return value


def normalize_catalog(catalog: dict[str, Any], own: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Add to a catalog what rows always carry, in case it is from an older version or written by hand.

    Args:
        catalog: What the user handed in.
        own: The schemas of the tap's streams, by stream.

    Returns:
        The catalog, in which each of the tap's streams has a schema, a key, and the fields that the tap adds.
    """
    for entry in catalog.get("streams", ()):
        name = entry.get("tap_stream_id", entry.get("stream"))
        entry.setdefault("tap_stream_id", name)
        if name in own:
            fields = own[name]["properties"]
            keys = [field for field, schema in fields.items() if "null" not in schema["type"]]
            entry.setdefault("stream", name)
            declared = entry.setdefault("schema", own[name]).setdefault("properties", {})
            for field in fields:
                if field.startswith("_") or field in keys:
                    declared.setdefault(field, fields[field])
            if entry.get("key_properties") is None:
                entry["key_properties"] = keys
    return catalog
