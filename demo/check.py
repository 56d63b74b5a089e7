"""Checks: the files that the tap read, and the rows in DuckDB compared with those in Gladly."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from demo.shop import read_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from demo.database import Database
    from demo.shop import FileName, Row, Table

_Record = dict[str, Any]


class Comparison(NamedTuple):
    """The result of comparing a table with Gladly.

    Attributes:
        table: The table's name.
        in_table: The number of rows in the table.
        in_gladly: The number of rows in Gladly's jobs, files, lists or reports.
        expired: The number of rows from earlier runs that Gladly no longer returns.
        differences: One message per difference.
    """

    table: str
    in_table: int
    in_gladly: int
    expired: int
    differences: list[str]


def compare_table(table: Table, database: Database) -> Comparison:
    """Compare every row of a table, field by field, with Gladly."""
    name, key = table.name, table.key
    in_gladly = {row.record[key]: row for row in table.rows}
    rows = list(database.iter_rows(name))
    in_table = {row[key]: row for row in rows}
    others = [row for row_id, row in in_table.items() if row_id not in in_gladly]
    expired = [row for row in others if _is_expired(row, table)]
    differences = [f"{name} {row[key]} is not in Gladly" for row in others if not _is_expired(row, table)]
    differences += [f"{name} has {count} rows {row_id}" for row_id, count in _iter_repeated(rows, key)]
    for row_id, row in in_gladly.items():
        differences += [
            f"{name} {row_id} {problem}" for problem in _iter_differences(in_table.get(row_id), row)
        ]
    return Comparison(name, len(rows), len(in_gladly), len(expired), differences)


def check_files(read: Iterable[FileName], new: Iterable[FileName]) -> list[str]:
    """Return one message per new file that wasn't read exactly once, and per other file that was read."""
    counts, expected = Counter(read), set(new)
    problems = [f"{_describe(file)} was read {count} times" for file, count in counts.items() if count > 1]
    problems += [f"{_describe(file)} was read, but is not new" for file in counts if file not in expected]
    return problems + [
        f"{_describe(file)} is new, but was not read" for file in expected if file not in counts
    ]


def _describe(file: FileName) -> str:
    return " of job ".join(reversed(file))


def _iter_repeated(rows: Iterable[Mapping[str, Any]], key: str) -> Iterator[tuple[str, int]]:
    counts = Counter(row[key] for row in rows)
    return ((row_id, count) for row_id, count in counts.items() if count > 1)


def _is_expired(row: Mapping[str, Any], table: Table) -> bool:
    """Return whether the row is too old for Gladly to return."""
    age = None if table.time_column is None else row[table.time_column]
    return age is not None and age < table.oldest


def _iter_differences(found: Mapping[str, Any] | None, row: Row) -> Iterator[str]:
    """Yield one message per difference between the loaded row and Gladly's row."""
    if found is None:
        yield "is missing"
        return
    expected = _expected_row(row, found)
    for column in sorted(expected.keys() | found.keys()):
        if expected.get(column) != found.get(column):
            yield f"has a different {column}"


def _expected_row(row: Row, found: Mapping[str, Any]) -> _Record:
    """Return the row as the loader should have written it.

    The loader writes column names in lower case. A field without a column is in `_unmapped`.
    A column without a field is null.
    """
    expected: _Record = {"_unmapped": None}
    for name, value in row.record.items():
        if name.lower() in found:
            expected[name.lower()] = read_time(value) if name in {"timestamp", "updatedAt"} else value
        else:
            expected["_unmapped"] = {**(expected["_unmapped"] or {}), name: value}
    return {**expected, **row.added}
