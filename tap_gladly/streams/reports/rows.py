"""Rows of reports: turn cells into records, and compute the keys that identify them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_gladly.parsing.csv_rows import name_columns
from tap_gladly.state.window_bookmark import REPLICATION_KEY
from tap_gladly.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from singer_sdk.helpers.types import Record

ROW_HASH = "_row_hash"
"""Primary key of rows without an id: a hash of the row."""
ROW_KEY = "_row_key"
"""Primary key of rows whose key columns may be empty: a hash of these columns.

A primary key must not be null in any warehouse, some targets load an empty string as null, and others don't. A
hash is never empty, and has the same type everywhere. So the key columns stay as Gladly sends them, null if empty.
"""
_TIMEZONE_COLUMN = "timezone_filter"
_UTC_NAMES = {"UTC", "ETC/UTC", "GMT", "Z", "+00:00"}

_KEY_DIGITS = 32
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_INTEGER = re.compile(r"([+-]?\d{1,18})(?:\.0+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
# Gladly doesn't document how reports spell booleans. We assume true and false, in any case; another
# spelling goes to _unmapped, so no value is lost.
_BOOLEANS = {"true": True, "false": False}


class KeySpec(NamedTuple):
    """How a report's rows are identified."""

    columns: Sequence[str]
    """The columns that identify a row. Without any, the key is `_row_hash`."""
    is_hashed: bool = False
    """Whether the key is `_row_key`, a hash of these columns, instead of the columns themselves."""
    completion_column: str | None = None
    """A column that is empty until the row is final. Until then its key is incomplete."""
    mutable_columns: Iterable[str] = ()
    """Columns that Gladly fills in later. The row's hash excludes them."""

    @property
    def own_columns(self) -> Sequence[str]:
        """The columns that identify a row and come from the report."""
        return [column for column in self.columns if not column.startswith("_")]

    @property
    def required(self) -> frozenset[str]:
        """The columns that the report must have."""
        completion = [self.completion_column] if self.completion_column else []
        return frozenset([*self.own_columns, *completion])


class RowReader:
    """Reads the rows of one report.

    An empty cell is null. Cells beyond the header are named after their position. A cell that doesn't fit its
    declared type stays text.
    """

    def __init__(
        self, header: Sequence[str], properties: Mapping[str, Any], *, key_spec: KeySpec, window_end: str
    ) -> None:
        self._header = list(header)
        self._columns = name_columns(header)
        self._properties = properties
        self._readers = {name: read for name, schema in properties.items() if (read := _find_reader(schema))}
        self._key_spec = key_spec
        self._key_columns = () if key_spec.is_hashed else key_spec.own_columns
        self._mutable_columns = frozenset(key_spec.mutable_columns)
        self._window_end = window_end
        self._seen: Counter[int] = Counter()
        self.incomplete = 0
        """Number of rows that aren't final yet."""
        self.missing_key = 0
        """Number of rows whose key column is empty."""
        self.other_timezone = 0
        """Number of rows that weren't made in UTC."""

    def read(self, cells: Sequence[str]) -> tuple[Record, dict[str, str]] | None:
        """Turn a row into a record and its hashed key; return None if it isn't final yet, or has no key."""
        if len(cells) > len(self._columns):
            self._header += [""] * (len(cells) - len(self._header))
            self._columns = name_columns(self._header)
        texts = {name: text or None for name, text in zip_longest(self._columns, cells)}
        if self._key_spec.completion_column and texts.get(self._key_spec.completion_column) is None:
            self.incomplete += 1
            return None
        if any(texts[column] is None for column in self._key_columns):
            self.missing_key += 1
            return None
        return self._convert(texts), self._make_key(texts)

    def _make_key(self, texts: Mapping[str, str | None]) -> dict[str, str]:
        if not self._key_spec.columns:
            return {ROW_HASH: self._hash(texts)}
        if not self._key_spec.is_hashed:
            return {}
        cells = [texts.get(column) for column in self._key_spec.own_columns]
        if REPLICATION_KEY in self._key_spec.columns:
            cells.append(self._window_end)
        return {ROW_KEY: hashlib.sha256(msgspec.json.encode(cells)).hexdigest()[:_KEY_DIGITS]}

    def _is_in_utc(self, texts: Mapping[str, str | None]) -> bool:
        timezone = texts.get(_TIMEZONE_COLUMN)
        is_utc = timezone is None or timezone.strip().upper() in _UTC_NAMES
        self.other_timezone += not is_utc
        return is_utc

    def _convert(self, texts: Mapping[str, str | None]) -> Record:
        record: Record = {
            name: text for name, text in texts.items() if text is not None or name in self._properties
        }
        is_in_utc = self._is_in_utc(texts)
        for name, read in self._readers.items():
            # Without an offset, a timestamp in another time zone is ambiguous when clocks change. It stays text.
            if (text := texts.get(name)) is not None and (is_in_utc or read is not _read_timestamp):
                record[name] = read(text)
        return record

    def _hash(self, texts: Mapping[str, str | None]) -> str:
        # Gladly may move or add columns, so neither order nor empty cells affect the hash. Columns that repeat
        # the request's filters don't, either.
        pairs = sorted(
            (name, text)
            for name, text in texts.items()
            if text and name not in self._mutable_columns and not name.endswith("_filter")
        )
        content = msgspec.json.encode(pairs)
        digest = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
        self._seen[digest] += 1
        # Gladly gives events no id, and two can be identical. The second one's hash includes its number.
        number = self._seen[digest]
        return hashlib.sha256(content if number == 1 else b"%s%d" % (content, number)).hexdigest()[
            :_KEY_DIGITS
        ]


def _find_reader(schema: Mapping[str, Any]) -> Callable[[str], object] | None:
    types = schema.get("type", ())
    if schema.get("format") == "date-time":
        return _read_timestamp
    return next((read for name, read in _READERS.items() if name in types), None)


# A reader returns text that doesn't fit its type unchanged. RecordStream.finalize moves it to _unmapped.


def _read_timestamp(text: str) -> str:
    try:
        instant = parse_instant(text.strip())
    except ValueError:
        return text
    # The tap requests reports in UTC, so a timestamp without an offset is in UTC.
    return text if _TIMESTAMP.fullmatch(text) else format_instant(instant)


def _read_integer(text: str) -> int | str:
    match = _INTEGER.fullmatch(text.strip())
    return int(match[1]) if match else text


def _read_number(text: str) -> Decimal | str:
    number = text.strip()
    return Decimal(number) if _NUMBER.fullmatch(number) else text


def _read_boolean(text: str) -> bool | str:
    return _BOOLEANS.get(text.strip().lower(), text)


_READERS: dict[str, Callable[[str], object]] = {
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
}
