"""Complete downloads into temporary files, and prefetching."""

from __future__ import annotations

import errno
import tempfile
import threading
import zlib
from collections import deque
from typing import IO, TYPE_CHECKING, Generic, TypeVar, cast

import requests
import urllib3.exceptions

from tap_gladly.exceptions import DiskFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_Key = TypeVar("_Key")

MEMORY_LIMIT_BYTES = 4 * 1024 * 1024
"""A file up to this size stays in memory; a larger one spills to an unlinked temporary file."""

_CHUNK_BYTES = 256 * 1024
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def download(response: requests.Response) -> IO[bytes]:
    """Download a response's body completely.

    The tap sends nothing of a file before the download is complete, so a dropped connection costs a retry and
    never a partial file. The body passes through memory in chunks.

    Returns:
        The body, at its start. Closing it, or the end of the process, frees its space.

    Raises:
        requests.RequestException: The body is incomplete or doesn't match its headers.
        DiskFullError: The temporary folder has no space for it.
    """
    file = tempfile.SpooledTemporaryFile(max_size=MEMORY_LIMIT_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        for chunk in _iter_body(response):
            file.write(chunk)
    except BaseException as error:
        file.close()
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise DiskFullError(
                f"No space left for a download in {tempfile.gettempdir()}. "
                "Free some space, or set TMPDIR to another folder, and run again."
            ) from error
        raise
    file.seek(0)
    return file


def _iter_body(response: requests.Response) -> Iterator[bytes]:
    # urllib3 accepts a truncated gzip stream as complete, so the tap decompresses gzip itself.
    is_gzip = response.headers.get("Content-Encoding", "").strip().lower() in {"gzip", "x-gzip"}
    try:
        chunks = response.raw.stream(_CHUNK_BYTES, decode_content=not is_gzip)
        yield from _iter_gunzipped(chunks) if is_gzip else chunks
    except (urllib3.exceptions.DecodeError, zlib.error) as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except urllib3.exceptions.HTTPError as error:
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


class Prefetcher(Generic[_Key]):
    """Downloads files ahead of use, several at a time, and returns them in order."""

    def __init__(self, keys: Iterable[_Key], fetch: Callable[[_Key], IO[bytes]], *, parallel: int) -> None:
        """Create a prefetcher; downloads start with the first call of `next_file`.

        Args:
            keys: Identify the files, in the order of use.
            fetch: Downloads one file, in a thread of its own.
            parallel: Files that are being downloaded or wait for `next_file`, at most.
        """
        self._keys = iter(keys)
        self._fetch = fetch
        self._parallel = parallel
        self._downloads: deque[_Download] = deque()

    def next_file(self) -> IO[bytes]:
        """Wait for the next file and return it, or raise the error of its download."""
        while len(self._downloads) < self._parallel:
            try:
                key = next(self._keys)
            except StopIteration:
                break
            self._downloads.append(_Download(self._fetch, key))
        return self._downloads.popleft().wait()

    def cancel(self) -> None:
        """Discard the files that `next_file` hasn't returned."""
        while self._downloads:
            self._downloads.popleft().cancel()


class _Download:
    """One download, in a daemon thread, so that it doesn't delay the end of the process."""

    def __init__(self, fetch: Callable[[_Key], IO[bytes]], key: _Key) -> None:
        self._file: IO[bytes] | None = None
        self._error: BaseException | None = None
        self._is_canceled = False
        self._thread = threading.Thread(target=self._run, args=(fetch, key), daemon=True)
        self._thread.start()

    def _run(self, fetch: Callable[[_Key], IO[bytes]], key: _Key) -> None:
        try:
            self._file = fetch(key)
        except BaseException as error:  # noqa: BLE001 - `wait` raises it
            self._error = error
        if self._is_canceled:
            self.cancel()

    def wait(self) -> IO[bytes]:
        """Wait for the download and return the file, or raise its error."""
        self._thread.join()
        if self._file is None:
            raise cast("BaseException", self._error)
        return self._file

    def cancel(self) -> None:
        """Close the file, now or as soon as it is downloaded."""
        self._is_canceled = True
        if self._file is not None:
            self._file.close()
