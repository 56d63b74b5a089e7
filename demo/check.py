"""What should be so, compared with what is: the files that were read, the rows in DuckDB."""

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
    """A table compared with what Gladly has.

    Attributes:
        table: The table's name.
        in_table: How many rows the table has.
        in_gladly: How many rows Gladly's jobs, files, lists or reports make.
        only_older: How many rows are from runs before, of what Gladly does not tell of any more.
        differences: What is wrong, a line each.
    """

    table: str
    in_table: int
    in_gladly: int
    only_older: int
    differences: list[str]


def compare_table(table: Table, database: Database) -> Comparison:
    """Compare every row of a table, field by field, with what Gladly has."""
    name, key = table.name, table.key
    in_gladly = {row.record[key]: row for row in table.rows}
    rows = list(database.iter_rows(name))
    in_table = {row[key]: row for row in rows}
    others = [row for row_id, row in in_table.items() if row_id not in in_gladly]
    older = [row for row in others if _is_older(row, table)]
    differences = [f"{name} {row[key]} is not in Gladly" for row in others if not _is_older(row, table)]
    differences += [f"{name} has {count} rows {row_id}" for row_id, count in _iter_repeated(rows, key)]
    for row_id, row in in_gladly.items():
        differences += [
            f"{name} {row_id} {problem}" for problem in _iter_config_errors(in_table.get(row_id), row)
        ]
    return Comparison(name, len(rows), len(in_gladly), len(older), differences)


def check_reading(read: Iterable[FileName], new: Iterable[FileName]) -> list[str]:
    """Return what is wrong, a line each, unless exactly the new files were read, once each."""
    counts, due = Counter(read), set(new)
    problems = [f"{_name(file)} was read {count} times" for file, count in counts.items() if count > 1]
    problems += [f"{_name(file)} was read, but is not new" for file in counts if file not in due]
    return problems + [f"{_name(file)} is new, but was not read" for file in due if file not in counts]


def _name(file: FileName) -> str:
    return " of job ".join(reversed(file))


def _iter_repeated(rows: Iterable[Mapping[str, Any]], key: str) -> Iterator[tuple[str, int]]:
    counts = Counter(row[key] for row in rows)
    return ((row_id, count) for row_id, count in counts.items() if count > 1)


def _is_older(row: Mapping[str, Any], table: Table) -> bool:
    """Tell whether the row is of what Gladly does not tell of any more."""
    age = None if table.aged_by is None else row[table.aged_by]
    return age is not None and age < table.oldest


def _iter_config_errors(found: Mapping[str, Any] | None, row: Row) -> Iterator[str]:
    """Yield what is wrong with the row found in a table."""
    if found is None:
        yield "is missing"
        return
    expected = _expect(row, found)
    for column in sorted(expected.keys() | found.keys()):
        if expected.get(column) != found.get(column):
            yield f"has another {column}"


def _expect(row: Row, found: Mapping[str, Any]) -> _Record:
    """Return the row as the loader should have written it.

    The loader writes column names in lower case. A field that has no column of its own
    is in `_unmapped`; one that a record lacks is null.
    """
    expected: _Record = {"_unmapped": None}
    for name, value in row.record.items():
        if name.lower() in found:
            expected[name.lower()] = read_time(value) if name in {"timestamp", "updatedAt"} else value
        else:
            expected["_unmapped"] = {**(expected["_unmapped"] or {}), name: value}
    return {**expected, **row.added}
