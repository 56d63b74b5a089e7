"""The alternatives to the tap: `python -m benchmarks.contenders NAME STREAM FILE-OR-URL`."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import msgspec
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_gladly.streams.export.files import ExportFileStream

JOB = {"_job_id": "vZgCEQlDR6aQz_0HeWZ9_Q", "_job_updated_at": "2026-11-20T07:15:19.072729Z"}


def copy_bare(stream: str, path: str) -> None:
    """Run the minimal loop: decode each line's top level, add two fields and encode a RECORD."""
    decode: Callable[[bytes], dict[str, object]] = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode  # type: ignore[assignment]
    encode = msgspec.json.Encoder().encode
    write = sys.stdout.buffer.write
    with open(path, "rb") as lines:  # noqa: PTH123 - the loop is minimal
        for line in lines:
            record = decode(line)
            record["_job_id"] = JOB["_job_id"]
            record["_job_updated_at"] = JOB["_job_updated_at"]
            write(encode({"type": "RECORD", "stream": stream, "record": record}))
            write(b"\n")


def read_with_requests(_stream: str, url: str) -> None:
    """Read lines with requests and `json.loads`, and write nothing."""
    auth = (os.environ["TAP_GLADLY_AGENT_EMAIL"], os.environ["TAP_GLADLY_API_TOKEN"])
    with requests.get(url, auth=auth, stream=True, timeout=60) as response:
        for line in response.iter_lines():
            json.loads(line)


def sync_on_the_sdk_path(_stream: str, _path: str) -> None:
    """Run the tap with the SDK's own record or batch path."""
    from tap_gladly.streams.export.files import ExportFileStream  # noqa: PLC0415 - the bare loop doesn't import it
    from tap_gladly.tap import TapGladly  # noqa: PLC0415

    def send_rows(stream: ExportFileStream) -> None:
        stream.sync({"_job_id": stream._job.id})  # noqa: SLF001

    ExportFileStream._send_rows = send_rows  # type: ignore[assignment,method-assign]  # noqa: SLF001
    TapGladly.cli(["--config=ENV"])


CONTENDERS: dict[str, Callable[[str, str], None]] = {
    "bare": copy_bare,
    "requests": read_with_requests,
    "sdk": sync_on_the_sdk_path,
}

if __name__ == "__main__":
    CONTENDERS[sys.argv[1]](sys.argv[2], sys.argv[3])
