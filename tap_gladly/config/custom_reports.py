"""The setting `custom_reports`: its schema and its validation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

METADATA_COLUMNS = frozenset({"_unmapped", "_row_hash", "_row_key"})
"""Columns that the tap adds to reports, and that can't identify a row."""
_OVERRIDES = frozenset({"metric_set", "window_days", "look_back_days", "filters"})
_LETTER_OR_DIGIT = re.compile("[A-Za-z0-9]")

CUSTOM_REPORTS = th.Property(
    "custom_reports",
    th.ArrayType(
        th.ObjectType(
            th.Property(
                "metric_set",
                th.StringType(nullable=False, pattern="^[A-Za-z][A-Za-z0-9]{0,99}$"),
                required=True,
                title="Metric set",
                description="Gladly's name for the report, such as AgentSummaryV2.",
            ),
            th.Property(
                "key_columns",
                th.ArrayType(th.StringType(nullable=False)),
                title="Key columns",
                description="Columns that identify a row. If not set, the key is a hash of the row. Include "
                "`_window_end` if the report has no date column.",
            ),
            th.Property(
                "window_days",
                th.IntegerType(minimum=1, maximum=366),
                title="Window days",
                description="Days per request. The default is 1, or that of the built-in report.",
            ),
            th.Property(
                "look_back_days",
                th.IntegerType(minimum=0, maximum=3660),
                title="Look-back days",
                description="Days before the bookmark to request again in every run. The default is one window, "
                "or that of the built-in report.",
            ),
            th.Property(
                "aggregation_level",
                th.StringType(allowed_values=["halfHourly", "daily", "weekly", "monthly", "quarterly"]),
                title="Aggregation level",
                description="Value of aggregationLevel in the request, for metric sets that support it.",
            ),
            th.Property(
                "filters",
                th.ObjectType(additional_properties=True),
                title="Filters",
                description="Value of filters in the request, for metric sets that support them.",
            ),
            additional_properties=False,
        )
    ),
    title="Custom reports",
    description="Additional reports, each loaded as its own stream: a JSON array of objects with "
    "`metric_set` and, optionally, `key_columns`, `window_days`, `look_back_days`, `aggregation_level` and "
    "`filters`. For a built-in report, `window_days`, `look_back_days` and `filters` replace its own.",
)


def iter_report_errors(
    reports: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    *,
    streams: Collection[str],
    built_in_reports: Collection[str],
) -> Iterator[str]:
    """Yield one message per problem that the schema of the setting doesn't cover.

    Args:
        reports: The setting.
        names: The stream name of each report, in the same order.
        streams: Names of the built-in streams.
        built_in_reports: Names of those that are reports. An entry may change their windows and filters.
    """
    for index, (report, name) in enumerate(zip(reports, names, strict=True)):
        setting = f"custom_reports.{index}"
        if name in built_in_reports and (
            fixed := sorted({key for key, it in report.items() if it} - _OVERRIDES)
        ):
            yield f"{setting} can't set {', '.join(fixed)}, because {name} is a built-in report"
        elif name in streams and name not in built_in_reports:
            yield f"{setting}.metric_set is already built in as the stream {name}"
        elif name in names[:index]:
            yield f"{setting}.metric_set repeats another custom report"
        columns = report.get("key_columns") or ()
        if added := sorted(METADATA_COLUMNS.intersection(columns)):
            yield f"{setting}.key_columns can't contain {', '.join(added)}, which the tap adds to each row"
        elif not all(map(_LETTER_OR_DIGIT.search, columns)):
            yield f"{setting}.key_columns names a column without a letter or digit"
