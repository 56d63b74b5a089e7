"""Downloads ahead of use, in threads."""

from __future__ import annotations

import threading
from collections import deque
from typing import IO, TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Key = TypeVar("_Key")


class Prefetcher(Generic[_Key]):
    """Downloads files ahead of use, several at a time, and returns them in order."""

    def __init__(self, keys: Iterable[_Key], fetch: Callable[[_Key], IO[bytes]], *, parallel: int) -> None:
        """Create a prefetcher; downloads start with the first call of `is_ready` or `next_file`.

        Args:
            keys: Identify the files, in the order of use.
            fetch: Downloads one file, in a thread of its own.
            parallel: Maximum number of files that are being downloaded or wait for `next_file`.
        """
        self._keys = iter(keys)
        self._fetch = fetch
        self._parallel = parallel
        self._downloads: deque[_Download] = deque()

    def is_ready(self, *, within: float) -> bool:
        """Wait for the next file, for a number of seconds at most; return whether its download has ended."""
        self._start_downloads()
        return self._downloads[0].has_ended(within=within)

    def next_file(self) -> IO[bytes]:
        """Wait for the next file and return it, or raise the error of its download."""
        self._start_downloads()
        return self._downloads.popleft().wait()

    def _start_downloads(self) -> None:
        while len(self._downloads) < self._parallel:
            try:
                key = next(self._keys)
            except StopIteration:
                break
            self._downloads.append(_Download(self._fetch, key))

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

    def has_ended(self, *, within: float) -> bool:
        """Wait for the download, for a number of seconds at most; return whether it has ended."""
        self._thread.join(within)
        return not self._thread.is_alive()

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
