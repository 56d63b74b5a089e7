"""Run the tap on a file along each path, and check what it sends."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import unquote, urlsplit

import orjson
import simplejson
from jsonschema import Draft202012Validator, FormatChecker
from singer_sdk.helpers._compat import datetime_fromisoformat
from support import catalog_entry, stream_metadata

from gladly_emulator import Emulator, StaticExports
from tap_gladly.streams.base import load_schemas
from tap_gladly.streams.export.files import ExportFileStream
from tap_gladly.tap import TapGladly

from .lines import DESELECTED, STREAM
from .model import MALFORMED, expect, find_difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
METADATA = {"_job_id", "_job_updated_at", "_unmapped"}
KNOWN = frozenset(load_schemas()[STREAM]["properties"].keys() - METADATA)
MAPS = {"stream_maps": {STREAM: {"__filter__": "True"}}}
FLATTENING = {"flattening_enabled": True, "flattening_max_depth": 2}
PATHS: dict[str, dict[str, Any]] = {
    "copied": {},
    "decoded": {"is_decoded": True},
    "nested deselection": {"deselected": DESELECTED},
    "mapped": MAPS,
    "batch": {"is_batch": True},
    "batch, mapped": {"is_batch": True, **MAPS},
    "flattened": FLATTENING,
}

formats = FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def is_read_by_sdk_targets(value: object) -> bool:
    """Return whether a target on the SDK can parse a timestamp."""
    return not isinstance(value, str) or datetime_fromisoformat(value) is not None


@dataclass(frozen=True)
class Output:
    """What the tap sent for one file."""

    text: str
    rows: list[dict[str, Any]]
    malformed: list[tuple[int, str]]
    schema: dict[str, Any]


def find_failure(lines: Sequence[bytes]) -> str:
    """Run every path on a file, and return what is wrong first, or an empty string."""
    outputs = {name: run_path(lines, **options) for name, options in PATHS.items()}
    for name, output in outputs.items():
        problem = next(iter_problems(lines, output, is_flattened=name == "flattened"), "")
        if problem:
            return f"{name}: {problem}"
        if name != "flattened" and output.rows != outputs["copied"].rows:
            return f"{name}: the rows differ from those of copied lines"
    return ""


def iter_problems(lines: Sequence[bytes], output: Output, *, is_flattened: bool) -> Iterator[str]:
    """Yield what is wrong with the messages for a file."""
    if len(output.text.splitlines()) != output.text.count("\n"):
        yield "a message is several lines to some readers"
    for line in output.text.split("\n")[:-1]:
        orjson.loads(line)
        simplejson.loads(line)
    expected = [(number, expect(strip_mark(number, line)), line) for number, line in enumerate(lines, 1)]
    records = [record for _, record, _ in expected if record not in (None, MALFORMED)]
    malformed = [
        (number, line.rstrip(b"\r\n").decode("utf-8", "replace").replace("\0", "\ufffd"))
        for number, record, line in (
            (number, record, strip_mark(number, line)) for number, record, line in expected
        )
        if record is MALFORMED
    ]
    if output.malformed != malformed:
        yield f"{len(output.malformed)} malformed lines, but not these: {malformed}"
    if [row["id"] for row in output.rows] != [record["id"] for record in records]:
        yield "the ids are not those of the file"
    if output.rows:
        validator = Draft202012Validator(
            {**output.schema, "additionalProperties": False}, format_checker=formats
        )
        errors = (error for row in output.rows for error in validator.iter_errors(row))
        yield from (f"invalid at {error.json_path}: {error.validator}" for error in errors)
    if not is_flattened:
        pairs = zip(records, output.rows, strict=True)
        yield from (
            f"{path} is lost or changed"
            for record, row in pairs
            if (path := find_difference(record, row, KNOWN))
        )


def strip_mark(number: int, line: bytes) -> bytes:
    """Remove the byte-order mark that a file may begin with."""
    return line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line


def run_path(
    lines: Sequence[bytes],
    *,
    is_decoded: bool = False,
    is_batch: bool = False,
    deselected: tuple[str, ...] = (),
    **settings: Any,
) -> Output:
    """Run the tap on a file, along the path that the options select."""
    exports = StaticExports()
    exports.add_job("j1", "2026-11-20T07:00:00Z", {f"{STREAM}.jsonl": b"\n".join(lines)})
    output = io.StringIO()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        emulator = stack.enter_context(Emulator(exports, requests_per_second=None))
        stack.enter_context(contextlib.redirect_stdout(output))
        if is_decoded:
            stack.enter_context(mock.patch.object(ExportFileStream, "_can_pass_through", new=False))
        if is_batch:
            encoding = {"format": "jsonl", "compression": "none"}
            settings["batch_config"] = {"encoding": encoding, "storage": {"root": f"file://{folder}"}}
        TapGladly(config={**emulator.settings, **settings}, catalog=make_catalog(deselected)).sync_all()
        return read_output(output.getvalue())


def make_catalog(deselected: tuple[str, ...]) -> dict[str, Any]:
    """Select the stream and the malformed lines, and deselect a nested property."""
    catalog: dict[str, Any] = TapGladly(validate_config=False).catalog_dict
    for entry in catalog["streams"]:
        stream_metadata(entry)["selected"] = entry["stream"] in {STREAM, "malformed_lines"}
    if deselected:
        breadcrumb = [part for name in deselected for part in ("properties", name)]
        stream_metadata(catalog_entry(catalog, STREAM), *breadcrumb)["selected"] = False
    return catalog


def read_output(text: str) -> Output:
    """Read messages and batch files, and drop what the tap adds to rows."""
    messages = [json.loads(line, parse_float=Decimal) for line in text.split("\n")[:-1]]
    rows: list[dict[str, Any]] = []
    malformed: list[tuple[int, str]] = []
    schema: dict[str, Any] = {}
    for message in messages:
        if message["type"] == "SCHEMA" and message["stream"] == STREAM:
            schema = message["schema"]
        if message["type"] == "RECORD" and message["stream"] == STREAM:
            rows.append(message["record"])
        if message["type"] == "RECORD" and message["stream"] == "malformed_lines":
            malformed.append((message["record"]["line_number"], message["record"]["line"]))
        if message["type"] == "BATCH":
            content = "".join(Path(unquote(urlsplit(url).path)).read_text() for url in message["manifest"])
            rows += [json.loads(line, parse_float=Decimal) for line in content.splitlines()]
    return Output(text, rows, malformed, schema)


def shrink(lines: Sequence[bytes], fails: Callable[[Sequence[bytes]], object]) -> list[bytes]:
    """Return a small file that still fails: few lines, and few bytes in them."""
    kept = _drop_parts(list(lines), lambda parts: bool(fails(parts)))
    for number, line in enumerate(kept):
        pieces = [line[place : place + 1] for place in range(len(line))]

        def still_fails(parts: list[bytes], number: int = number) -> bool:
            return bool(fails([*kept[:number], b"".join(parts), *kept[number + 1 :]]))

        kept[number] = b"".join(_drop_parts(pieces, still_fails))
    return kept


def _drop_parts(parts: list[bytes], fails: Callable[[list[bytes]], bool]) -> list[bytes]:
    size = max(1, len(parts) // 2)
    while True:
        start = 0
        while start < len(parts):
            fewer = parts[:start] + parts[start + size :]
            if fewer and fails(fewer):
                parts = fewer
            else:
                start += size
        if size == 1:
            return parts
        size = max(1, size // 2)


def quiet_logs() -> None:
    """Keep the tap's log out of the way."""
    logging.disable(logging.CRITICAL)
