"""The command `python -m demo`: load, show, check."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from demo.check import Comparison, check_reading, compare_table
from demo.database import DATABASE, Database, remove_database
from demo.load import LOG_FILE, Load, LoadError, list_loaded_jobs, make_command, run_meltano
from demo.report import REPORT, check_windows, make_report_table, plan_days
from demo.shop import Shop, visit_shop
from demo.show import format_count, print_table, print_text
from gladly_emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = 130
_SHOWN_PROBLEMS = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tour and return its exit status: 0 if DuckDB has what Gladly has."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--from-scratch", action="store_true", help="remove the database of the runs before")
    start.add_argument("--again", action="store_true", help="fail unless a run before has left a database")
    options = parser.parse_args(argv)
    if options.from_scratch:
        remove_database()
    try:
        problems = _guide(again=options.again)
    except LoadError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        _fail("it was interrupted; the next run starts from the beginning.")
        return _INTERRUPTED
    return _fail(_describe(problems)) if problems else 0


def _guide(*, again: bool) -> list[str]:
    """Load, show and check; return what is wrong, a line each."""
    loaded = list_loaded_jobs()
    if again and not loaded:
        raise LoadError("There is no database from a run before.")
    shop, days = visit_shop(loaded), plan_days()
    command = make_command()
    _print_start(shop, command)
    with Emulator(shop.exports, clock=lambda: shop.now) as emulator:
        load = run_meltano(command, emulator, file_count=len(shop.new_files), start=days.first)
    _print_load(load)
    with Database() as database:
        tables = [*shop.iter_tables(), make_report_table(shop, days, load.windows)]
        comparisons = [compare_table(table, database) for table in tables]
        _print_comparisons(comparisons)
        for answer in database.iter_answers():
            print_table(answer.question, answer.columns, answer.rows)
    problems = check_reading(load.files, shop.new_files) + check_windows(load.windows, days)
    problems += [difference for comparison in comparisons for difference in comparison.differences]
    if not problems:
        _print_end()
    return problems


def _print_start(shop: Shop, command: Sequence[str]) -> None:
    print_text(
        "An invented lamp shop stands in for Gladly: an emulator on this machine, with Gladly's limit of "
        f"10 requests a second. It is {shop.now:%A, %Y-%m-%d %H:%M} UTC there. "
        f"Gladly lists {format_count(len(shop.jobs), 'hourly export job')} of the last 14 days; new here: "
        f"{format_count(len(shop.new_jobs), 'job')} with {format_count(len(shop.new_files), 'file')}. "
        f"One report is loaded besides what is on by default: {REPORT}."
    )
    print(f"$ {' '.join(command)}", flush=True)


def _print_load(load: Load) -> None:
    print_text(
        f"{format_count(len(load.files), 'file')} and {format_count(len(load.windows), 'report')} loaded in "
        f"{load.loading_seconds:.0f} s, after {load.starting_seconds:.0f} s to install and start. "
        f"Log: {LOG_FILE}"
    )


def _print_comparisons(comparisons: Sequence[Comparison]) -> None:
    header = ("table", "rows", "in Gladly", "only here", "differences")
    rows = [(*comparison[:4], len(comparison.differences)) for comparison in comparisons]
    print_table(f"What is in {DATABASE}, schema gladly", header, rows)


def _print_end() -> None:
    print_text(
        "Checked: every new file was read once and no other, the report for each of its days, and every row "
        "is, field by field, the newest that Gladly has under its key. Run it again: it is later in the shop "
        "then, and only what is new or may have changed is read."
    )


def _describe(problems: Sequence[str]) -> str:
    shown = "\n".join(f"  {problem}" for problem in problems[:_SHOWN_PROBLEMS])
    rest = f"\n  and {len(problems) - _SHOWN_PROBLEMS:,} more" if len(problems) > _SHOWN_PROBLEMS else ""
    return (
        f"{format_count(len(problems), 'difference')} between Gladly and DuckDB:\n{shown}{rest}\n"
        f"Remove {DATABASE} to let the next run start from the beginning."
    )


def _fail(text: str) -> int:
    print(f"The demo failed: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
