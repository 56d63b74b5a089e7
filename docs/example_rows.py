"""Loads every stream from an emulated organization and picks a few rows of each as examples."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections import defaultdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from gladly_emulator import Emulator, Fault, GeneratedExports
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Row = dict[str, Any]

MAX_EXAMPLES: Final = 3
_MIN_EXAMPLES: Final = 2
# A Wednesday while the emulated support team works. The page must not depend on when it is written, so the
# emulator's clock and the tap's clock both stand still at this moment.
_NOW: Final = datetime(2026, 3, 4, 20, 30, tzinfo=timezone.utc)
_START: Final = "2026-03-04T12:00:00Z"
_MALFORMED: Final = {1: b'{"id":"cut off'}


def load_rows() -> dict[str, list[Row]]:
    """Return the rows that the tap emits for some hours of the emulated organization, by stream name."""
    output = io.StringIO()
    emulator = Emulator(GeneratedExports(), clock=lambda: _NOW, requests_per_second=None, report_limits=None)
    emulator.faults.add(Fault("garbage", path="topics.jsonl", lines=_MALFORMED))
    logging.disable()
    try:
        with emulator, contextlib.redirect_stdout(output), _stop_clock():
            config = {**emulator.settings, "start_date": _START}
            TapGladly(config=config, catalog=_select_everything()).sync_all()
    finally:
        logging.disable(logging.NOTSET)
    messages = map(json.loads, output.getvalue().split("\n")[:-1])
    rows: dict[str, list[Row]] = defaultdict(list)
    for message in messages:
        if message["type"] == "RECORD":
            rows[message["stream"]].append(message["record"])
    return rows


def load_examples() -> dict[str, list[Row]]:
    """Return a few rows of each stream, in the order of the sync, by stream name."""
    return {stream: pick_examples(rows) for stream, rows in load_rows().items()}


def pick_examples(rows: Sequence[Row]) -> list[Row]:
    """Return rows that differ most: each fills what those before it leave empty, or leaves the most empty."""
    candidates = [(row, frozenset(_iter_paths(row))) for row in rows]
    picked: list[Row] = []
    shown: frozenset[str] = frozenset()
    while candidates and len(picked) < MAX_EXAMPLES:
        best = max(candidates, key=lambda candidate: (len(candidate[1] - shown), -len(candidate[1])))
        if len(picked) >= _MIN_EXAMPLES and best[1] <= shown:
            break
        candidates.remove(best)
        picked.append(best[0])
        shown |= best[1]
    return picked


@contextlib.contextmanager
def _stop_clock() -> Iterator[None]:
    """Let the tap, and the Date header of the emulator's responses, see the same moment throughout."""
    seconds = int(_NOW.timestamp())
    with (
        mock.patch("time.time", return_value=float(seconds)),
        mock.patch("time.time_ns", return_value=seconds * 1_000_000_000),
    ):
        yield


def _select_everything() -> dict[str, Any]:
    catalog: dict[str, Any] = TapGladly(validate_config=False).catalog_dict
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = True
    return catalog


def _iter_paths(value: object, path: str = "") -> Iterator[str]:
    """Yield the path of each value that isn't empty. Each value of a property `type` counts as a path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _iter_paths(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _iter_paths(inner, f"{path}[]")
    elif value is not None and value != "":
        yield path
        if path.endswith(".type"):
            yield f"{path}={value}"
