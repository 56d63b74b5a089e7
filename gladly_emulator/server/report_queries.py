"""Report requests: their JSON, validated as Gladly documents it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from gladly_emulator.dataset.interface import ReportQuery
from gladly_emulator.server.http_messages import InvalidParameterError
from gladly_emulator.server.metric_sets import AGGREGATION_LEVELS, CHANNELS, METRIC_SETS, MetricSet
from gladly_emulator.timestamps import DAY, NANOSECONDS, instant_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gladly_emulator.dataset.interface import Lists

_KEYS: Final = (
    "metricSet",
    "startAt",
    "endAt",
    "timezone",
    "startAtTime",
    "endAtTime",
    "aggregationLevel",
    "filters",
)
_DATES: Final = ("startAt", "endAt", "timezone")
_TIMES: Final = ("startAtTime", "endAtTime")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MINUTE: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)Z", re.ASCII)
_PHONE: Final = re.compile(r"\+[1-9]\d{1,14}", re.ASCII)
_MAX_HALF_HOURLY: Final = 31 * DAY


def read_report_query(body: bytes, lists: Lists, now: datetime) -> ReportQuery:
    """Return the query of a report request.

    Raises:
        InvalidParameterError: Gladly would return 400.
    """
    document = _read_document(body)
    metric_set = _read_metric_set(document)
    rules = METRIC_SETS[metric_set]
    start, end, zone_name, zone = _read_range(document, rules, lists)
    return ReportQuery(
        metric_set=metric_set,
        start=start,
        end=end,
        zone_name=zone_name,
        zone=zone,
        aggregation_level=_read_aggregation(document, rules, span=end - start),
        filters=_read_filters(document, rules, lists),
        now=instant_of(now),
        document=document,
    )


def _read_document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InvalidParameterError("body", "must be a JSON object")
    for key in document:
        if key not in _KEYS:
            raise InvalidParameterError(str(key), "isn't a report parameter")
    return document


def _read_metric_set(document: Mapping[str, Any]) -> str:
    name = document.get("metricSet")
    if name is None:
        raise InvalidParameterError("metricSet", "is required", code="blank")
    if name not in METRIC_SETS:
        raise InvalidParameterError("metricSet", "is unknown")
    return str(name)


def _read_range(document: Mapping[str, Any], rules: MetricSet, lists: Lists) -> tuple[int, int, str, tzinfo]:
    if any(key in document for key in _TIMES):
        return (*_read_times(document, rules), "UTC", timezone.utc)
    if not rules.supports_dates:
        raise InvalidParameterError("startAtTime", "is required for this metric set", code="blank")
    organization = lists.get("organization")
    fallback = organization.get("timezone") if isinstance(organization, dict) else None
    zone_name = document.get("timezone", fallback or "UTC")
    zone = _read_zone(zone_name)
    start, end = (_read_day(document, key) for key in ("startAt", "endAt"))
    if end < start:
        raise InvalidParameterError("endAt", "must not be before startAt")
    days = (start, end + timedelta(days=1))
    first, end_of_last = (instant_of(datetime.combine(day, time(), zone)) for day in days)
    return first, end_of_last, str(zone_name), zone


def _read_times(document: Mapping[str, Any], rules: MetricSet) -> tuple[int, int]:
    if not rules.supports_times:
        raise InvalidParameterError("startAtTime", "doesn't apply to this metric set")
    for key in _DATES:
        if key in document:
            raise InvalidParameterError(key, "must not be combined with startAtTime and endAtTime")
    start, end = (_read_minute(document, key) for key in _TIMES)
    if end < start:
        raise InvalidParameterError("endAtTime", "must not be before startAtTime")
    # Gladly documents for one report endpoint that the end minute is included. Here it always is.
    return start, end + 60 * NANOSECONDS


def _read_zone(name: object) -> tzinfo:
    if name == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        raise InvalidParameterError("timezone", "must be an IANA time zone") from None


def _read_day(document: Mapping[str, Any], key: str) -> date:
    text = _read_text(document, key)
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise InvalidParameterError(key, "must be a date such as 2026-03-04") from None


def _read_minute(document: Mapping[str, Any], key: str) -> int:
    match = _MINUTE.fullmatch(_read_text(document, key))
    try:
        return instant_of(datetime.fromisoformat(f"{match[1] if match else ''}:00+00:00"))
    except ValueError:
        raise InvalidParameterError(key, "must be a minute such as 2026-03-04T12:00Z") from None


def _read_text(document: Mapping[str, Any], key: str) -> str:
    if document.get(key) in {None, ""}:
        raise InvalidParameterError(key, "is required", code="blank")
    return str(document[key])


def _read_aggregation(document: Mapping[str, Any], rules: MetricSet, *, span: int) -> str:
    level = document.get("aggregationLevel")
    if level is None:
        return "daily" if rules.aggregated else ""
    if not rules.aggregated:
        raise InvalidParameterError("aggregationLevel", "doesn't apply to this metric set")
    if level not in AGGREGATION_LEVELS:
        raise InvalidParameterError("aggregationLevel", f"must be one of {', '.join(AGGREGATION_LEVELS)}")
    if level == "halfHourly" and span > _MAX_HALF_HOURLY:
        raise InvalidParameterError("aggregationLevel", "halfHourly is limited to one month")
    return str(level)


def _read_filters(document: Mapping[str, Any], rules: MetricSet, lists: Lists) -> Mapping[str, Any]:
    filters = document.get("filters") or {}
    if not isinstance(filters, dict):
        raise InvalidParameterError("filters", "must be an object")
    for name, value in filters.items():
        if name not in rules.filters:
            raise InvalidParameterError(f"filters.{name}", "doesn't apply to this metric set")
        if not _is_allowed(name, value, lists):
            raise InvalidParameterError(f"filters.{name}", "has an unknown value")
    if rules.needs_phone_number and "phoneNumber" not in filters:
        raise InvalidParameterError("filters.phoneNumber", "is required", code="blank")
    return filters


def _is_allowed(name: str, value: object, lists: Lists) -> bool:
    match name:
        case "channel":
            return value in CHANNELS
        case "phoneNumber":
            return isinstance(value, str) and _PHONE.fullmatch(value) is not None
    listed = lists.get(name)
    known = {each["id"] for each in listed} if isinstance(listed, list) else set()
    return isinstance(value, list) and known.issuperset(value)
