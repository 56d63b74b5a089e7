"""Invalid `custom_reports`, and reports that Gladly rejects at discovery."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from support import SETTINGS, catalog_entry, list_errors, list_warnings, run_command, write_json

from gladly_emulator import Fault
from tap_gladly.streams.reports import custom
from tap_gladly.streams.reports.metric_sets import METRIC_SETS
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from pathlib import Path

    from gladly_emulator import Emulator

REPORT = {"metric_set": "AgentSummaryV2", "key_columns": ["Agent ID"]}


@pytest.mark.parametrize("arguments", [["--discover"], []])
def test_unknown_metric_set_is_one_warning(emulator: Emulator, arguments: list[str]) -> None:
    """It names the report and lists the documented metric sets. Nothing else fails."""
    reports = json.dumps([{"metric_set": "AgentSumary"}])

    run = run_command("--config=ENV", *arguments, settings={**emulator.settings, "custom_reports": reports})

    assert run.returncode == 0
    (warning,) = [line for line in run.stderr.splitlines() if "agent_sumary: discovery" in line]
    assert "| WARNING" in warning
    assert "(400 metricSet invalid). Gladly doesn't document this metric set." in warning
    assert all(name in warning for name in METRIC_SETS)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("status", status=401, times=None), "Gladly rejected the credentials (401)"),
        (Fault("status", status=403, times=None), "Gladly denied access (403)"),
        (Fault("status", status=400, times=None), "AgentSummaryV2: Gladly rejected /api/v1/reports"),
        (Fault("status", status=503, times=None), "Gladly returned 503"),
        (Fault("body", body=b"Foo,Bar\n1,2\n", times=None), "lacks the key columns agent_id"),
        (Fault("body", body=b"{}", times=None), "is not a report: it is JSON or HTML"),
    ],
    ids=["401", "403", "400", "503", "header", "json"],
)
def test_discovery_survives_a_failing_report(
    emulator: Emulator,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    reason: str,
) -> None:
    """The stream gets its key, `_window_end` and `_unmapped`; a warning names the stream and the reason."""
    monkeypatch.setattr(custom, "DISCOVERY_OUTAGE_SECONDS", 0.1)
    emulator.faults.add(fault)

    catalog = TapGladly(
        config={**emulator.settings, "custom_reports": [REPORT]}, setup_mapper=False
    ).catalog_dict

    entry = catalog_entry(catalog, "agent_summary_v2")
    assert list(entry["schema"]["properties"]) == ["_row_key", "agent_id", "_window_end", "_unmapped"]
    warning = list_warnings(log)[-1]
    assert warning.startswith("agent_summary_v2: discovery found no columns")
    assert reason in warning


@pytest.mark.parametrize(
    ("reports", "problem"),
    [
        (
            [{"metric_set": "TaskExportReport", "key_columns": ["id"], "aggregation_level": "daily"}],
            "custom_reports.0 can't set aggregation_level, key_columns, because task_export_report is a built-in",
        ),
        (
            [{"metric_set": "Customers"}],
            "custom_reports.0.metric_set is already built in as the stream customers",
        ),
        (
            [{"metric_set": "AgentSummaryV2"}, {"metric_set": "agentSummaryV2"}],
            "custom_reports.1.metric_set repeats another custom report",
        ),
        (
            [{"metric_set": "TaskExportReport"}, {"metric_set": "TaskExportReport"}],
            "custom_reports.1.metric_set repeats another custom report",
        ),
        (
            [{"metric_set": "secret text"}],
            "custom_reports.0.metric_set must be Gladly's name for the report, such as AgentSummaryV2",
        ),
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
        (
            [{"metric_set": "X", "key_columns": ["id", "_unmapped"]}],
            "custom_reports.0.key_columns can't contain _unmapped, which the tap adds to each row",
        ),
        (
            [{"metric_set": "X", "key_columns": ["_row_key", "_row_hash"]}],
            "custom_reports.0.key_columns can't contain _row_hash, _row_key, which the tap adds",
        ),
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
