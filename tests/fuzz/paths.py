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
from jsonschema import Draft202012Validator
from support import catalog_entry, stream_metadata
from target_formats import formats

from gladly_emulator import Emulator, StaticExports
from tap_gladly.streams.base import load_schemas
from tap_gladly.streams.export.files import ExportFileStream
from tap_gladly.tap import TapGladly

from .lines import DESELECTED, STREAM
from .model import MALFORMED, expect, find_difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

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


@dataclass(frozen=True)
class Output:
    """What the tap sent for one file."""

    texts: list[str]
    """Stdout, and each batch file."""
    rows: list[dict[str, Any]]
    malformed: list[tuple[int, str]]
    schema: dict[str, Any]


def find_failure(lines: Sequence[bytes], paths: Iterable[str] = PATHS) -> tuple[str, str]:
    """Run paths on a file, and return the path that is wrong first, and how; or empty strings."""
    copied: Output | None = None
    for name in paths:
        try:
            output = run_path(lines, **PATHS[name])
            problem = next(iter_problems(lines, output, is_flattened=name == "flattened"), "")
        except Exception as error:  # noqa: BLE001 - whatever the tap or a reader raises is a failure
            problem = f"{type(error).__name__}: {error}"
        if problem:
            return name, problem
        copied = copied or output
        if name != "flattened" and output.rows != copied.rows:
            return name, "the rows differ from those of copied lines"
    return "", ""


def iter_problems(lines: Sequence[bytes], output: Output, *, is_flattened: bool) -> Iterator[str]:
    """Yield what is wrong with the messages for a file."""
    for sent in output.texts:
        yield from iter_reader_problems(sent)
    records: list[dict[str, Any]] = []
    malformed: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        record = expect(text)
        if record is MALFORMED:
            malformed.append(
                (number, text.rstrip(b"\r\n").decode("utf-8", "replace").replace("\0", "\ufffd"))
            )
        elif record is not None:
            records.append(record)
    if output.malformed != malformed:
        yield f"these lines are malformed, or not: {sorted({*output.malformed} ^ {*malformed})}"
    if [row["id"] for row in output.rows] != [record["id"] for record in records]:
        yield "the ids are not those of the file"
    yield from iter_invalid(output)
    if not is_flattened:
        pairs = zip(records, output.rows, strict=True)
        paths = (find_difference(record, row, KNOWN) for record, row in pairs)
        yield from (f"{path} is lost or changed" for path in paths if path)


def iter_reader_problems(text: str) -> Iterator[str]:
    """Yield the messages that other readers parse differently than Python's json."""
    if len(text.splitlines()) != text.count("\n"):
        yield "a line is several lines to some readers"
    for line in text.split("\n")[:-1]:
        if orjson.loads(line) != simplejson.loads(line):
            yield "orjson and simplejson read different values"


def iter_invalid(output: Output) -> Iterator[str]:
    """Yield what the schema that was sent doesn't accept."""
    if output.rows:
        schema = {**output.schema, "additionalProperties": False}
        validator = Draft202012Validator(schema, format_checker=formats)
        errors = (error for row in output.rows for error in validator.iter_errors(row))
        yield from (f"invalid at {error.json_path}: {error.validator}" for error in errors)


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
    """Read messages and batch files."""
    output = Output([text], [], [], {})
    for message in iter_json(text):
        match message:
            case {"type": "SCHEMA", "stream": "conversation_items", "schema": schema}:
                output.schema.update(schema)
            case {"type": "RECORD", "stream": "conversation_items", "record": row}:
                output.rows.append(row)
            case {"type": "RECORD", "stream": "malformed_lines", "record": row}:
                output.malformed.append((row["line_number"], row["line"]))
            case {"type": "BATCH", "manifest": urls}:
                files = [Path(unquote(urlsplit(url).path)) for url in urls]
                output.texts.extend(file.read_text(encoding="utf-8") for file in files)
                output.rows.extend(
                    row for file in files for row in iter_json(file.read_text(encoding="utf-8"))
                )
    return output


def iter_json(text: str) -> Iterator[dict[str, Any]]:
    """Yield each line, with all digits of its numbers."""
    return (json.loads(line, parse_float=Decimal) for line in text.split("\n")[:-1])


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
