"""Requests a bounded sample of an account, and describes its shape in Markdown."""

from __future__ import annotations

import io
import logging
import re
import time
from collections import Counter, defaultdict
from typing import IO, TYPE_CHECKING, Any

from tap_gladly.exceptions import GladlyError
from tap_gladly.parsing.csv_rows import iter_csv, name_columns
from tap_gladly.parsing.jsonl import iter_jsonl, parse_document
from tap_gladly.shape.observations import (
    PathTypes,
    describe_cell,
    describe_order,
    describe_windows,
    join_counts,
)
from tap_gladly.streams import STREAMS
from tap_gladly.streams.base import load_schemas
from tap_gladly.streams.events import ENTITIES, EVENT_LAG
from tap_gladly.streams.export.files import ExportFileStream
from tap_gladly.streams.export.job import COMPLETED, STATUSES, Job, parse_job
from tap_gladly.streams.lists import ListStream
from tap_gladly.streams.reports.standard import STANDARD_REPORTS
from tap_gladly.streams.reports.windows import Window
from tap_gladly.timestamps import DAY, MINUTE, format_instant
from tap_gladly.transport.client import GladlyClient, RequestPolicy
from tap_gladly.transport.session import GladlySession

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    import requests

FILES = [stream for stream in STREAMS if issubclass(stream, ExportFileStream)]
LISTS = [stream for stream in STREAMS if issubclass(stream, ListStream)]
MAX_BYTES = 16 * 1024 * 1024
"""How much of a response is read."""
_HEADER = re.compile("content-encoding|retry-after|gladly-limited-data|ratelimit-[a-z-]{1,20}", re.IGNORECASE)
_MEDIA_TYPE = re.compile("[a-z]+/[a-z0-9.+-]+|none")
_POLICY = RequestPolicy(outage_seconds=60, timeout_seconds=(15, 300), accepted_statuses=(200, 204))
_UNSEEN_ITEM_TYPES = ("VOICE_AI_MESSAGE", "TWITTER", "TASK")


class ShapeReport:
    """Collects the sections of one report. Every request is read-only and within Gladly's rate limits."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        session = GladlySession(pool_size=1)
        session.hooks["response"].append(self._count_response)
        self._client = GladlyClient(settings, session, on_retry=lambda _seconds: None)
        self._schemas = load_schemas()
        self._ids: defaultdict[str, list[set[str]]] = defaultdict(list)
        self._responses: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)

    def iter_lines(self) -> Iterator[str]:
        """Yield the lines of the report."""
        yield "# Shape of a Gladly account"
        yield "\nQ1 to Q10 are the open questions in docs/assumptions.md. This report contains no values."
        for title, section in (
            ("Jobs", self._iter_jobs),
            ("Reference lists", self._iter_lists),
            ("Events", self._iter_events),
            ("Reports", self._iter_reports),
            ("Responses", self._iter_responses),
        ):
            yield f"\n## {title}\n"
            yield from _iter_until_failure(section())

    def _iter_jobs(self) -> Iterator[str]:
        line, body = self._fetch("export/jobs")
        yield line
        listed = parse_document(body)
        records = [it for it in listed if isinstance(it, dict)] if isinstance(listed, list) else []
        jobs = [job for record in records if (job := parse_job(record))]
        statuses = Counter(str(job.status) if job.status in STATUSES else "other" for job in jobs)
        yield f"- {len(records)} listed, {len(jobs)} usable; status: {join_counts(statuses)} (Q3)"
        yield f"- ids listed more than once: {len(jobs) - len({job.id for job in jobs})} (Q3)"
        yield f"- order by `updatedAt`: {describe_order(job.version.instant for job in jobs)} (Q4)"
        completed = sorted((job for job in jobs if job.status == COMPLETED), key=lambda job: job.version)
        yield f"- windows of COMPLETED jobs: {describe_windows(job.span for job in completed if job.span)} (Q2)"
        yield from self._iter_table("jobs", records)
        for name in (stream.name for stream in FILES):
            yield f"\n### {name}.jsonl\n"
            with_file = [job for job in completed if f"{name}.jsonl" in job.files]
            yield f"- listed by {len(with_file)} of {len(completed)} COMPLETED jobs (Q1)"
            for job in with_file[-2:]:
                yield from _iter_until_failure(self._iter_file(job, name))
            if len(ids := self._ids[name]) > 1:
                yield f"\n- ids in both files: {len(set.intersection(*ids))} (Q1, Q2)"

    def _iter_file(self, job: Job, name: str) -> Iterator[str]:
        line, body = self._fetch("export/jobs", job.id, "files", f"{name}.jsonl")
        yield line
        lines = list(iter_jsonl(io.BytesIO(body)))
        records = [line for line in lines if isinstance(line, dict)]
        self._ids[name].append({str(record["id"]) for record in records})
        yield f"- {len(records)} records, {len(lines) - len(records)} malformed lines (Q1)"
        if name == "conversation_items":
            contents = [it for record in records if isinstance(it := record.get("content"), dict)]
            types = Counter(str(content.get("type")) for content in contents)
            yield f"- items: {join_counts({name: types[name] for name in _UNSEEN_ITEM_TYPES})} (Q7)"
        yield from self._iter_table(name, records)

    def _iter_lists(self) -> Iterator[str]:
        for stream in LISTS:
            yield f"\n### {stream.name}\n"
            yield from _iter_until_failure(self._iter_list(stream.name, stream.path))

    def _iter_list(self, name: str, path: str) -> Iterator[str]:
        line, body = self._fetch(path.lstrip("/"))
        yield line
        document = parse_document(body)
        entries = document if isinstance(document, list) else [document]
        records = [entry for entry in entries if isinstance(entry, dict)]
        yield f"- {len(records)} entries"
        exported = self._ids.get(name.removesuffix("_list"), [])
        if name.endswith("_list") and exported:
            ids = {str(record.get("id")) for record in records}
            yield f"- the newest export file contains {len(ids & exported[-1])} of them (Q1)"
        yield from self._iter_table(name, records)

    def _iter_events(self) -> Iterator[str]:
        now = time.time_ns()
        start, end = format_instant(now - 60 * MINUTE), format_instant(now - EVENT_LAG)
        events: list[dict[str, Any]] = []
        for entity in ENTITIES:
            line, body = self._fetch("events", startAt=start, endAt=end, entities=entity)
            found = [line for line in iter_jsonl(io.BytesIO(body)) if isinstance(line, dict)]
            kinds = Counter(_describe_event(str(event.get("type")), entity) for event in found)
            order = describe_order(str(event.get("timestamp")) for event in found)
            yield f"{line}; events for `{entity}`: {join_counts(kinds)}; order: {order} (Q9)"
            events += found
        yield from self._iter_table("events", events)

    def _iter_reports(self) -> Iterator[str]:
        midnight = time.time_ns() // DAY * DAY
        for stream in STANDARD_REPORTS:
            yield f"\n### {stream.metric_set}\n"
            window = Window(midnight - stream.window_days * DAY, midnight)
            span = window.to_days() if stream.supports_dates else window.to_minutes()
            yield from _iter_until_failure(
                self._iter_report(stream.name, {"metricSet": stream.metric_set, **span})
            )

    def _iter_report(self, name: str, request: dict[str, Any]) -> Iterator[str]:
        line, body = self._fetch("reports", report=request)
        yield line
        yield from _iter_columns(body, self._schemas[name]["properties"])

    def _iter_responses(self) -> Iterator[str]:
        yield "Rate limits (Q6) and compression (Q8) show in these headers.\n"
        yield "| Endpoint | Status | Responses | With header |"
        yield "| --- | --- | --- | --- |"
        for (endpoint, status), counts in sorted(self._responses.items()):
            total = counts.pop("")
            yield f"| {endpoint} | {status} | {total} | {join_counts(counts)} |"

    def _iter_table(self, stream: str, records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        found = PathTypes(self._schemas[stream])
        for record in records:
            found.add(record)
        if not records:
            return
        yield f"- fraction digits of timestamps: {join_counts(found.fractions)} (Q5)\n"
        yield "| Path (Q7) | Types | Schema |"
        yield "| --- | --- | --- |"
        for path, types, note in found.iter_rows():
            yield f"| `{path}` | {types} | {note} |"

    def _fetch(
        self, path: str, *ids: str, report: Mapping[str, Any] | None = None, **params: str
    ) -> tuple[str, bytes]:
        """Return a line about a response, and its body."""
        return self._client.fetch(
            [*path.split("/"), *ids],
            _read,
            params=[*params.items()],
            body=report,
            policy=_POLICY,
            logger=logging.getLogger("tap-gladly.shape"),
        )

    def _count_response(self, response: requests.Response, *_: object, **__: object) -> None:
        path = response.url.partition("/api/v1/")[2].partition("?")[0]
        endpoint = "files" if "/files/" in path else path
        names = {name.lower() for name in response.headers if _HEADER.fullmatch(name)}
        self._responses[endpoint, response.status_code].update(["", *names])


def _iter_until_failure(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines of a section. If a request fails, the error's type ends it."""
    try:
        yield from lines
    except GladlyError as error:
        yield f"- failed: {type(error).__name__}"


def _read(response: requests.Response, file: IO[bytes]) -> tuple[str, bytes]:
    kind = response.headers.get("Content-Type", "none").partition(";")[0].strip().lower()
    with file:
        body = file.read(MAX_BYTES)
    if len(body) == MAX_BYTES:
        body = body.rpartition(b"\n")[0]
    return f"- content type `{kind if _MEDIA_TYPE.fullmatch(kind) else 'of an unusual form'}`", body


def _describe_event(event_type: str, entity: str) -> str:
    if event_type == "CONVERSATION_ASSIGNEE/UPDATED" or "FOCUS" in event_type:
        return "focus" if "FOCUS" in event_type else "assignee changes"
    return "own" if event_type.startswith(f"{entity}/") else "of other entities"


def _iter_columns(body: bytes, declared: Container[str]) -> Iterator[str]:
    try:
        rows = list(iter_csv(io.BytesIO(body)))
    except ValueError:
        rows = []
    # Without a declared column, the first row may hold values instead of titles.
    if not rows or not any(column in declared for column in name_columns(rows[0])):
        yield "- no header: the body is empty, isn't CSV, or starts with a row that has no declared column (Q5)"
        return
    yield f"- {len(rows) - 1} rows; Gladly's row cap is about 100,000 (Q5)\n"
    yield "| Column (Q5) | Cell formats |"
    yield "| --- | --- |"
    for number, title in enumerate(rows[0]):
        cells = Counter(describe_cell(row[number]) for row in rows[1:] if number < len(row))
        yield f"| {title.strip().replace('|', '/')} | {join_counts(cells)} |"
