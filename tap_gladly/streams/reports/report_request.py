"""Report requests: their JSON body, the spans they can cover, and the checks that a response has to pass."""

from __future__ import annotations

from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from singer_sdk.exceptions import RetriableAPIError

from tap_gladly.exceptions import MissingColumnsError, RequestRejectedError, UnknownMetricSetError
from tap_gladly.streams.reports.bodies import ReportBody, read_report
from tap_gladly.streams.reports.metric_sets import METRIC_SETS
from tap_gladly.streams.reports.windows import Window, halve
from tap_gladly.timestamps import DAY, MINUTE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import requests


class ReportSource(NamedTuple):
    """What Gladly accepts for one report."""

    metric_set: str
    supports_dates: bool
    """Whether a request may name days."""
    supports_times: bool
    """Whether a request may name minutes."""
    extra_params: Mapping[str, Any]
    """Request parameters besides the metric set and the span."""

    def clip(self, span: Window, *, now: int) -> Window:
        """Return the part of a span that can be requested by now: up to tonight, or to the last minute."""
        midnight = now - now % DAY + DAY
        past = Window(span.start, min(span.end, midnight))
        return past if self.supports_dates else _end_at_minute(past, now)

    def split(self, span: Window, *, now: int) -> list[Window]:
        """Return two halves of a span, of whole days or minutes; nothing if it can't be split further."""
        days = halve(span, DAY) if self.supports_dates and span.has_whole_days else []
        return days or (halve(_end_at_minute(span, now), MINUTE) if self.supports_times else [])

    def make_body(self, span: Window) -> dict[str, Any]:
        """Return the JSON body of a request."""
        by_day = self.supports_dates and span.has_whole_days
        dates = span.to_days() if by_day else span.to_minutes()
        return {"metricSet": self.metric_set, **dates, **self.extra_params}

    def explain(self, error: RequestRejectedError) -> RequestRejectedError:
        """Return an error that names the report if Gladly rejected the request (400)."""
        if error.status != HTTPStatus.BAD_REQUEST:
            return error
        if self.metric_set in METRIC_SETS:
            return RequestRejectedError(f"{self.metric_set}: {error}", status=error.status)
        return UnknownMetricSetError(
            f"{self.metric_set}: {error} Gladly doesn't document this metric set. "
            f"Documented metric sets: {', '.join(METRIC_SETS)}.",
            status=error.status,
        )

    def read(
        self,
        response: requests.Response,
        file: IO[bytes],
        *,
        span: Window,
        required: Collection[str],
        known: Collection[str],
    ) -> ReportBody:
        """Check that a response is the requested report.

        Args:
            response: The response to the request.
            file: Its body.
            span: What the request covers.
            required: Columns that the report must have.
            known: Declared columns. A report with none of them is a different one.

        Raises:
            RetriableAPIError: The response isn't a report.
            MissingColumnsError: The report lacks its columns. Another request wouldn't return them.
        """
        try:
            body = read_report(response, file, known=known)
        except ValueError as error:
            raise RetriableAPIError(
                f"Gladly's response for {self.metric_set}, {span}, is not a report: {error}", response
            ) from error
        columns = set(body.columns)
        problem = ""
        if missing := sorted({*required} - columns):
            problem = f"lacks the key columns {', '.join(missing)}"
        elif known and columns.isdisjoint(known):
            problem = "has none of its declared columns"
        if body.header and problem:
            body.file.close()
            raise MissingColumnsError(f"{self.metric_set}, {span}, {problem}.")
        return body


def _end_at_minute(window: Window, now: int) -> Window:
    return Window(window.start, min(window.end, now - now % MINUTE))
