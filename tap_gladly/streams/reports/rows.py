"""Rows of reports: cells of text to records, and what tells one row from another."""

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

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_COUNT = re.compile(r"([+-]?\d{1,18})(?:\.0+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
# Gladly doesn't document how reports spell booleans. We assume true and false, in any case; another
# spelling goes to _unmapped, so no value is lost.
_BOOLEANS = {"true": True, "false": False}


class KeySpec(NamedTuple):
    """What a report's rows are told apart by."""

    keys: Sequence[str]
    """Columns of its own, or `_row_hash`."""
    completion_column: str | None = None
    """A column that is empty while a row is not finished; until then its key is not complete."""
    mutable_columns: Iterable[str] = ()
    """Columns that are filled in later, which leave a row's hash alone."""

    @property
    def own_keys(self) -> Sequence[str]:
        """The keys that are columns of the report."""
        return [key for key in self.keys if not key.startswith("_")]

    @property
    def required(self) -> frozenset[str]:
        """The columns that a report must have."""
        return frozenset(
            [*self.own_keys, self.completion_column] if self.completion_column else self.own_keys
        )


class Row(NamedTuple):
    """One row."""

    record: Record
    """Its cells by column: typed where the schema has a type, null where there is nothing."""
    invalid_cells: Mapping[str, str]
    """Cells that are not of their column's type, as they came; in the record these are null."""
    row_hash: str | None
    """Hash of the row, if it is a key."""


class RowReader:
    """Reads the rows of one body. A cell without text is null; cells beyond the header go by their place."""

    def __init__(self, header: Sequence[str], properties: Mapping[str, Any], *, rules: KeySpec) -> None:
        self._header = list(header)
        self._columns = name_columns(header)
        self._properties = properties
        self._readers = {name: read for name, schema in properties.items() if (read := _find_reader(schema))}
        self._rules = rules
        self._keys = rules.own_keys
        self._mutable_columns = frozenset(rules.mutable_columns)
        self._is_hashed = ROW_HASH in rules.keys
        self._seen: Counter[int] = Counter()
        self.waiting = 0
        """Rows that are not finished."""
        self.missing_key = 0
        """Rows that have nothing in the first column of the key."""

    def read(self, cells: Sequence[str]) -> Row | None:
        """Turn a row into a record; None if it is not finished, or without a key."""
        if len(cells) > len(self._columns):
            self._header += [""] * (len(cells) - len(self._header))
            self._columns = name_columns(self._header)
        texts = {name: text or None for name, text in zip_longest(self._columns, cells)}
        if self._rules.completion_column and texts.get(self._rules.completion_column) is None:
            self.waiting += 1
            return None
        if self._keys and texts[self._keys[0]] is None:
            self.missing_key += 1
            return None
        # A key must not be null: where a contact had no agent, none is named.
        texts.update((key, "") for key in self._keys if texts[key] is None)
        record, odd = self._convert(texts)
        return Row(record, odd, self._hash(texts) if self._is_hashed else None)

    def _convert(self, texts: Mapping[str, str | None]) -> tuple[Record, dict[str, str]]:
        record: Record = {
            name: text for name, text in texts.items() if text is not None or name in self._properties
        }
        odd: dict[str, str] = {}
        for name, read in self._readers.items():
            text = texts.get(name)
            if text is not None:
                record[name] = read(text)
                if record[name] is None:
                    odd[name] = text
        return record, odd

    def _hash(self, texts: Mapping[str, str | None]) -> str:
        # Columns move and come anew: an empty cell counts as little as a column that is not there. Nor do
        # the columns that repeat the request's filters.
        pairs = sorted(
            (name, text)
            for name, text in texts.items()
            if text and name not in self._mutable_columns and not name.endswith("_filter")
        )
        content = msgspec.json.encode(pairs)
        mark = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
        self._seen[mark] += 1
        # Gladly gives events no id, and two may look the same: the second is told by being the second.
        number = self._seen[mark]
        return hashlib.sha256(content if number == 1 else b"%s%d" % (content, number)).hexdigest()[:32]


def _find_reader(schema: Mapping[str, Any]) -> Callable[[str], object] | None:
    types = schema.get("type", ())
    if schema.get("format") == "date-time":
        return _read_time
    return next((read for name, read in _READERS.items() if name in types), None)


def _read_time(text: str) -> str | None:
    try:
        instant = parse_instant(text.strip())
    except ValueError:
        return None
    # Without an offset it is in UTC, since reports are asked for in UTC.
    return text if _TIME.fullmatch(text) else format_instant(instant)


def _read_count(text: str) -> int | None:
    match = _COUNT.fullmatch(text.strip())
    return int(match[1]) if match else None


def _read_number(text: str) -> Decimal | None:
    number = text.strip()
    return Decimal(number) if _NUMBER.fullmatch(number) else None


def _read_boolean(text: str) -> bool | None:
    return _BOOLEANS.get(text.strip().lower())


_READERS: dict[str, Callable[[str], object]] = {
    "integer": _read_count,
    "number": _read_number,
    "boolean": _read_boolean,
}
