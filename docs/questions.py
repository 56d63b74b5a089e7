"""Run the SQL of docs/questions.md on a database, and show, check or write what it returns."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Query = Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]

PAGE: Final = Path(__file__).with_suffix(".md")

_QUESTION: Final = re.compile(
    r"^## \d+\. (?P<title>.+)\n(?P<text>(?:(?!^## |^```).*\n)*)"
    r"```sql\n(?P<statement>(?:.*\n)*?)```\n\n```text\n(?P<answer>(?:.*\n)*?)```$",
    re.MULTILINE,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0, or 1 if an answer isn't the one on the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", help="a DuckDB file, or a PostgreSQL address (postgresql://...)")
    parser.add_argument(
        "--schema", default="gladly_models", help="schema of the marts (default: %(default)s)"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="fail unless the answers are those of the page")
    what.add_argument("--write", action="store_true", help="write the answers into the page")
    options = parser.parse_args(argv)
    page = PAGE.read_text(encoding="utf-8")
    connect = _connect_postgres if options.database.startswith("postgresql://") else _connect_duckdb
    connection = connect(options.database, options.schema)
    with closing(connection):
        answers = _ask_all(page, lambda statement: _ask(connection, statement))
    if options.write:
        PAGE.write_text(_fill_in(page, answers), encoding="utf-8")
    elif options.check:
        return _check(page, answers)
    else:
        for title, answer in answers.items():
            sys.stdout.write(f"{title}\n\n{answer}\n")
    return 0


def _connect_duckdb(database: str, schema: str) -> Any:  # noqa: ANN401  (each driver has its own class)
    import duckdb  # noqa: PLC0415  (only the environments with a database have it)

    connection = duckdb.connect(database, read_only=True)
    connection.execute(f'USE "{Path(database).stem}"."{schema}"')
    return connection


def _connect_postgres(database: str, schema: str) -> Any:  # noqa: ANN401
    import psycopg  # noqa: PLC0415

    return psycopg.connect(database, options=f"-c search_path={schema}")


def _ask(connection: Any, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:  # noqa: ANN401
    cursor = connection.execute(statement)
    return [column[0] for column in cursor.description], cursor.fetchall()


def _ask_all(page: str, ask: Query) -> dict[str, str]:
    """Return the answer to each question, as a table of text, by the question."""
    return {match["title"]: _format_table(*ask(match["statement"])) for match in _QUESTION.finditer(page)}


def _fill_in(page: str, answers: dict[str, str]) -> str:
    """Return the page with these answers."""

    def replace(match: re.Match[str]) -> str:
        start, end = (place - match.start() for place in match.span("answer"))
        return f"{match[0][:start]}{answers[match['title']]}{match[0][end:]}"

    return _QUESTION.sub(replace, page)


def _check(page: str, answers: dict[str, str]) -> int:
    """Report the questions whose answer differs from the page's."""
    shown = {match["title"]: match["answer"] for match in _QUESTION.finditer(page)}
    for title, answer in answers.items():
        if shown[title] != answer:
            sys.stderr.write(f"{title}\n\nThe page shows:\n{shown[title]}\nThe database returns:\n{answer}\n")
    return int(shown != answers)


def _format_table(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """Return lines of aligned cells: numbers to the right, everything else to the left."""
    cells = [names, *([_format(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    is_text = [any(isinstance(row[place], str) for row in rows) for place in range(len(names))]
    lines = [
        " | ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, is_text, strict=True)
        ).rstrip()
        for row in cells
    ]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return "".join(f"{line}\n" for line in lines)


def _format(value: object) -> str:
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
