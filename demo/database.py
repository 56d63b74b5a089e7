"""The DuckDB database that the loader writes, opened read-only."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self

DATABASE: Final = Path("output/gladly.duckdb")

_QUESTIONS: Final = Path(__file__).with_name("questions.sql")
_TITLE: Final = re.compile(r"\s*-- (.*)\n")


class Answer(NamedTuple):
    """A question and the table that answers it."""

    question: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


class Database:
    """The tables of the schema `gladly`, while the context is open."""

    def __enter__(self) -> Self:
        self._connection = duckdb.connect(str(DATABASE), read_only=True)
        # The file name sets the catalog name, so catalog and schema are both called gladly.
        self._connection.execute("USE gladly.gladly")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def list_completed_jobs(self) -> dict[str, datetime]:
        """Return the loaded completed jobs, and when each was completed."""
        rows = self._connection.execute(
            "SELECT id, updatedat FROM jobs WHERE status = 'COMPLETED'"
        ).fetchall()
        return {job_id: completed.replace(tzinfo=timezone.utc) for job_id, completed in rows}

    def iter_rows(self, table: str) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of a table, with decoded JSON and timezone-aware times."""
        relation = self._connection.table(table)
        columns = list(zip(relation.columns, map(str, relation.types), strict=True))
        for values in relation.fetchall():
            yield {name: _decode(kind, value) for (name, kind), value in zip(columns, values, strict=True)}

    def iter_answers(self) -> Iterator[Answer]:
        """Yield the answers to the questions in questions.sql."""
        for statement in _QUESTIONS.read_text("utf-8").split(";")[:-1]:
            title = _TITLE.match(statement)
            answer = self._connection.execute(statement)
            columns = [column[0] for column in answer.description]
            yield Answer(title[1] if title else "", columns, answer.fetchall())


def _decode(kind: str, value: Any) -> Any:  # noqa: ANN401  (a value of any column)
    if value is None:
        return None
    if kind == "JSON":
        return json.loads(value)
    return value.replace(tzinfo=timezone.utc) if isinstance(value, datetime) else value


def remove_database() -> None:
    """Remove the database file and the write-ahead log that an interrupted loader may leave."""
    for path in (DATABASE, DATABASE.with_name(f"{DATABASE.name}.wal")):
        path.unlink(missing_ok=True)
