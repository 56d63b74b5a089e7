"""Helpers of the tests: syncs, the command line, catalogs, and small files."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tap_gladly.exceptions import GladlyError
from tap_gladly.timestamps import SECOND, format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gladly_emulator import Emulator
    from gladly_emulator.server.http_messages import Request

ROOT = Path(__file__).parent.parent
Message = dict[str, Any]

SETTINGS = {"organization": "myorg", "agent_email": "agent@myorg.example", "api_token": "secret-token"}
"""The required settings. Tests that use them send no request."""
FILE_STREAMS = ("customers", "conversation_items", "agents", "topics")
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
LISTS = ("teams", "inboxes")
"""The lists that are selected by default."""


class Clock:
    """A clock that advances only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Advance the clock."""
        self.now += seconds


@dataclass(frozen=True)
class Sync:
    """The messages of a sync, in order."""

    output: str

    @property
    def messages(self) -> list[Message]:
        """All messages."""
        return [json.loads(line) for line in self.output.splitlines()]

    def of_type(self, message_type: str) -> list[Message]:
        """The messages of a type."""
        return [message for message in self.messages if message["type"] == message_type]

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """The rows of a stream."""
        return [message["record"] for message in self.of_type("RECORD") if message["stream"] == stream]

    def ids(self, stream: str) -> list[str]:
        """The ids of a stream's rows."""
        return [row["id"] for row in self.rows(stream)]

    @property
    def schemas(self) -> list[str]:
        """The streams of the SCHEMA messages."""
        return [message["stream"] for message in self.of_type("SCHEMA")]

    @property
    def state(self) -> dict[str, Any]:
        """The last STATE, or an empty object if there is none."""
        states = self.of_type("STATE")
        value: dict[str, Any] = states[-1]["value"] if states else {}
        return value

    def bookmark(self, stream: str) -> dict[str, Any]:
        """A stream's bookmark in the last STATE."""
        bookmark: dict[str, Any] = self.state["bookmarks"][stream]
        return bookmark


def fail(sync: Callable[..., Sync], log: pytest.LogCaptureFixture, **settings: str) -> list[str]:
    """Run a sync that fails, and return the errors that it logs."""
    with pytest.raises(GladlyError):
        sync(**settings)
    return [record.getMessage() for record in log.records if record.levelno >= logging.ERROR]


def raiser(error: Exception) -> Callable[..., NoReturn]:
    """Return a function that raises an error."""

    def fail_always(*_args: object, **_more: object) -> NoReturn:
        raise error

    return fail_always


def export_requests(emulator: Emulator) -> list[Request]:
    """Return the requests for the job list and for export files."""
    return [request for request in emulator.requests if request.path.startswith("/api/v1/export/jobs")]


def jsonl(*records: object) -> bytes:
    """Return records as JSON Lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def rows_named(*ids: str) -> bytes:
    """Return records that only have these ids, as JSON Lines."""
    return jsonl(*({"id": row_id} for row_id in ids))


def batch_config(root: object, **more: object) -> dict[str, Any]:
    """Return a `batch_config` for gzip files under a root."""
    encoding = {"format": "jsonl", "compression": "gzip"}
    return {"encoding": encoding, "storage": {"root": str(root)}, **more}


def make_event(event_id: str, timestamp: str, **more: object) -> dict[str, Any]:
    """Return an event."""
    return {"id": event_id, "type": "CONTACT/STARTED", "timestamp": timestamp, **more}


def event_bookmark(timestamp: str, *ids: str) -> dict[str, Any]:
    """Return a state with a bookmark of events."""
    bookmark = {"replication_key": "timestamp", "replication_key_value": timestamp, "ids_read": list(ids)}
    return {"bookmarks": {"events": bookmark}}


def read_page(path: str) -> str:
    """Read a page, given its path from the repository's root."""
    return (ROOT / path).read_text(encoding="utf-8")


def read_table(path: str, header: str) -> list[list[str]]:
    """Return the rows of a page's table whose first header cell is given."""
    page = read_page(path)
    table = page[page.index(f"| {header} |") :].split("\n\n", maxsplit=1)[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def ago(nanoseconds: int) -> str:
    """Return the timestamp of a number of nanoseconds ago, in UTC."""
    return format_instant(time.time_ns() - nanoseconds)


def list_warnings(log: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings of a run."""
    return [record.getMessage() for record in log.records if record.levelno == logging.WARNING]


def list_errors(text: str) -> list[str]:
    """Return the messages of level ERROR in the log of the command line."""
    return [line.rsplit("| ", 1)[1] for line in text.splitlines() if "| ERROR" in line]


def stream_metadata(entry: dict[str, Any], *breadcrumb: str) -> dict[str, Any]:
    """Return metadata of a catalog entry: of the stream, or of a property."""
    found: dict[str, Any] = next(
        item["metadata"] for item in entry["metadata"] if item["breadcrumb"] == list(breadcrumb)
    )
    return found


def catalog_entry(catalog: dict[str, Any], stream: str) -> dict[str, Any]:
    """Return the entry of a stream in a catalog."""
    found: dict[str, Any] = next(entry for entry in catalog["streams"] if entry["stream"] == stream)
    return found


def tap_environment(settings: dict[str, str], **more: str) -> dict[str, str]:
    """Return this environment with only these settings of the tap."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TAP_GLADLY_")}
    return {**plain, **{f"TAP_GLADLY_{name.upper()}": value for name, value in settings.items()}, **more}


def run_command(
    *arguments: str, settings: dict[str, str] | None = None, cwd: object = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the tap's command line."""
    return subprocess.run(
        [sys.executable, "-m", "tap_gladly", *arguments],
        env=tap_environment(settings or {}, **environment),
        cwd=str(cwd) if cwd else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def copy_checkout(folder: Path) -> None:
    """Copy the repository without hidden files, caches, and the root folders that commands create."""
    made = {str(ROOT): {"dist", "output", "plugins"}}
    hidden = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=lambda path, names: hidden(path, names) | made.get(path, set()))


def write_json(path: Path, value: object) -> str:
    """Write a JSON file, and return its path."""
    path.write_text(json.dumps(value))
    return str(path)


def replay(messages: Sequence[Message]) -> dict[str, Any]:
    """Return the last STATE among messages, or an empty object."""
    states: list[dict[str, Any]] = [message["value"] for message in messages if message["type"] == "STATE"]
    return states[-1] if states else {}
