"""Export files: here whole, or not at all, and ahead of use."""

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
"""A file up to this size stays in memory; a larger one goes to a temporary file that has no name."""

_CHUNK_BYTES = 256 * 1024
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def download(response: requests.Response) -> IO[bytes]:
    """Read a response's body to its end.

    Nothing of a file may be sent before it is here whole: a connection that is cut then costs another
    download, never half a file. The body passes through memory in pieces.

    Returns:
        The body, at its start. Its space is given back when it is closed, or when the process ends.

    Raises:
        requests.RequestException: The body ended early, or is not what its headers say.
        DiskFullError: There is no room for it.
    """
    file = tempfile.SpooledTemporaryFile(max_size=MEMORY_LIMIT_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        for chunk in _iter_body(response):
            file.write(chunk)
    except BaseException as error:
        file.close()
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise DiskFullError(
                f"There is no room for an export file in {tempfile.gettempdir()}. "
                "Make room there, or set TMPDIR to a folder that has some, and run again."
            ) from error
        raise
    file.seek(0)
    return file


def _iter_body(response: requests.Response) -> Iterator[bytes]:
    # Decompressed here, since the libraries take gzip that ends early for gzip that has ended.
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
            if unpacker is None or unpacker.eof:  # gzip may have several members, one after the other
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            yield unpacker.decompress(rest, _CHUNK_BYTES)
            rest = unpacker.unconsumed_tail or unpacker.unused_data
    if unpacker is None or not unpacker.eof:  # even of nothing it has some 20 bytes
        raise zlib.error("the gzip stream ends early")


class Prefetcher(Generic[_Key]):
    """Files on their way: a few at a time, handed out in the order in which they are wanted."""

    def __init__(self, wanted: Iterable[_Key], fetch: Callable[[_Key], IO[bytes]], *, parallel: int) -> None:
        """Take note of what is wanted; nothing starts before the first file is taken.

        Args:
            wanted: Names of the files, in order.
            fetch: Fetches one; it runs in a thread of its own.
            parallel: How many are under way or waiting to be taken, the one being taken included.
        """
        self._wanted = iter(wanted)
        self._fetch = fetch
        self._parallel = parallel
        self._under_way: deque[_Download] = deque()

    def next_file(self) -> IO[bytes]:
        """Give what fetching the next file has given, when it is there, or raise what it has raised."""
        while len(self._under_way) < self._parallel:
            try:
                key = next(self._wanted)
            except StopIteration:
                break
            self._under_way.append(_Download(self._fetch, key))
        return self._under_way.popleft().wait()

    def cancel(self) -> None:
        """Let go of what has not been taken."""
        while self._under_way:
            self._under_way.popleft().cancel()


class _Download:
    """One file on its way, in a thread that does not keep a process alive that wants to end."""

    def __init__(self, fetch: Callable[[_Key], IO[bytes]], key: _Key) -> None:
        self._file: IO[bytes] | None = None
        self._error: BaseException | None = None
        self._is_canceled = False
        self._thread = threading.Thread(target=self._run, args=(fetch, key), daemon=True)
        self._thread.start()

    def _run(self, fetch: Callable[[_Key], IO[bytes]], key: _Key) -> None:
        try:
            self._file = fetch(key)
        except BaseException as error:  # noqa: BLE001 - it is raised where the file is taken
            self._error = error
        if self._is_canceled:
            self.cancel()

    def wait(self) -> IO[bytes]:
        """Wait for the end of it."""
        self._thread.join()
        if self._file is None:
            raise cast("BaseException", self._error)
        return self._file

    def cancel(self) -> None:
        """Give the file's space back, now or as soon as it is here."""
        self._is_canceled = True
        if self._file is not None:
            self._file.close()
