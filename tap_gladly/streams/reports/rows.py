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
from tap_gladly.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from singer_sdk.helpers.types import Record

ROW_HASH = "_row_hash"

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_INTEGER = re.compile(r"([+-]?\d{1,18})(?:\.0+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
# Gladly doesn't document how reports spell booleans. We assume true and false, in any case; another
# spelling goes to _unmapped, so no value is lost.
_BOOLEANS = {"true": True, "false": False}


class KeySpec(NamedTuple):
    """How a report's rows are identified."""

    keys: Sequence[str]
    """Primary keys: columns of the report, or `_row_hash`."""
    completion_column: str | None = None
    """A column that is empty until the row is final. Until then its key is incomplete."""
    mutable_columns: Iterable[str] = ()
    """Columns that Gladly fills in later. The row's hash excludes them."""

    @property
    def own_keys(self) -> Sequence[str]:
        """The primary keys that are columns of the report."""
        return [key for key in self.keys if not key.startswith("_")]

    @property
    def required(self) -> frozenset[str]:
        """The columns that the report must have."""
        return frozenset(
            [*self.own_keys, self.completion_column] if self.completion_column else self.own_keys
        )


class Row(NamedTuple):
    """One row."""

    record: Record
    """Cells by column, typed as the schema declares. A cell that doesn't fit its type stays text."""
    row_hash: str | None
    """Hash of the row, if it is the key."""


class RowReader:
    """Reads the rows of one report.

    An empty cell is null. Cells beyond the header are named after their position.
    """

    def __init__(self, header: Sequence[str], properties: Mapping[str, Any], *, key_spec: KeySpec) -> None:
        self._header = list(header)
        self._columns = name_columns(header)
        self._properties = properties
        self._readers = {name: read for name, schema in properties.items() if (read := _find_reader(schema))}
        self._key_spec = key_spec
        self._keys = key_spec.own_keys
        self._mutable_columns = frozenset(key_spec.mutable_columns)
        self._is_hashed = ROW_HASH in key_spec.keys
        self._seen: Counter[int] = Counter()
        self.incomplete = 0
        """Number of rows that aren't final yet."""
        self.missing_key = 0
        """Number of rows whose first key column is empty."""

    def read(self, cells: Sequence[str]) -> Row | None:
        """Turn a row into a record; return None if it isn't final yet, or has no key."""
        if len(cells) > len(self._columns):
            self._header += [""] * (len(cells) - len(self._header))
            self._columns = name_columns(self._header)
        texts = {name: text or None for name, text in zip_longest(self._columns, cells)}
        if self._key_spec.completion_column and texts.get(self._key_spec.completion_column) is None:
            self.incomplete += 1
            return None
        if self._keys and texts[self._keys[0]] is None:
            self.missing_key += 1
            return None
        # A key must not be null: a contact without an agent has an empty agent_id.
        texts.update((key, "") for key in self._keys if texts[key] is None)
        return Row(self._convert(texts), self._hash(texts) if self._is_hashed else None)

    def _convert(self, texts: Mapping[str, str | None]) -> Record:
        record: Record = {
            name: text for name, text in texts.items() if text is not None or name in self._properties
        }
        for name, read in self._readers.items():
            if (text := texts.get(name)) is not None:
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
        return hashlib.sha256(content if number == 1 else b"%s%d" % (content, number)).hexdigest()[:32]


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
