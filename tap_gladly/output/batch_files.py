"""Write rows as JSON Lines batch files to any storage that fsspec supports."""

from __future__ import annotations

import errno
import gzip
import os
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, cast
from uuid import uuid4

import fsspec
from singer_sdk import typing as th

from tap_gladly.exceptions import BatchStorageError
from tap_gladly.parsing.json_text import encode

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from singer_sdk.helpers._batch import BatchConfig

GZIP_LEVEL = 1
"""Batch files are read once, soon after. A higher level costs more CPU than it saves."""

# The SDK's schema lacks batch_size and accepts values that the SDK can't use. Nothing in it is required, because
# Meltano Hub would list nested required settings as required for every user. iter_batch_errors checks them.
BATCH_CONFIG = th.Property(
    "batch_config",
    th.ObjectType(
        th.Property(
            "encoding",
            th.ObjectType(
                th.Property(
                    "format",
                    th.StringType(allowed_values=["jsonl", "parquet"]),
                    title="Batch Encoding Format",
                    description="Format of batch files.",
                ),
                th.Property(
                    "compression",
                    th.StringType(allowed_values=["gzip", "none"]),
                    title="Batch Compression Format",
                    description="Compression of batch files.",
                ),
                additional_properties=False,
            ),
            title="Batch Encoding",
            description="How batch files are written.",
        ),
        th.Property(
            "storage",
            th.ObjectType(
                th.Property(
                    "root",
                    th.StringType(),
                    title="Batch Storage Root",
                    description="Folder or fsspec URL that batch files are written to.",
                ),
                th.Property(
                    "prefix",
                    th.StringType(),
                    title="Batch Storage Prefix",
                    description="Prefix of the names of batch files.",
                ),
                th.Property(
                    "params",
                    th.ObjectType(nullable=False),
                    title="Batch Storage Parameters",
                    description="Keyword arguments for the fsspec file system, such as credentials.",
                ),
                additional_properties=False,
            ),
            title="Batch Storage",
            description="Where batch files are written.",
        ),
        th.Property(
            "batch_size",
            th.IntegerType(minimum=1),
            title="Batch Size",
            description="Maximum number of rows in a batch file. If not set, 10000.",
        ),
        additional_properties=False,
    ),
    title="Batch Configuration",
    description="Write rows of the export files to batch files and send BATCH messages that point to them.",
)


_REQUIRED = (("encoding", "format"), ("storage", "root"))
_NUMBERS = {"integer", "number"}
_SCALARS = ({"integer"}, {"boolean"})


def iter_batch_errors(batch_config: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield one message per setting that is missing from a `batch_config`; none if it isn't set."""
    if batch_config:
        for part, name in _REQUIRED:
            if not (batch_config.get(part) or {}).get(name):
                yield f"batch_config.{part}.{name} is required when batch_config is set"


def make_parquet_row(row: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for a Parquet file, which the SDK writes.

    Arrow takes the columns of a file from its first row, so each row has all of them. A column has one type. A
    value in a column that may hold several types, or objects and arrays of any content, becomes JSON text unless
    it is text. Arrow's decimals have a fixed number of digits, so numbers are doubles.

    Args:
        row: A record.
        properties: Schema of each column.
    """
    return {name: _make_cell(row.get(name), schema) for name, schema in properties.items()}


def _make_cell(value: object, schema: object) -> object:
    if value is None or isinstance(value, str):
        return value
    declared = schema.get("type") if isinstance(schema, dict) else None
    names = declared if isinstance(declared, list) else [declared]
    types = {name for name in names if isinstance(name, str)} - {"null"}
    if "number" in types and types <= _NUMBERS:
        return float(cast("float", value))
    return value if types in _SCALARS else encode(value).decode()


class BatchWriter:
    """Writes the rows of a table to files of `batch_size` rows each."""

    def __init__(self, config: BatchConfig, table: str) -> None:
        self._config = config
        self._name = f"{config.storage.prefix or ''}tap-gladly--{table}-{uuid4()}"
        self._file_number = 0
        self._remaining_rows = 0
        self._open = ExitStack()
        self._file: IO[bytes]
        self._url = ""

    def write(self, rows: Sequence[bytes], *, ending: bytes = b"") -> Iterator[str]:
        """Write rows.

        Args:
            rows: JSON objects.
            ending: Bytes to append to each row, if it isn't complete.

        Yields:
            The URL of each file that is full and closed.
        """
        ending += b"\n"
        while rows:
            with _storage_errors():
                if not self._remaining_rows:
                    with private_files():
                        self._start_file()
                now, rows = rows[: self._remaining_rows], rows[self._remaining_rows :]
                self._file.write(ending.join(now) + ending)
            self._remaining_rows -= len(now)
            if not self._remaining_rows:
                yield self._end_file()

    def close(self) -> Iterator[str]:
        """Close the last file and yield its URL, if there is one."""
        if self._remaining_rows:
            yield self._end_file()

    def discard(self) -> None:
        """Delete the unfinished file, which no BATCH message names."""
        if self._remaining_rows:
            # Closing writes buffered data, which fails again if the disk is full.
            with suppress(Exception):
                self._open.close()
            with suppress(Exception):
                self._filesystem.rm(self._path)

    def _start_file(self) -> None:
        is_gzip = self._config.encoding.compression == "gzip"
        storage = self._config.storage
        self._file_number += 1
        name = f"{self._name}-{self._file_number}.json{'.gz' if is_gzip else ''}"
        self._filesystem, root = fsspec.core.url_to_fs(storage.root, **storage.params)
        self._url, self._path = storage.get_url(name), f"{root.rstrip('/')}/{name}"
        self._filesystem.makedirs(self._path.rpartition("/")[0], exist_ok=True)
        self._file = self._open.enter_context(self._filesystem.open(self._path, "wb"))
        if is_gzip:
            compressor = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=GZIP_LEVEL)
            self._file = cast("IO[bytes]", self._open.enter_context(compressor))
        self._remaining_rows = self._config.batch_size

    def _end_file(self) -> str:
        with _storage_errors():
            self._open.close()
        self._remaining_rows = 0
        return self._url


@contextmanager
def private_files() -> Generator[None]:
    """Let only the current user access the files that are created: they hold customer data."""
    umask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(umask)


@contextmanager
def _storage_errors() -> Generator[None]:
    try:
        yield
    except Exception as error:  # each fsspec file system raises its own kinds of errors
        raise BatchStorageError(
            f"A batch file can't be written: {_describe(error)}. "
            "Check storage in batch_config. The next run resumes at the export file that this run was loading."
        ) from error


def _describe(error: Exception) -> str:
    """Describe an error without quoting the URL, which may contain a password."""
    number = (isinstance(error, OSError) and error.errno) or 0
    if number in errno.errorcode:
        return os.strerror(number)
    if isinstance(error, ImportError):
        return str(error)  # names the package to install
    if isinstance(error, ValueError):
        return "root is not a URL that fsspec supports"
    if isinstance(error, NotImplementedError):
        return "this kind of storage is read-only"
    return type(error).__name__
