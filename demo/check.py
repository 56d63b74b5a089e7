"""What should be so, compared with what is: the files that were read, the rows in DuckDB."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from demo.shop import RETENTION, read_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from demo.database import Database
    from demo.shop import FileName, Row, Shop

_Record = dict[str, Any]


class Comparison(NamedTuple):
    """A table compared with Gladly's files.

    Attributes:
        stream: The table's name.
        in_table: How many rows the table has.
        in_files: How many rows Gladly's files make.
        only_older: How many rows come from jobs that Gladly has forgotten since.
        differences: What is wrong, a line each.
    """

    stream: str
    in_table: int
    in_files: int
    only_older: int
    differences: list[str]


def compare_table(stream: str, shop: Shop, database: Database) -> Comparison:
    """Compare every row of a table, field by field, with Gladly's own files."""
    in_files = {row.record["id"]: row for row in shop.iter_newest_rows(stream)}
    rows = list(database.iter_rows(stream))
    in_table = {row["id"]: row for row in rows}
    others = [row for row_id, row in in_table.items() if row_id not in in_files]
    older = [row for row in others if _is_forgotten(row, shop)]
    differences = [f"{stream} {row['id']} is in no file" for row in others if not _is_forgotten(row, shop)]
    differences += [f"{stream} has {count} rows {row_id}" for row_id, count in _iter_repeated(rows)]
    for row_id, row in in_files.items():
        differences += [
            f"{stream} {row_id} {problem}" for problem in _iter_problems(in_table.get(row_id), row)
        ]
    return Comparison(stream, len(rows), len(in_files), len(older), differences)


def check_reading(read: Iterable[FileName], new: Iterable[FileName]) -> list[str]:
    """Return what is wrong, a line each, unless exactly the new files were read, once each."""
    counts, due = Counter(read), set(new)
    problems = [f"{_name(file)} was read {count} times" for file, count in counts.items() if count > 1]
    problems += [f"{_name(file)} was read, but is not new" for file in counts if file not in due]
    return problems + [f"{_name(file)} is new, but was not read" for file in due if file not in counts]


def _name(file: FileName) -> str:
    return " of job ".join(reversed(file))


def _iter_repeated(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    counts = Counter(row["id"] for row in rows)
    return ((row_id, count) for row_id, count in counts.items() if count > 1)


def _is_forgotten(row: Mapping[str, Any], shop: Shop) -> bool:
    """Tell whether Gladly lists the row's job no more."""
    updated = row.get("_job_updated_at", row.get("updatedat"))
    return updated is not None and updated < shop.now - RETENTION


def _iter_problems(found: Mapping[str, Any] | None, row: Row) -> Iterator[str]:
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
    if row.job is not None:
        expected |= {"_job_id": row.job["id"], "_job_updated_at": read_time(row.job["updatedAt"])}
    return expected
