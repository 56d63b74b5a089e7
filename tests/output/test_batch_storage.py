"""BATCH: storage that can't be written to ends the run in one line."""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import pytest
from support import batch_config, jsonl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Sync

    from gladly_emulator import StaticExports


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        ("/dev/null/batches", "Not a directory"),
        ("secret://secret@host/x", "root is not a URL that fsspec supports"),
        ("ftp://user:secret#1@127.0.0.1/x", "root is not a URL that fsspec supports"),
        ("ftp://user:secret@127.0.0.1:1/x", "Connection refused"),
        ("data:,secret", "this kind of storage is read-only"),
    ],
)
def test_unwritable_storage_is_one_log_line(
    exports: StaticExports,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    root: str,
    reason: str,
) -> None:
    """The error omits the URL, and the export file stays due."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": jsonl({"id": "c1"})})

    run = sync(batch_config=batch_config(root), should_fail=True)

    (line,) = (record.getMessage() for record in log.records if record.levelname == "ERROR")
    assert line.startswith(f"A batch file can't be written: {reason}. Check storage in batch_config")
    assert "secret" not in log.text.replace("secret-token", "")
    assert "customers" not in run.state.get("bookmarks", {})


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_full_disk_leaves_no_partial_batch_file(
    exports: StaticExports,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    tmp_path: Path,
    compression: str,
) -> None:
    """Closing the file fails, too, because its buffer doesn't fit. The file is deleted all the same."""
    rows = [{"id": f"c{number}", "name": os.urandom(400).hex()} for number in range(1000)]
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": jsonl(*rows)})
    config = batch_config(tmp_path)
    config["encoding"]["compression"] = compression

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        run = sync(batch_config=config, should_fail=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert "A batch file can't be written: File too large. Check storage" in log.text
    assert run.of_type("BATCH") == []
    assert list(tmp_path.iterdir()) == []
