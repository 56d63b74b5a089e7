"""Batch files: rows as JSON Lines, in a folder or wherever else fsspec can write."""

from __future__ import annotations

import gzip
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, cast
from uuid import uuid4

import fsspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers._batch import BatchConfig

GZIP_LEVEL = 1
"""The files are read once, soon: what a higher level saves there costs more here."""


class BatchWriter:
    """Writes the rows of a table into files of `batch_size` rows each."""

    def __init__(self, config: BatchConfig, table: str) -> None:
        self._config = config
        self._name = f"{config.storage.prefix or ''}tap-gladly--{table}-{uuid4()}"
        self._file_number = 0
        self._room = 0
        self._open = ExitStack()
        self._file: IO[bytes]
        self._url = ""

    def write(self, rows: Sequence[bytes], *, ending: bytes = b"") -> Iterator[str]:
        """Write rows.

        Args:
            rows: JSON objects.
            ending: What each still lacks, if anything.

        Yields:
            The address of each file that is full and closed.
        """
        ending += b"\n"
        while rows:
            if not self._room:
                self._start_file()
            now, rows = rows[: self._room], rows[self._room :]
            self._file.write(ending.join(now) + ending)
            self._room -= len(now)
            if not self._room:
                yield self._end_file()

    def close(self) -> Iterator[str]:
        """End the last file, and yield its address if there is one."""
        if self._room:
            yield self._end_file()

    def discard(self) -> None:
        """Take away the file that is not finished: nobody will be told of it."""
        if self._room:
            self._open.close()
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
            packer = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=GZIP_LEVEL)
            self._file = cast("IO[bytes]", self._open.enter_context(packer))
        self._room = self._config.batch_size

    def _end_file(self) -> str:
        self._room = 0
        self._open.close()
        return self._url
