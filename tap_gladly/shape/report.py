"""Requests a bounded sample of an account, and describes its shape in Markdown."""

from __future__ import annotations

import io
import logging
import re
import time
from collections import Counter, defaultdict
from typing import IO, TYPE_CHECKING, Any

from tap_gladly.exceptions import GladlyError
from tap_gladly.parsing.csv_rows import iter_csv
from tap_gladly.parsing.jsonl import iter_jsonl, parse_document
from tap_gladly.shape.observations import PathTypes, describe_cell, describe_order, describe_windows
from tap_gladly.streams import STREAMS
from tap_gladly.streams.base import load_schemas
from tap_gladly.streams.events import ENTITIES, LOOKBACK
from tap_gladly.streams.export.files import ExportFileStream
from tap_gladly.streams.export.job import COMPLETED, STATUSES, Job, parse_job
from tap_gladly.streams.lists import ListStream
from tap_gladly.streams.reports.standard import STANDARD_REPORTS
from tap_gladly.streams.reports.windows import Window
from tap_gladly.timestamps import DAY, MINUTE, format_instant
from tap_gladly.transport.client import RequestPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import requests

    from tap_gladly.transport.client import GladlyClient

FILES = [stream for stream in STREAMS if issubclass(stream, ExportFileStream)]
LISTS = [stream for stream in STREAMS if issubclass(stream, ListStream)]
MAX_BYTES = 16 * 1024 * 1024
"""How much of a response is read."""
_HEADERS = ("Content-Encoding", "Retry-After", "Gladly-Limited-Data", "Content-Disposition")
_MEDIA_TYPE = re.compile("[a-z]+/[a-z0-9.+-]+|none")
_POLICY = RequestPolicy(outage_seconds=60, timeout_seconds=(15, 300), accepted_statuses=(200, 204))


class ShapeReport:
    """Collects the sections of one report. Every request is read-only and within Gladly's rate limits."""

    def __init__(self, client: GladlyClient) -> None:
        self._client = client
        self._schemas = load_schemas()
        self._ids: defaultdict[str, list[set[str]]] = defaultdict(list)

    def iter_lines(self) -> Iterator[str]:
        """Yield the lines of the report."""
        yield "# Shape of a Gladly account"
        yield "\nQ1 to Q10 are the open questions in docs/assumptions.md. This report contains no values."
        for title, section in (
            ("Jobs", self._iter_jobs),
            ("Reference lists", self._iter_lists),
            ("Events", self._iter_events),
            ("Reports", self._iter_reports),
        ):
            yield f"\n## {title}\n"
            yield from _iter_until_failure(section())

    def _iter_jobs(self) -> Iterator[str]:
        headers, body = self._fetch("export", "jobs")
        listed = parse_document(body)
        records = (
            [record for record in listed if isinstance(record, dict)] if isinstance(listed, list) else []
        )
        yield f"- {headers}"
        jobs = [job for record in records if (job := parse_job(record))]
        statuses = Counter(str(job.status) if job.status in STATUSES else "other" for job in jobs)
        yield f"- {len(records)} listed, {len(jobs)} usable; status: {_counts(statuses)} (Q3)"
        yield f"- order by `updatedAt`: {describe_order(job.version.instant for job in jobs)} (Q4)"
        yield f"- ids listed more than once: {len(jobs) - len({job.id for job in jobs})} (Q3)"
        completed = sorted((job for job in jobs if job.status == COMPLETED), key=lambda job: job.version)
        yield f"- windows of COMPLETED jobs: {describe_windows(job.span for job in completed if job.span)} (Q2)"
        sizes = Counter(len(job.files) for job in completed)
        yield f"- files per COMPLETED job: {_counts({f'{count} files': jobs for count, jobs in sizes.items()})}"
        yield from self._iter_table("jobs", records)
        for job in [job for job in completed if job.files][-2:]:
            for stream in FILES:
                yield from self._iter_file(job, stream.name)
        for stream in FILES:
            if len(self._ids[stream.name]) > 1:
                shared = set.intersection(*self._ids[stream.name])
                yield f"- {stream.name}: {len(shared)} ids are in both of the newest two jobs (Q1, Q2)"

    def _iter_file(self, job: Job, name: str) -> Iterator[str]:
        if f"{name}.jsonl" not in job.files:
            yield f"\n### {name}.jsonl is not listed"
            return
        yield f"\n### {name}.jsonl\n"
        yield from _iter_until_failure(self._iter_file_shape(job, name))

    def _iter_file_shape(self, job: Job, name: str) -> Iterator[str]:
        headers, body = self._fetch("export", "jobs", job.id, "files", f"{name}.jsonl")
        lines = list(iter_jsonl(io.BytesIO(body)))
        records = [line for line in lines if isinstance(line, dict)]
        self._ids[name].append({str(record["id"]) for record in records})
        yield f"- {headers} (Q8)"
        yield f"- {len(records)} records, {len(lines) - len(records)} malformed lines"
        yield from self._iter_table(name, records)

    def _iter_lists(self) -> Iterator[str]:
        for stream in LISTS:
            yield f"\n### {stream.name}\n"
            yield from _iter_until_failure(self._iter_list(stream.name, stream.path))

    def _iter_list(self, name: str, path: str) -> Iterator[str]:
        headers, body = self._fetch(*path.split("/")[1:])
        document = parse_document(body)
        entries = document if isinstance(document, list) else [document]
        records = [entry for entry in entries if isinstance(entry, dict)]
        yield f"- {headers}"
        yield f"- {len(records)} entries"
        yield from self._iter_comparison(name, records)
        yield from self._iter_table(name, records)

    def _iter_comparison(self, name: str, records: Iterable[dict[str, Any]]) -> Iterator[str]:
        exported = self._ids.get(name.removesuffix("_list"), [])
        if name.endswith("_list") and exported:
            ids = {str(record.get("id")) for record in records}
            kind = "holds every entry" if ids <= exported[-1] else "holds only a part"
            yield f"- the newest export file {kind}: {len(ids & exported[-1])} of {len(ids)} (Q1)"

    def _iter_events(self) -> Iterator[str]:
        now = time.time_ns()
        start, end = format_instant(now - min(LOOKBACK, 60 * MINUTE)), format_instant(now - MINUTE)
        params = [("startAt", start), ("endAt", end), *(("entities", entity) for entity in ENTITIES)]
        headers, body = self._fetch("events", params=params)
        events = [line for line in iter_jsonl(io.BytesIO(body)) if isinstance(line, dict)]
        yield f"- {headers}"
        yield f"- {len(events)} events of {len({str(event.get('type')) for event in events})} types in an hour (Q9)"
        yield f"- order by `timestamp`: {describe_order(str(event.get('timestamp')) for event in events)}"
        yield from self._iter_table("events", events)

    def _iter_reports(self) -> Iterator[str]:
        midnight = time.time_ns() // DAY * DAY
        for stream in STANDARD_REPORTS:
            yield f"\n### {stream.metric_set}\n"
            window = Window(midnight - stream.window_days * DAY, midnight)
            span = window.to_days() if stream.supports_dates else window.to_minutes()
            yield from _iter_until_failure(self._iter_report({"metricSet": stream.metric_set, **span}))

    def _iter_report(self, request: dict[str, Any]) -> Iterator[str]:
        headers, body = self._fetch("reports", body=request)
        yield f"- {headers} (Q6)"
        yield from _iter_columns(body)

    def _iter_table(self, stream: str, records: Sequence[dict[str, Any]]) -> Iterator[str]:
        found = PathTypes(self._schemas[stream])
        for record in records:
            found.add(record)
        if not found.records:
            return
        yield f"- fraction digits of timestamps: {_counts(found.fractions)}\n"
        yield "| Path | Types | Schema |"
        yield "| --- | --- | --- |"
        for path, types, note in found.iter_rows():
            yield f"| `{path}` | {types} | {note} |"
        yield ""

    def _fetch(
        self, *path: str, params: Sequence[tuple[str, str]] = (), body: dict[str, Any] | None = None
    ) -> tuple[str, bytes]:
        return self._client.fetch(
            path,
            _read,
            params=params,
            body=body,
            policy=_POLICY,
            logger=logging.getLogger("tap-gladly.shape"),
        )


def _iter_until_failure(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines of a section. If a request fails, the error's type ends it."""
    try:
        yield from lines
    except GladlyError as error:
        yield f"- failed: {type(error).__name__}"


def _read(response: requests.Response, file: IO[bytes]) -> tuple[str, bytes]:
    kind = response.headers.get("Content-Type", "none").partition(";")[0].strip().lower()
    kind = kind if _MEDIA_TYPE.fullmatch(kind) else "of an unusual form"
    names = [name for name in response.headers if name in _HEADERS or name.lower().startswith("ratelimit-")]
    with file:
        body = file.read(MAX_BYTES)
        if len(body) == MAX_BYTES:
            body = body.rpartition(b"\n")[0]
    return f"content type `{kind}`, headers: {', '.join(sorted(names)) or 'none of interest'}", body


def _iter_columns(body: bytes) -> Iterator[str]:
    try:
        rows = list(iter_csv(io.BytesIO(body)))
    except ValueError:
        yield "- not CSV (Q5)"
        return
    if not rows:
        yield "- empty body, without a header (Q5)"
        return
    yield f"- {len(rows) - 1} rows; Gladly's row cap is about 100,000 (Q5)\n"
    yield "| Column | Cell formats |"
    yield "| --- | --- |"
    for number, title in enumerate(rows[0]):
        cells = Counter(describe_cell(row[number]) for row in rows[1:] if number < len(row))
        yield f"| {title.strip().replace('|', '/')} | {_counts(cells)} |"


def _counts(counts: Any) -> str:  # noqa: ANN401 - a mapping of anything to its count
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items(), key=str)) or "none"
