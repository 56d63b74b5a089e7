"""Invalid `custom_reports`, and reports that Gladly rejects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from support import SETTINGS, list_errors, run_command, write_json

from gladly_emulator import Fault
from tap_gladly.streams.reports.metric_sets import METRIC_SETS
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from pathlib import Path

    from gladly_emulator import Emulator

NOON = "2026-11-24T12:00:30Z"
SUMMARY = b"Timezone Filter,Bucket Beginning,Agent ID,Logged In\r\nUTC,2026-11-23T00:00:00.000Z,a1,3\r\n"


@pytest.mark.parametrize("arguments", [["--discover"], ["--test"], []])
def test_unknown_metric_set_is_one_line(emulator: Emulator, arguments: list[str]) -> None:
    """The line lists the documented metric sets."""
    reports = json.dumps([{"metric_set": "AgentSumary"}])

    run = run_command("--config=ENV", *arguments, settings={**emulator.settings, "custom_reports": reports})

    assert run.returncode == 1
    (error,) = list_errors(run.stderr)
    assert error.startswith("Gladly rejected the report AgentSumary (400), which it doesn't document. ")
    assert all(name in error for name in METRIC_SETS)
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (Fault("status", status=401, times=None), "Gladly refused the credentials (401)"),
        (Fault("status", status=403, times=None), "Gladly refused access (403)"),
        (Fault("status", status=400, times=None), "Gladly refused /api/v1/reports at 127.0.0.1"),
        (
            Fault("body", body=b"Foo,Bar\n1,2\n", times=None),
            "lacks what its rows are told apart by: column agent_id",
        ),
        (Fault("body", body=b"{}", times=None), "is no usable report but JSON or a web page"),
    ],
    ids=["401", "403", "400", "header", "json"],
)
def test_failed_discovery_is_one_line(
    emulator: Emulator, log: pytest.LogCaptureFixture, fault: Fault, what: str
) -> None:
    """Without the header there is no catalog."""
    emulator.faults.add(fault)
    report = {"metric_set": "AgentSummaryV2", "key_columns": ["Agent ID"]}

    with pytest.raises(GladlyError, match=what):
        TapGladly(config={**emulator.settings, "custom_reports": [report]}, setup_mapper=False).catalog_dict  # noqa: B018


@pytest.mark.parametrize(
    ("reports", "problem"),
    [
        (
            [{"metric_set": "TaskExportReport"}],
            "custom_reports.0.metric_set is already built in as the stream",
        ),
        (
            [{"metric_set": "Customers"}],
            "custom_reports.0.metric_set is already built in as the stream",
        ),
        (
            [{"metric_set": "AgentSummaryV2"}, {"metric_set": "agentSummaryV2"}],
            "custom_reports.1.metric_set repeats another custom report",
        ),
        ([{"metric_set": "secret text"}], "custom_reports.0.metric_set must match ^[A-Za-z]"),
        ([{"key_columns": ["id"]}], "custom_reports.0 lacks metric_set"),
        ([{"metric_set": "X", "window_days": 0}], "custom_reports.0.window_days must be at least 1"),
        (
            [{"metric_set": "X", "aggregation_level": "secret text"}],
            "custom_reports.0.aggregation_level must be one of halfHourly, daily",
        ),
        (
            [{"metric_set": "X", "window_dayz": "secret text"}],
            "custom_reports.0 has unknown properties: 'window_dayz'",
        ),
        ([{"metric_set": "X", "key_columns": ["?"]}], "custom_reports.0.key_columns names a column without"),
        ({"metric_set": "X"}, "custom_reports must be an array"),
    ],
)
def test_invalid_settings_are_named_by_position(reports: Any, problem: str) -> None:
    """The error never quotes the value."""
    with pytest.raises(ConfigValidationError) as raised:
        TapGladly(config={**SETTINGS, "custom_reports": reports})

    (error,) = raised.value.errors
    assert error.startswith(problem)
    assert "secret text" not in error


def test_discovery_names_missing_settings(tmp_path: Path) -> None:
    """Discovery of custom reports needs the credentials, too."""
    config = write_json(tmp_path / "config.json", {"custom_reports": [{"metric_set": "AgentSummaryV2"}]})

    run = run_command(f"--config={config}", "--discover", cwd=tmp_path)

    assert run.returncode == 1
    assert any(
        "organization is missing: set TAP_GLADLY_ORGANIZATION" in line for line in list_errors(run.stderr)
    )
    assert "Traceback" not in run.stderr
