"""Validation of settings, state and catalog."""

from __future__ import annotations

import io
import json
import os
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from dotenv import dotenv_values
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_gladly.config.base_url import resolve_api_url, resolve_organization
from tap_gladly.exceptions import config_error
from tap_gladly.timestamps import parse_instant, parse_last_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jsonschema import ValidationError

NO_SETTINGS_HINT = (
    "no settings given: pass --config FILE, or set TAP_GLADLY_* variables and pass --config=ENV"
)
_T = TypeVar("_T")
_DOTENV = ".env"
_BOOLEANS = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}
_PREFIX = "TAP_GLADLY_"


def describe_validation_error(error: ValidationError) -> str:
    """Return in words what a JSON schema rejects, without the value, which may be the token.

    Args:
        error: The error; its path names the setting, or the place in a file.
    """
    place = ".".join(str(part) for part in error.absolute_path)
    if error.context:
        deepest = max(len(inner.absolute_path) for inner in error.context)
        closest = [inner for inner in error.context if len(inner.absolute_path) == deepest]
        if deepest == len(error.absolute_path) and (alternatives := _name_alternatives(closest)):
            return f"{place} must be {alternatives}"
        return ", or ".join(dict.fromkeys(describe_validation_error(inner) for inner in closest))
    return f"{place} {_describe_rule(error)}".lstrip()


def _name_alternatives(errors: Sequence[ValidationError]) -> str:
    """Return the values and types that a setting may have, or nothing if an error concerns another rule."""
    if any(error.validator not in ("const", "type") for error in errors):
        return ""
    limits = [cast("Any", error.validator_value) for error in errors]
    names = (
        str(limit)
        if error.validator == "const"
        else _name_types([limit] if isinstance(limit, str) else limit)
        for error, limit in zip(errors, limits, strict=True)
    )
    return " or ".join(filter(None, names))


def _describe_rule(error: ValidationError) -> str:
    rule, limit = str(error.validator), cast("Any", error.validator_value)
    if rule == "required":
        missing = next(name for name in limit if error.message.startswith(repr(name)))
        return (
            f"lacks {missing}"
            if error.absolute_path
            else f"{missing} is missing: set {_PREFIX}{missing.upper()}"
        )
    if rule == "additionalProperties":
        known = cast("dict[str, Any]", error.schema)["properties"]
        unknown = sorted(cast("dict[str, Any]", error.instance).keys() - known.keys())
        return f"has unknown properties: {', '.join(map(repr, unknown))}"
    if rule == "type":
        return f"must be {_name_types([limit] if isinstance(limit, str) else limit)}"
    if rule == "enum":
        return f"must be one of {', '.join(str(value) for value in limit if value is not None)}"
    if rule == "pattern" and (description := cast("dict[str, Any]", error.schema).get("description")):
        return f"must be {description.rstrip('.')}"
    words = _RULES.get(rule)
    return words % (limit,) if words else f"must match its {rule}"


def _name_types(types: Sequence[str]) -> str:
    return " or ".join(_TYPE_NAMES[kind] for kind in types if kind != "null")


_TYPE_NAMES = {
    "array": "an array",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}
_RULES = {
    "const": "must be %s",
    "format": "must be a %s",
    "maximum": "must be at most %s",
    "minLength": "must have at least %s characters",
    "minimum": "must be at least %s",
}


def iter_config_errors(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield one message per invalid setting, beyond what the JSON schema checks."""
    for setting, check in _CHECKS.items():
        # An empty setting counts as unset.
        value = config.get(setting) or ("" if setting in _REQUIRED else None)
        problem = None if value is None else _find_problem(check, value)
        if problem:
            yield f"{setting} {problem}"


def iter_conflicts(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield one message per conflict between settings that are valid by themselves."""
    start, end = config.get("start_date"), config.get("end_date")
    if start and end and parse_last_instant(end) < parse_instant(start):
        yield "end_date must not be before start_date"
    batches = config.get("batch_config")
    if batches and batches["encoding"]["format"] == "parquet" and not find_spec("pyarrow"):
        yield "batch_config.encoding.format parquet needs the package pyarrow, which is not installed"
    if batches and batches["encoding"]["format"] == "parquet":
        # The SDK writes these files, and applies neither of them.
        for setting in ("stream_maps", "flattening_enabled"):
            if config.get(setting):
                yield f"{setting} doesn't apply to Parquet files; use batch_config.encoding.format jsonl"
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
        raise ValueError("must not be empty")


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
    """Read settings from environment variables and from `.env` in the working directory.

    A variable of the environment overrides `.env`. An empty variable counts as unset.

    Args:
        properties: JSON schemas by setting.
        prefix: Prefix of the variables' names.

    Raises:
        ConfigValidationError: A variable can't be parsed as the type of its setting.
    """
    variables = {**_read_dotenv(), **{name: text for name, text in os.environ.items() if text}}
    values: dict[str, Any] = {}
    errors: list[str] = []
    for setting, schema in properties.items():
        variable = f"{prefix}{setting.upper()}"
        if text := variables.get(variable):
            try:
                values[setting] = _parse_variable(text, schema["type"])
            except (ValueError, KeyError, RecursionError):
                errors.append(f"{variable} must be {_name_types(schema['type'])}")
    if errors:
        raise config_error("Invalid settings", *errors)
    return values


def _read_dotenv() -> Mapping[str, str | None]:
    # The SDK would search the folders above its own package and add every variable to the process.
    return _read(_DOTENV, lambda: dotenv_values(_DOTENV))


def _parse_variable(text: str, types: Sequence[str]) -> object:
    if "integer" in types:
        return int(text)
    if "boolean" in types:
        return _BOOLEANS[text.strip().lower()]
    return text if "string" in types else json.loads(text)


def read_json_object(name: str) -> dict[str, Any]:
    """Read a settings file.

    Raises:
        ConfigValidationError: The file is missing or isn't a JSON object.
    """
    return _parse_json_object(name, _read(name, lambda: Path(name).read_text(encoding="utf-8-sig")))


def check_json_object(file: IO[str] | None, schema: Mapping[str, Any]) -> IO[str] | None:
    """Check an open JSON file and return its text as a new file; None if it is empty.

    Raises:
        ConfigValidationError: The file isn't a JSON object, or doesn't match the schema.
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


def _read(name: str, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except OSError as error:
        raise config_error(f"{name} is not usable", error.strerror or type(error).__name__) from error
    except ValueError as error:
        raise config_error(f"{name} is not usable", "it isn't UTF-8 text") from error


def _parse_json_object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise config_error(f"{name} is not usable", f"it isn't valid JSON at {place}") from error
    except (ValueError, RecursionError) as error:
        raise config_error(
            f"{name} is not usable", "its JSON is nested too deeply or has a number that is too long"
        ) from error
    if not isinstance(value, dict):
        raise config_error(f"{name} is not usable", "it isn't a JSON object")
    return value
