"""Find the properties of a JSON value that a schema doesn't accept, as strictly as targets do."""

from __future__ import annotations

from decimal import Decimal
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError
from jsonschema.validators import extend

from tap_gladly.parsing.date_times import is_date_time
from tap_gladly.parsing.numbers import UnreadableNumber, is_readable, iter_unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_MAX_KEYWORD_VALUE = 40
# Names in shapes come from the data.
_MAX_KNOWN_SHAPES = 10_000
_types = Draft202012Validator.TYPE_CHECKER


def _is_date_time_or_no_text(value: object) -> bool:
    return not isinstance(value, str) or is_date_time(value)


_formats = FormatChecker(formats=())
_formats.checks("date-time")(_is_date_time_or_no_text)


class Problem(NamedTuple):
    """A property that doesn't fit."""

    path: tuple[str, ...]
    """Names of the property and of those that it is nested in. An array fits or doesn't fit as a whole."""
    declared: str = ""
    """What the schema declares, such as "string or null"; empty for an undeclared property."""
    actual: str = ""
    """What the value is, such as "array"; never the value itself."""


def _is_integer(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and is_readable(value)


def _is_number(_checker: object, value: object) -> bool:
    return _types.is_type(value, "number") and is_readable(value)


def _check_multiple(
    _validator: object, divisor: object, value: object, _schema: object
) -> Iterator[ValidationError]:
    # jsonschema divides without a limit, and some quotients have more digits than a Decimal.
    try:
        is_multiple = not _is_number(None, value) or Decimal(str(value)) % Decimal(str(divisor)) == 0
    except ArithmeticError:
        is_multiple = False
    if not is_multiple:
        yield ValidationError("not a multiple")


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"multipleOf": _check_multiple},
    type_checker=_types.redefine_many({"integer": _is_integer, "number": _is_number}),
)


class SchemaValidator:
    """Validates the properties of an object, one at a time."""

    def __init__(self, properties: Mapping[str, Any], simple: Collection[str]) -> None:
        """Prepare for an object's properties.

        Args:
            properties: Schema of each property.
            simple: Properties for which only the types of values matter, and whether text is a timestamp.
        """
        self._validators = {name: _Validator(it, format_checker=_formats) for name, it in properties.items()}
        self._simple = simple
        self._known_problems: dict[tuple[str, object], list[Problem]] = {}

    def is_valid(self, name: str, value: object) -> bool:
        """Return whether a property accepts a value."""
        return bool(self._validators[name].is_valid(value))

    def find_problems(self, name: str, value: object) -> list[Problem]:
        """Return the problems in a property's value: outer properties first, and none inside another."""
        if name not in self._simple:
            return self._find_problems(name, value)
        # jsonschema takes longer than everything else. In a file that drifts, most values drift alike.
        key = (name, _find_shape(value))
        problems = self._known_problems.get(key)
        if problems is None:
            problems = self._find_problems(name, _condense(value))
            if len(self._known_problems) < _MAX_KNOWN_SHAPES:
                self._known_problems[key] = problems
        return problems

    def _find_problems(self, name: str, value: object) -> list[Problem]:
        found: dict[tuple[str, ...], Problem] = {}
        problems = [*self._iter_errors(name, value), *_iter_unreadable(name, value)]
        for problem in sorted(problems, key=lambda problem: len(problem.path)):
            outer = (problem.path[:length] for length in range(1, len(problem.path) + 1))
            if not any(path in found for path in outer):
                found[problem.path] = problem
        return [*found.values()]

    def _iter_errors(self, name: str, value: object) -> Iterator[Problem]:
        for error in self._validators[name].iter_errors(value):
            path = (name, *_cut_at_array(error.path))
            is_in_array = len(path) <= len(error.path)
            is_undeclared = error.validator == "additionalProperties" and error.validator_value is False
            if is_undeclared and not is_in_array:
                undeclared = error.instance.keys() - error.schema.get("properties", {}).keys()
                yield from (Problem((*path, key)) for key in sorted(undeclared))
            else:
                yield Problem(path, *_describe(error))


def _find_shape(value: object) -> object:
    """Return what decides whether a value fits a simple schema: types, names, and which text is a timestamp."""
    if isinstance(value, str):
        return "timestamp" if is_date_time(value) else "text"
    if isinstance(value, dict):
        return tuple([(name, _find_shape(entry)) for name, entry in value.items()])
    if isinstance(value, list):
        return ("array", *dict.fromkeys(map(_find_shape, value)))
    return type(value) if is_readable(value) else "number out of range"


def _condense(value: object) -> object:
    """Return a value of the same shape whose arrays have one element of each shape."""
    if isinstance(value, dict):
        return {name: _condense(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_condense(entry) for entry in {_find_shape(entry): entry for entry in value}.values()]
    return value


def accepts_null(schema: object) -> bool:
    """Return whether a schema accepts null."""
    return bool(_Validator(schema).is_valid(None))


def is_usable(schema: object) -> bool:
    """Return whether something is a JSON schema. A catalog may contain anything."""
    try:
        _Validator.check_schema(schema)
    except SchemaError:
        return False
    return True


def _iter_unreadable(name: str, value: object) -> Iterator[Problem]:
    """Yield the places of numbers that targets can't read. The schema may not declare them."""
    for path in iter_unreadable(value):
        yield Problem((name, *_cut_at_array(path)), "any value", _name_type(UnreadableNumber("")))


def _cut_at_array(path: Iterable[str | int]) -> tuple[str, ...]:
    return tuple(takewhile(lambda key: isinstance(key, str), path))  # type: ignore[arg-type]


def _describe(error: ValidationError) -> tuple[str, str]:
    schema = error.schema if isinstance(error.schema, dict) else {}
    types = schema.get("type", "any type")
    declared, actual = types if isinstance(types, str) else " or ".join(types), _name_type(error.instance)
    if error.validator != "type":
        keyword = f"{error.validator} {str(error.validator_value)[:_MAX_KEYWORD_VALUE]}"
        return f"{declared} ({keyword})", f"an invalid {actual}"
    is_item = any(isinstance(key, int) for key in error.path)
    return (f"array of {declared}", f"array of {actual}") if is_item else (declared, actual)


def _name_type(value: object) -> str:
    if not is_readable(value):
        return "number out of range"
    types = ("null", "boolean", "integer", "number", "string", "array", "object")
    return next(name for name in types if _types.is_type(value, name))
