"""The SDK's stream maps, with one-line errors that quote no record."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MappingError, StreamMapConfigError
from singer_sdk.mapper import NULL_STRING, CustomStreamMap, PluginMapper
from typing_extensions import override

from tap_gladly.exceptions import StreamMapError, config_error
from tap_gladly.output.map_names import iter_ineffective_removals, iter_unknown_streams
from tap_gladly.parsing.json_text import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk.singerlib import Catalog, CatalogEntry

_ELSE, _FILTER, _SOURCE = "__else__", "__filter__", "__source__"
_OPTIONS = ("__alias__", _FILTER, "__key_properties__", _SOURCE)
_UNMAPPED = "_unmapped"
_PLAIN_TYPES = (str, float, type(None))
_SURROGATE = re.compile("[\ud800-\udfff]")


def iter_map_errors(stream_maps: object) -> Iterator[str]:
    """Yield one message per problem in the stream maps that the SDK would report with a traceback.

    Args:
        stream_maps: Value of the setting, not validated yet.
    """
    if not isinstance(stream_maps, dict):
        return
    for stream, columns in stream_maps.items():
        if stream == _ELSE:
            yield from _iter_else_errors("stream_maps", columns)
        elif stream.startswith("__"):
            yield f"stream_maps.{stream} is not one of the SDK's options"
        elif isinstance(columns, dict):
            yield from _iter_column_errors(f"stream_maps.{stream}", columns)


def _iter_column_errors(place: str, columns: Mapping[str, object]) -> Iterator[str]:
    for column, definition in columns.items():
        if column == _ELSE:
            yield from _iter_else_errors(place, definition)
        elif column.startswith("__") and column not in _OPTIONS:
            yield f"{place}.{column} is not one of the SDK's options"
        elif isinstance(definition, str) and column != _SOURCE and not _is_expression(definition):
            yield f"{place}.{column} is not a valid expression"


def _iter_else_errors(place: str, definition: object) -> Iterator[str]:
    if definition not in (None, NULL_STRING):
        yield f"{place}.{_ELSE} must be {NULL_STRING}"


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text)  # as the SDK does, which also accepts a statement
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


class GladlyMapper(PluginMapper):
    """Applies stream maps, and reports an invalid map in one line."""

    _deselected: frozenset[str] = frozenset()

    @override
    def register_raw_streams_from_catalog(self, catalog: Catalog) -> None:
        self._deselected = frozenset(
            entry.stream or entry.tap_stream_id
            for entry in catalog.streams
            if not entry.metadata.resolve_selection()[()]
        )
        self._check_names(catalog)
        super().register_raw_streams_from_catalog(catalog)

    def _check_names(self, catalog: Catalog) -> None:
        columns = {entry.stream or entry.tap_stream_id: _list_columns(entry) for entry in catalog.streams}
        if errors := list(iter_ineffective_removals(self.stream_maps_dict, columns)):
            raise config_error("Invalid settings", *errors)
        if unknown := sorted({*iter_unknown_streams(self.stream_maps_dict, columns)}):
            self.logger.warning(
                "stream_maps names streams that this tap doesn't have: %s", ", ".join(unknown)
            )

    @override
    def register_raw_stream_schema(
        self, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        # A map that matches every stream, such as one for "*", doesn't have to fit a stream that isn't
        # selected. singer-sdk 0.54 registers such a stream without columns, 0.55 with all of them.
        if stream_name in self._deselected or not schema.get("properties"):
            unmapped = self.default_mapper_type(
                stream_name, schema, key_properties, flattening_options=self.flattening_options
            )
            self.stream_maps[stream_name] = [unmapped]
            return
        try:
            super().register_raw_stream_schema(stream_name, schema, key_properties)
        except StreamMapConfigError as error:  # names streams and columns, and quotes no value
            raise config_error("Invalid settings", f"stream_maps: {error}") from error
        except MappingError as error:
            problem = f"stream_maps contains an expression that fails ({type(error).__name__})"
            raise config_error("Invalid settings", problem) from error
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            # For example, flattening_max_key_length gives two columns the same name.
            problem = f"stream_maps or flattening can't be applied to {stream_name} ({type(error).__name__})"
            raise config_error("Invalid settings", problem) from error
        for stream_map in self.stream_maps[stream_name]:
            if isinstance(stream_map, CustomStreamMap):
                stream_map.__class__ = _RedactingStreamMap


def _list_columns(entry: CatalogEntry) -> set[str]:
    """Return a stream's columns, or an empty set if discovery couldn't read a custom report's header."""
    columns = {*entry.schema.to_dict().get("properties", ())}
    own = {*(entry.key_properties or ()), *(name for name in columns if name.startswith("_"))}
    return columns if columns - own else set()


class _RedactingStreamMap(CustomStreamMap):
    """A stream map that removes columns from `_unmapped`, too, and ends the run with one line if it fails."""

    @override
    def transform(self, record: dict[str, Any]) -> dict[str, Any] | None:
        # A value of an unexpected type is in _unmapped. A map that removes its column may keep personal data out.
        # No public hook comes between the map and flattening.
        mapped = self._transform_fn(record)
        if not mapped:
            return None
        if isinstance(unmapped := mapped.get(_UNMAPPED), dict):
            removed = record.keys() - mapped.keys()
            kept = {path: value for path, value in unmapped.items() if path.partition(".")[0] not in removed}
            mapped = {**mapped, _UNMAPPED: kept or None}
        return super(CustomStreamMap, self).transform(mapped)

    @override
    def _eval(
        self, expr: str, expr_parsed: ast.Expr, record: dict[str, Any], property_name: str | None
    ) -> Any:
        # An exception from an expression may quote the record, and the SDK would log it with a traceback. No
        # public hook knows the column.
        try:
            result: Any = super()._eval(expr, expr_parsed, record, property_name)
            if property_name and not isinstance(result, _PLAIN_TYPES):
                encode(result)  # raises for a value that JSON can't represent, such as a function
        except Exception as error:  # noqa: BLE001 - an expression can raise anything
            reason = type(error.__cause__ or error).__name__
            raise StreamMapError(
                f"The stream map of {self.stream_alias} fails at {property_name or _FILTER} ({reason}). Fix the "
                "expression in stream_maps, or the values it reads from stream_map_config. It must work for "
                "every row, including null and absent fields."
            ) from None
        # json.loads in an expression may return a lone surrogate, which no output can encode.
        return (
            _SURROGATE.sub("\ufffd", result) if isinstance(result, str) and not result.isascii() else result
        )
