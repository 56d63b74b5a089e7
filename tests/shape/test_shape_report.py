"""The command `tap-gladly-shape`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support import rows_named, tap_environment

from gladly_emulator import Emulator, GeneratedExports, ReportLimits
from tap_gladly.shape.observations import PathTypes, describe_cell, describe_order, describe_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator import StaticExports

SCHEMA = {
    "properties": {
        "name": {"type": ["string", "null"]},
        "tags": {"type": ["array", "null"], "items": {"type": ["string"]}},
        "size": {"type": ["number", "null"]},
    }
}
_SHORTEST_VALUE = 4


def run_shape(emulator: Emulator) -> subprocess.CompletedProcess[str]:
    """Run the command against an emulator."""
    return subprocess.run(
        [sys.executable, "-m", "tap_gladly.shape", "--config=ENV"],
        env=tap_environment(emulator.settings),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def iter_texts(value: object) -> Iterator[str]:
    """Yield every string value at any depth."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from iter_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from iter_texts(inner)
    elif isinstance(value, str):
        yield value


def test_report_contains_no_value_of_an_account() -> None:
    """No text of a generated organization's export files and lists appears in its report."""
    exports = GeneratedExports(seed=7, conversations_per_hour=20)
    with Emulator(exports, report_limits=ReportLimits(minute_seconds=0)) as emulator:
        run = run_shape(emulator)
        values: set[str] = set()
        for job in exports.jobs(emulator.now)[-24:]:
            for name in job.get("files", ()):
                body = exports.open_file(job["id"], name, now=emulator.now)
                for line in b"".join(body or ()).splitlines():
                    values.update(iter_texts(json.loads(line)))

    assert run.returncode == 0, run.stderr
    found = {text for text in values if len(text) >= _SHORTEST_VALUE and f" {text} " in f" {run.stdout} "}
    assert len(values) > 100
    assert not found
    assert "| `emailAddresses[]` | string" in run.stdout
    assert "| First Closed At |" in run.stdout


def test_report_names_what_the_schema_lacks(exports: StaticExports, emulator: Emulator) -> None:
    """Undeclared properties and unexpected types are marked; the values stay out."""
    body = b'{"id":"c1","name":7,"tier":{"secret-level":"oak"}}\nnot a row\n'
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": body})

    report = run_shape(emulator).stdout

    assert "| `name` | integer 1 | declared string, null |" in report
    assert "| `tier` | object 1 | undeclared |" in report
    assert "| `tier.(other key)` | string 1 | undeclared |" in report
    assert "1 records, 1 malformed lines" in report
    assert "oak" not in report


def test_report_goes_on_after_a_failure(exports: StaticExports, emulator: Emulator) -> None:
    """A section whose request fails says so, and the next sections follow."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": rows_named("c1")})
    exports.change_job("j1", files=["customers.jsonl", "agents.jsonl"])

    run = run_shape(emulator)

    assert run.returncode == 0
    assert "- failed: NotFoundError" in run.stdout
    assert "## Reports" in run.stdout


def test_path_types_counts_types_and_fraction_digits() -> None:
    """Each path has the types of its values; timestamps add their fraction digits."""
    found = PathTypes(SCHEMA)
    found.add({"name": "2026-11-20T07:00:00.25Z", "tags": ["a", 1], "size": 3})
    found.add({"name": None, "size": 2.5, "extra": True})

    assert list(found.iter_rows()) == [
        ("extra", "boolean 1", "undeclared"),
        ("name", "null 1, string 1", ""),
        ("size", "integer 1, number 1", ""),
        ("tags", "array 1", ""),
        ("tags[]", "integer 1, string 1", "declared string"),
    ]
    assert dict(found.fractions) == {2: 1}


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("", "empty"),
        ("12", "integer"),
        ("-1.50", "decimal number"),
        ("true", "true or false"),
        ("FALSE", "TRUE or FALSE"),
        ("Yes", "yes or no"),
        ("2026-11-20", "date"),
        ("2026-11-20T07:00:00.123Z", "timestamp, 3 fraction digits, Z"),
        ("2026-11-20 07:00:00", "timestamp, 0 fraction digits, no offset"),
        ("2026-11-20T07:00:00+01:00", "timestamp, 0 fraction digits, offset"),
        ("[MAIL, SMS]", "list in brackets"),
        ("Anna", "other text"),
    ],
)
def test_describe_cell_names_the_format(text: str, description: str) -> None:
    """A cell is described by its format alone."""
    assert describe_cell(text) == description


@pytest.mark.parametrize(
    ("spans", "description"),
    [
        ([(0, 1)], "fewer than two windows"),
        ([(0, 1), (1, 2), (3, 4)], "1 adjacent, 1 gap"),
        ([(0, 2), (1, 3)], "1 overlap"),
    ],
)
def test_describe_windows_compares_neighbors(spans: list[tuple[int, int]], description: str) -> None:
    """Neighboring windows are adjacent, overlap, or leave a gap."""
    assert describe_windows(spans) == description


@pytest.mark.parametrize(
    ("values", "order"),
    [([1, 2, 2], "ascending"), ([3, 1], "descending"), ([1, 3, 2], "neither ascending nor descending")],
)
def test_describe_order(values: list[Any], order: str) -> None:
    """Values ascend, descend, or do neither."""
    assert describe_order(values) == order
