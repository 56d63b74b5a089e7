"""The command `tap-gladly-shape`."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from support import rows_named, tap_environment

from gladly_emulator import Emulator, Fault, GeneratedExports, ReportLimits
from tap_gladly.shape.observations import PathTypes, describe_cell, describe_order, describe_windows
from tap_gladly.shape.report import FILES
from tap_gladly.streams.events import ENTITIES
from tap_gladly.streams.export.job import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gladly_emulator import StaticExports

SCHEMA = {
    "properties": {
        "name": {"type": ["string", "null"]},
        "tags": {"type": ["array", "null"], "items": {"type": ["string"]}},
        "size": {"type": ["number", "null"]},
    }
}
SHORTEST_VALUE = 4
WORKDAY = datetime(2026, 11, 24, 16, tzinfo=timezone.utc)


def run_shape(emulator: Emulator, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command against an emulator."""
    return subprocess.run(
        [sys.executable, "-m", "tap_gladly.shape", "--config=ENV"],
        env=tap_environment(emulator.settings, **environment),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def move_clock(emulator: Emulator, moment: datetime) -> dict[str, str]:
    """Move the emulator's clock to a moment, and return the variables that move a subprocess's clock there."""
    shift = moment - emulator.now
    emulator.advance(shift)
    offset = float(os.environ.get("CLOCK_OFFSET", "0")) + shift.total_seconds()
    folders = [str(Path(__file__).parents[1] / "shifted_clock"), os.environ.get("PYTHONPATH", "")]
    return {"CLOCK_OFFSET": str(offset), "PYTHONPATH": os.pathsep.join(filter(None, folders))}


def fetch_again(emulator: Emulator) -> Iterator[tuple[str, bytes]]:
    """Send each request once more, and yield content type and body of the response."""
    for request in emulator.requests:
        response = requests.request(
            request.method,
            emulator.url + request.target,
            data=request.body,
            headers={"Authorization": request.headers["Authorization"]},
            timeout=10,
        )
        response.raise_for_status()
        yield response.headers["Content-Type"], response.content


def read_bodies(bodies: Iterable[tuple[str, bytes]]) -> tuple[set[str], set[str]]:
    """Return the names (of properties and columns) and the values in the bodies of responses."""
    names: set[str] = set()
    values: set[str] = set()
    for kind, body in bodies:
        if kind.startswith("text/csv"):
            header, *rows = csv.reader(body.decode().splitlines())
            names.update(header)
            values.update(cell for row in rows for cell in row)
            continue
        for text in body.splitlines() if "lines" in kind or "ndjson" in kind else [body]:
            for name, value in iter_members(json.loads(text)):
                names.add(name)
                values.add(value)
    return names, values


def iter_members(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every value at any depth as text, with the name of the property that contains it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, ""
            yield from iter_members(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from iter_members(inner, name)
    else:
        yield name, str(value)


def test_report_contains_no_value_of_an_account() -> None:
    """No value of a generated organization's files, lists, events and reports appears in its report."""
    exports = GeneratedExports(seed=7, conversations_per_hour=20)
    with Emulator(exports, requests_per_second=None, report_limits=None) as emulator:
        run = run_shape(emulator, **move_clock(emulator, WORKDAY))
        names, values = read_bodies(fetch_again(emulator))

    report = run.stdout
    assert run.returncode == 0, run.stderr
    assert "failed" not in report
    assert len(values) > 10_000
    assert set(STATUSES) & values
    known = {*names, *STATUSES, *ENTITIES, *(f"{stream.name}.jsonl" for stream in FILES), "true", "false"}
    suspects = {value for value in values - known if len(value) >= SHORTEST_VALUE and value in report}
    assert {value for value in suspects if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", report)} == set()
    assert "| `emailAddresses[]` | string" in report
    assert "| First Closed At |" in report


def test_report_answers_every_question_that_a_sample_can_answer() -> None:
    """Q4 and Q10 need requests that the tap doesn't make; the order of jobs is the part of Q4 that shows."""
    exports = GeneratedExports(seed=7, conversations_per_hour=20)
    with Emulator(exports, report_limits=ReportLimits(minute_seconds=0)) as emulator:
        report = run_shape(emulator, **move_clock(emulator, WORKDAY)).stdout

    assert set(re.findall(r"\bQ\d+\b", report.split("\n## ", 1)[1])) == {
        f"Q{number}" for number in range(1, 10)
    }
    assert re.search(
        r"events for `CONVERSATION`: assignee changes: \d+, own: \d+; order: ascending \(Q9\)", report
    )
    assert re.search(r"the newest export file contains \d+ of them \(Q1\)", report)


def test_report_names_headers_of_rejected_requests(emulator: Emulator) -> None:
    """A 429 response is counted with the names of its headers, and repeated."""
    emulator.faults.add(Fault("status", path="/teams", status=429, headers={"Retry-After": "0"}))

    run = run_shape(emulator)

    assert run.returncode == 0
    assert re.search(r"\| teams \| 429 \| 1 \| .*retry-after: 1", run.stdout)
    assert re.search(r"\| teams \| 200 \| 1 \| ", run.stdout)


def test_report_hides_keys_that_may_be_data(exports: StaticExports, emulator: Emulator) -> None:
    """Keys of maps, and keys that look like ids, are replaced."""
    row = {"id": "c1", "externalCustomerIds": {"MAUDSHOP": "7"}, "byId": {"iTviOIsJGp1YfzYPeM5RQg": {"a": 1}}}
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": json.dumps(row).encode()})

    report = run_shape(emulator).stdout

    assert "| `externalCustomerIds.(other key)` | string 1 | undeclared |" in report
    assert "| `byId.(other key).a` | integer 1 | undeclared |" in report
    assert not re.search("MAUDSHOP|iTviOIsJGp1YfzYPeM5RQg", report)


@pytest.mark.parametrize(
    "body",
    [b"Maud Applegarth,c1\nIda Brass,c2\n", b"Made for Maud Applegarth\nTopic ID,Topic\nt1,Lamps\n"],
)
def test_report_hides_a_first_row_without_declared_columns(
    exports: StaticExports, emulator: Emulator, body: bytes
) -> None:
    """The first row of a report shows only if it is a header: it may hold values otherwise."""
    exports.reports.put("ConversationExportReport", body)

    report = run_shape(emulator).stdout

    assert not re.search("Maud|Ida|Topic ID", report)
    assert (
        "starts with a row that has no declared column (Q5)"
        in report.split("### ConversationExportReport")[1]
    )


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


def test_report_continues_after_a_failure(exports: StaticExports, emulator: Emulator) -> None:
    """A section whose request fails names the error, and the next sections follow."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": rows_named("c1")})
    exports.change_job("j1", files=["customers.jsonl", "agents.jsonl"])
    emulator.faults.add(Fault("status", path="/teams", status=403))

    run = run_shape(emulator)

    assert run.returncode == 0
    assert "- failed: NotFoundError" in run.stdout
    assert "### teams\n\n- failed: AccessDeniedError\n" in run.stdout
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
        ([(0, 1), (1, 2), (3, 4)], "adjacent: 1, gap: 1"),
        ([(0, 2), (1, 3)], "overlap: 1"),
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
