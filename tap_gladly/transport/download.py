"""Complete downloads into memory or temporary files."""

from __future__ import annotations

import errno
import io
import json
import os
import tempfile
import zlib
from itertools import chain
from typing import IO, TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from singer_sdk.exceptions import RetriableAPIError

from tap_gladly.exceptions import DiskFullError, ResponseTooLargeError, TemporaryFileError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator

MEMORY_LIMIT_BYTES = 4 * 1024 * 1024
"""A file up to this size stays in memory; a larger one moves to an unlinked temporary file."""
MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
"""The largest response that the tap parses as a whole, such as the job list."""

_CHUNK_BYTES = 256 * 1024
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b\x08"
_ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"
_TAIL_BYTES = 1024 * 1024
_UNVERIFIED_ATTEMPTS = 2
"""After this many responses that nothing proves complete, the tap accepts one that looks complete."""
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Download(NamedTuple):
    """A body that was read to its end."""

    file: IO[bytes]
    """The body, at its start. Closing it, or the end of the process, frees its space."""
    is_verified: bool
    """Whether Content-Length, the last chunk or the end of the gzip stream proves that it is complete."""


def download(response: requests.Response, *, max_bytes: int | None = None) -> Download:
    """Download a response's body completely.

    The tap sends nothing of a file before the download is complete, so a dropped connection costs a retry and
    never a partial file. The body passes through memory in chunks.

    Args:
        response: The response, whose body hasn't been read.
        max_bytes: The largest body to accept, decompressed; None for any size.

    Raises:
        requests.RequestException: The body is incomplete or doesn't match its headers.
        ResponseTooLargeError: The body is larger than `max_bytes`.
        TemporaryFileError: The temporary folder can't hold the body.
    """
    # Before reading: the library counts `length_remaining` down.
    is_framed = bool(response.raw.chunked) or response.raw.length_remaining is not None
    body = _Body(response)
    file: IO[bytes] = io.BytesIO()
    size = 0
    try:
        for chunk in body:
            size += len(chunk)
            if size > MEMORY_LIMIT_BYTES:
                _check_size(size, max_bytes, response)
                file = _spill(file) if isinstance(file, io.BytesIO) else file
            _write(file, chunk)
        file.seek(0)
    except BaseException:
        _discard(file)
        raise
    return Download(file, is_framed or body.is_gzip)


def _check_size(size: int, max_bytes: int | None, response: requests.Response) -> None:
    if max_bytes is not None and size > max_bytes:
        path, limit = urlsplit(response.url).path, max_bytes // 1024**2
        raise ResponseTooLargeError(f"The response to {path} exceeds the {limit} MiB that the tap accepts.")


def _spill(memory: io.BytesIO) -> IO[bytes]:
    try:
        # The file has no name, and its space is free again when it is closed.
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    except OSError as error:
        raise _explain(error) from error
    _write(file, memory.getvalue())  # shares its memory
    memory.close()
    return file


def _write(file: IO[bytes], chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise _explain(error) from error


def _explain(error: OSError) -> TemporaryFileError:
    remedy = "set TMPDIR to a writable folder with enough space."
    if error.errno in _NO_SPACE:
        return DiskFullError(f"No space left in the temporary folder. Free some space, or {remedy}")
    reason = "none of the usual folders is writable" if error.errno == errno.ENOENT else error.strerror
    return TemporaryFileError(f"Can't write to the temporary folder: {reason}. To fix this, {remedy}")


def _discard(file: IO[bytes]) -> None:
    try:
        file.close()
    except OSError:  # what its buffer holds doesn't fit, either
        file.close()


class _Body:
    """The decompressed chunks of a response's body."""

    def __init__(self, response: requests.Response) -> None:
        self._raw = response.raw
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        self.is_gzip = encoding in {"gzip", "x-gzip"}
        if not self.is_gzip and encoding not in {"", "identity"}:
            raise requests.exceptions.ContentDecodingError("the tap didn't ask for this Content-Encoding")

    def __iter__(self) -> Iterator[bytes]:
        try:
            # urllib3 accepts a truncated gzip stream as complete, so the tap decompresses gzip itself.
            chunks = self._raw.stream(_CHUNK_BYTES, decode_content=False)
            head = b""
            for chunk in chunks:
                head += chunk
                if len(head) >= len(_ZSTANDARD_MAGIC):
                    break
            # Some proxies drop the header Content-Encoding. Zstandard then fails as invalid gzip.
            self.is_gzip = self.is_gzip or head.startswith((_GZIP_MAGIC, _ZSTANDARD_MAGIC))
            pieces = chain((head,), chunks)
            yield from _iter_gunzipped(pieces) if self.is_gzip else pieces
        except zlib.error as error:
            raise requests.exceptions.ContentDecodingError(error) from error
        except urllib3.exceptions.ReadTimeoutError as error:
            raise requests.ReadTimeout(error) from error
        except MemoryError:
            raise
        except Exception as error:
            # The HTTP library raises errors of many types for broken framing, such as ValueError for a
            # negative chunk size.
            raise requests.exceptions.ChunkedEncodingError(error) from error


def _iter_gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = None
    for packed in chunks:
        rest = packed
        while rest:
            if unpacker is None or unpacker.eof:  # gzip may have several members
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            yield unpacker.decompress(rest, _CHUNK_BYTES)
            rest = unpacker.unconsumed_tail or unpacker.unused_data
    if unpacker is None or not unpacker.eof:  # even an empty file compresses to 20 bytes
        raise zlib.error("the gzip stream is truncated")


class UnverifiedResponses:
    """The responses to one request that neither headers nor encoding prove complete."""

    def __init__(self, request: str, logger: logging.Logger) -> None:
        self._request = request
        self._logger = logger
        self._count = 0

    def check(self, response: requests.Response, file: IO[bytes]) -> None:
        """Raise `RetriableAPIError`, unless there were several and this one looks complete."""
        self._count += 1
        if self._count < _UNVERIFIED_ATTEMPTS or not has_complete_end(file):
            raise RetriableAPIError("nothing proves that the response is complete", response)

    def warn(self) -> None:
        """Warn that the tap accepted such a response."""
        self._logger.warning(
            "%s: accepted a response that may be incomplete, after %d such responses: it has neither "
            "Content-Length nor chunked encoding. Check for a proxy that removes them.",
            self._request,
            self._count,
        )


def has_complete_end(file: IO[bytes]) -> bool:
    """Return whether a body isn't empty and its last line is complete.

    The last line is complete if it has a line end, or if it, or the whole body, is a JSON object or array.

    Args:
        file: The body; it is left at its start.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    last_line = tail.rpartition(b"\n")[2]
    return tail.endswith(b"\n") or _is_json(last_line) or (len(tail) == size and _is_json(tail))


def _is_json(text: bytes) -> bool:
    try:
        return text.lstrip()[:1] in {b"{", b"["} and isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False
