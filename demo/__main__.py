"""The command `python -m demo`: load the emulator into DuckDB with Meltano, show tables, check rows."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from demo.check import Comparison, check_files, compare_table
from demo.database import DATABASE, Database, remove_database
from demo.load import LOG_FILE, Load, LoadError, list_loaded_jobs, make_command, run_meltano
from demo.report import REPORT, check_windows, list_report_days, make_report_table
from demo.shop import Shop, open_shop
from demo.show import format_count, print_table, print_text
from gladly_emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = 130
_SHOWN_PROBLEMS = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code: 0 if DuckDB has the same rows as Gladly."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--from-scratch", action="store_true", help="remove the database of earlier runs")
    start.add_argument("--again", action="store_true", help="fail unless an earlier run left a database")
    options = parser.parse_args(argv)
    if options.from_scratch:
        remove_database()
    try:
        problems = _run_demo(again=options.again)
    except LoadError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted. The next run starts from the beginning.")
        return _INTERRUPTED
    return _fail(_describe(problems)) if problems else 0


def _run_demo(*, again: bool) -> list[str]:
    """Load, show and check the data. Return one message per problem."""
    loaded = list_loaded_jobs()
    if again and not loaded:
        raise LoadError("there is no database from an earlier run.")
    shop, days = open_shop(loaded), list_report_days()
    command = make_command()
    _print_intro(shop, command)
    with Emulator(shop.exports, clock=lambda: shop.now) as emulator:
        load = run_meltano(command, emulator, file_count=len(shop.new_files), start=days.first)
    _print_load(load)
    with Database() as database:
        tables = [*shop.iter_tables(), make_report_table(shop, days, load.windows)]
        comparisons = [compare_table(table, database) for table in tables]
        _print_comparisons(comparisons)
        for answer in database.iter_answers():
            print_table(answer.question, answer.columns, answer.rows)
    problems = check_files(load.files, shop.new_files) + check_windows(load.windows, days)
    problems += [difference for comparison in comparisons for difference in comparison.differences]
    if not problems:
        _print_result()
    return problems


def _print_intro(shop: Shop, command: Sequence[str]) -> None:
    print_text(
        "This demo loads an invented lamp shop from a Gladly emulator on this machine, which applies "
        f"Gladly's limit of 10 requests per second. The emulator's clock shows {shop.now:%A, %Y-%m-%d %H:%M} "
        f"UTC. It lists {format_count(len(shop.jobs), 'hourly export job')} from the last 14 days. Not "
        f"loaded yet: {format_count(len(shop.new_jobs), 'job')} with "
        f"{format_count(len(shop.new_files), 'file')}. In addition to the default streams, the demo selects "
        f"one report: {REPORT}."
    )
    print(f"$ {' '.join(command)}", flush=True)


def _print_load(load: Load) -> None:
    print_text(
        f"Meltano loaded {format_count(len(load.files), 'file')} and "
        f"{format_count(len(load.windows), 'report')} in {load.loading_seconds:.0f} s, after "
        f"{load.starting_seconds:.0f} s to install plugins and start. Log: {LOG_FILE}"
    )


def _print_comparisons(comparisons: Sequence[Comparison]) -> None:
    header = ("table", "rows", "in Gladly", "expired", "differences")
    rows = [(*comparison[:4], len(comparison.differences)) for comparison in comparisons]
    print_table(f"Tables in {DATABASE}, schema gladly", header, rows)


def _print_result() -> None:
    print_text(
        "Checked: the tap read every new file once and no other file, and the report for each day. Every row "
        "equals, field by field, the newest row in Gladly with its key. Run the demo again: the emulator's "
        "clock will be later, and the tap will load only new data and rows that may have changed."
    )


def _describe(problems: Sequence[str]) -> str:
    shown = "\n".join(f"  {problem}" for problem in problems[:_SHOWN_PROBLEMS])
    rest = f"\n  and {len(problems) - _SHOWN_PROBLEMS:,} more" if len(problems) > _SHOWN_PROBLEMS else ""
    return (
        f"{format_count(len(problems), 'difference')} between Gladly and DuckDB:\n{shown}{rest}\n"
        f"Remove {DATABASE} to start the next run from the beginning."
    )


def _fail(text: str) -> int:
    print(f"The demo failed: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
