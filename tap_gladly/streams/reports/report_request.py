"""One report request: its JSON body, and the checks that its response has to pass."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, NamedTuple

from singer_sdk.exceptions import RetriableAPIError

from tap_gladly.exceptions import MissingColumnsError
from tap_gladly.parsing.csv_rows import name_columns
from tap_gladly.streams.reports.bodies import ReportBody, read_report

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import requests

    from tap_gladly.streams.reports.windows import Window


class ReportRequest(NamedTuple):
    """A request for one report over one span."""

    metric_set: str
    span: Window
    by_day: bool
    """Whether the request names days; otherwise it names minutes."""
    extra_params: Mapping[str, Any]
    """Parameters besides the metric set and the span."""

    def to_json(self) -> dict[str, Any]:
        """Return the body of the request."""
        span = self.span.to_days() if self.by_day else self.span.to_minutes()
        return {"metricSet": self.metric_set, **span, **self.extra_params}

    def read(
        self,
        response: requests.Response,
        file: IO[bytes],
        *,
        required: Collection[str],
        known: Collection[str],
    ) -> ReportBody:
        """Check that a response is the requested report.

        Args:
            response: The response to the request.
            file: Its body.
            required: Columns that the report must have.
            known: Declared columns. A report with none of them is a different one.

        Raises:
            RetriableAPIError: The response isn't a report.
            MissingColumnsError: The report lacks its columns. Another request wouldn't bring them.
        """
        try:
            body = read_report(response, file, known=known)
        except ValueError as error:
            raise RetriableAPIError(
                f"Gladly's response for {self.metric_set}, {self.span}, is not a report: {error}", response
            ) from error
        columns = set(name_columns(body.header))
        problem = ""
        if missing := sorted({*required} - columns):
            problem = f"lacks the key columns {', '.join(missing)}"
        elif known and columns.isdisjoint(known):
            problem = "has none of its declared columns"
        if body.header and problem:
            body.file.close()
            raise MissingColumnsError(f"{self.metric_set}, {self.span}, {problem}.")
        return body
