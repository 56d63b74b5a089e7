"""BATCH: files hold every row exactly once, and the state is the same as without BATCH."""

from __future__ import annotations

import gzip
import json
import stat
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import fsspec
import pytest
from singer_sdk.exceptions import ConfigValidationError
from support import FILE_STREAMS, SETTINGS, Message, Sync, batch_config, catalog_entry, stream_metadata

from gladly_emulator import Emulator, Fault
from tap_gladly.exceptions import BatchStorageError
from tap_gladly.output import batch_files
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import StaticExports

BODY = b"""{"id":"c1","name":"Maud","score":1.10}
{"id":"c2","new":{"a":[1]}}
{
{ "id" : "c3", "name" : "x\xe2\x80\xa8y" }\r
{"id":"c4"}
{"id":"c5"}"""


def local_path(url: str) -> Path:
    """Return the path of a file:// URL."""
    return Path(unquote(urlsplit(url).path))


def read_batches(run: Sync, stream: str) -> list[dict[str, Any]]:
    """Return the rows of a stream's batches, in order."""
    rows: list[dict[str, Any]] = []
    for message in run.of_type("BATCH"):
        if message["stream"] == stream:
            for url in message["manifest"]:
                rows += [json.loads(line) for line in read_file(message, url).splitlines()]
    return rows


def read_file(message: Message, url: str) -> bytes:
    """Return the content of a batch file, decompressed."""
    content = local_path(url).read_bytes()
    return gzip.decompress(content) if message["encoding"]["compression"] == "gzip" else content


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_batches_hold_the_same_rows_as_records(
    exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path, compression: str
) -> None:
    """Rows, metadata columns, `_unmapped`, state and malformed lines equal those of a run without BATCH."""
    for number, time in enumerate(("07:00:00Z", "08:00:00.5Z"), 1):
        files = {f"{stream}.jsonl": BODY for stream in FILE_STREAMS}
        exports.add_job(f"j{number}", f"2026-11-20T{time}", files)
    exports.lists["teams"] = [{"id": "t1"}]
    config = batch_config(tmp_path / "not" / "created yet")
    config["encoding"]["compression"] = compression

    run, plain = sync(batch_config=config), sync()

    for stream in FILE_STREAMS:
        assert read_batches(run, stream) == plain.rows(stream)
        assert len(plain.rows(stream)) == 10
        assert run.rows(stream) == []
    assert run.state == plain.state
    assert run.rows("malformed_lines") == plain.rows("malformed_lines")
    assert run.rows("jobs") == plain.rows("jobs")
    assert run.rows("teams") == plain.rows("teams") == [{"id": "t1"}]
    assert b"1.10" in read_file(run.of_type("BATCH")[0], run.of_type("BATCH")[0]["manifest"][0])


def test_batch_size_limits_the_rows_per_file(
    exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path
) -> None:
    """Each file has `batch_size` rows, the last the remainder. Each BATCH names one file, with the prefix."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": BODY})
    config = batch_config(tmp_path, batch_size=2)
    config["storage"]["prefix"] = "nightly-"

    run = sync(batch_config=config)

    messages = run.of_type("BATCH")
    paths = [local_path(url) for message in messages for url in message["manifest"]]
    assert [len(gzip.decompress(path.read_bytes()).splitlines()) for path in paths] == [2, 2, 1]
    assert all(path.name.startswith("nightly-") for path in paths)
    assert sorted(paths) == sorted(tmp_path.iterdir())
    assert len(messages) == 3


def test_batch_root_may_be_any_fsspec_url(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """Any writable fsspec file system works, here the one in memory."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": BODY})

    run = sync(batch_config=batch_config("memory://batches"))

    (url,) = run.of_type("BATCH")[0]["manifest"]
    with fsspec.open(url, "rb", compression="gzip") as file:
        assert [json.loads(line)["id"] for line in file] == ["c1", "c2", "c3", "c4", "c5"]
    assert url.startswith("memory:")


def test_batches_apply_maps_and_deselection(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    """No file contains a value that a map removes or hashes, or that is deselected."""
    body = b'{"id":"c1","name":"Maud","address":"Heron Quay","externalCustomerIds":{"a":"1"}}\n'
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": body})
    chosen = catalog("customers")
    stream_metadata(catalog_entry(chosen, "customers"), "properties", "address")["selected"] = False
    maps = {"customers": {"name": "md5(name)"}, "copies": {"__source__": "customers", "name": "__NULL__"}}

    deselected = sync(catalog=chosen, batch_config=batch_config(tmp_path))
    mapped = sync(catalog=chosen, batch_config=batch_config(tmp_path), stream_maps=maps)

    assert read_batches(deselected, "customers")[0].keys() >= {"id", "name", "externalCustomerIds", "_job_id"}
    assert "address" not in read_batches(deselected, "customers")[0]
    assert [row["name"] for row in read_batches(mapped, "customers")] == [
        md5(b"Maud", usedforsecurity=False).hexdigest()
    ]
    assert all(b"Maud" not in gzip.decompress(path.read_bytes()) for path in _files(mapped))


def test_mapped_batches_escape_line_ends(
    exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path
) -> None:
    """Each row is one line for every reader, also behind a stream map."""
    body = '{"id":"c1","name":"a\u2028b\u2029c\x85d"}\n'.encode()
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": body})

    run = sync(batch_config=batch_config(tmp_path), stream_maps={"customers": {"address": "name"}})

    assert read_batches(run, "customers")[0]["address"] == "a\u2028b\u2029c\x85d"
    (file,) = _files(run)
    assert len(gzip.decompress(file.read_bytes()).decode().splitlines()) == 1


def test_local_batch_files_are_private(
    exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path
) -> None:
    """Only the user that runs the tap can read them, because they hold customer data."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": BODY})

    run = sync(batch_config=batch_config(tmp_path))

    assert [stat.filemode(file.stat().st_mode) for file in _files(run)] == ["-rw-------"]


def _files(run: Sync) -> list[Path]:
    return [local_path(url) for message in run.of_type("BATCH") for url in message["manifest"]]


def test_failed_run_leaves_no_partial_batch_file(
    exports: StaticExports, sync: Callable[..., Sync], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that no message names is deleted."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": BODY})

    def stop(_writer: object) -> None:
        raise BatchStorageError

    monkeypatch.setattr(batch_files.BatchWriter, "close", stop)
    run = sync(batch_config=batch_config(tmp_path), should_fail=True)

    assert list(tmp_path.iterdir()) == []
    assert run.of_type("BATCH") == []
    assert "customers" not in run.state.get("bookmarks", {})


def test_interrupted_batch_run_resumes_from_its_state(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], tmp_path: Path
) -> None:
    """State is as exact as without BATCH: the next run loads what the first one didn't."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": b'{"id":"c1"}\n'})
    exports.add_job("j2", "2026-11-20T08:00:00Z", {"customers.jsonl": b'{"id":"c2"}\n'})
    config = batch_config(tmp_path)
    emulator.faults.add(Fault("status", status=400, path="jobs/j2"))

    first = sync(batch_config=config, should_fail=True)
    second = sync(batch_config=config, state=first.state)

    assert [row["id"] for row in read_batches(first, "customers")] == ["c1"]
    assert [row["id"] for row in read_batches(second, "customers")] == ["c2"]


def test_empty_file_has_no_batch(exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path) -> None:
    """An empty export file creates no batch file, and the bookmark advances."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": b""})

    run = sync(batch_config=batch_config(tmp_path))

    assert run.of_type("BATCH") == []
    assert list(tmp_path.iterdir()) == []
    assert "j1" in run.bookmark("customers")["jobs_read"]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"batch_size": 0}, "batch_config.batch_size must be at least 1"),
        ({"batch_size": -1}, "batch_config.batch_size must be at least 1"),
        ({"batch_size": "many"}, "batch_config.batch_size must be an integer"),
        ({"batch_rows": 5}, "batch_config has unknown properties: 'batch_rows'"),
        ({"storage": {"prefix": "x"}}, "batch_config.storage.root is required when batch_config is set"),
        ({"storage": {"root": "x", "key": "y"}}, "batch_config.storage has unknown properties: 'key'"),
        ({"storage": None}, "batch_config.storage.root is required when batch_config is set"),
        ({"storage": {"root": None}}, "batch_config.storage.root is required when batch_config is set"),
        ({"encoding": {}}, "batch_config.encoding.format is required when batch_config is set"),
        (
            {"encoding": {"format": "csv"}},
            "batch_config.encoding.format must be one of jsonl, parquet",
        ),
    ],
    ids=str,
)
def test_invalid_batch_config_is_rejected(more: dict[str, Any], problem: str) -> None:
    """The settings are rejected before any request."""
    with pytest.raises(ConfigValidationError) as error_info:
        TapGladly(config={**SETTINGS, "batch_config": batch_config("x", **more)})

    (error,) = error_info.value.errors
    assert error.startswith(problem)


def test_batch_size_of_null_is_the_default(
    exports: StaticExports, sync: Callable[..., Sync], tmp_path: Path
) -> None:
    """Null counts as unset."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": BODY})

    run = sync(batch_config=batch_config(tmp_path, batch_size=None))

    assert len(read_batches(run, "customers")) == 5
    assert len(run.of_type("BATCH")) == 1
