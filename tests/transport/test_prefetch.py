"""Prefetcher downloads files in parallel and returns them in order."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest

from tap_gladly.transport.prefetch import Prefetcher

if TYPE_CHECKING:
    from typing import IO


class Gates:
    """Downloads that finish when the test opens their gate."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.opened = {number: threading.Event() for number in range(20)}
        self.files: dict[int, IO[bytes]] = {}
        self._lock = threading.Lock()

    def fetch(self, number: int) -> IO[bytes]:
        """Wait for the gate, then return a file, or raise for a number above ten."""
        with self._lock:
            self.started.append(number)
        assert self.opened[number].wait(10)
        if number > 10:
            raise ValueError(number)
        self.files[number] = io.BytesIO(b"%d" % number)
        return self.files[number]


def test_prefetcher_returns_files_in_order() -> None:
    """Files come in the order of their keys, no matter which is downloaded first."""
    gates = Gates()
    downloads = Prefetcher(range(5), gates.fetch, parallel=3)
    for number in (2, 1, 0, 3, 4):
        gates.opened[number].set()
    taken = []
    for number in range(5):
        taken.append(downloads.next_file().read())
        assert len(gates.started) <= number + 3

    assert taken == [b"0", b"1", b"2", b"3", b"4"]


def test_prefetcher_limits_parallel_downloads() -> None:
    """While the first file is awaited, as many downloads run as allowed."""
    gates = Gates()
    downloads = Prefetcher(range(10), gates.fetch, parallel=4)
    taking = threading.Thread(target=downloads.next_file)
    taking.start()
    gates.opened[0].set()
    taking.join(10)

    assert sorted(gates.started) == [0, 1, 2, 3]
    for gate in gates.opened.values():
        gate.set()


def test_prefetcher_tells_whether_the_next_file_is_ready() -> None:
    """The wait for a file is limited, and the file stays available."""
    gates = Gates()
    downloads = Prefetcher([1, 2], gates.fetch, parallel=2)
    gates.opened[2].set()
    early = downloads.is_ready(within=0)
    gates.opened[1].set()

    assert not early
    assert downloads.is_ready(within=10)
    assert downloads.next_file().read() == b"1"
    assert downloads.is_ready(within=10)


def test_prefetcher_raises_errors_in_order() -> None:
    """A failed download raises when its file is due, and not before."""
    gates = Gates()
    for gate in gates.opened.values():
        gate.set()
    downloads = Prefetcher([1, 11, 2], gates.fetch, parallel=3)

    assert downloads.next_file().read() == b"1"
    with pytest.raises(ValueError, match="11"):
        downloads.next_file()
    assert downloads.next_file().read() == b"2"


def test_canceled_downloads_free_their_space() -> None:
    """Canceling closes the remaining files, also those that arrive later."""
    gates = Gates()
    downloads = Prefetcher(range(3), gates.fetch, parallel=3)
    gates.opened[0].set()
    downloads.next_file()
    gates.opened[1].set()
    threads = [thread for thread in threading.enumerate() if thread.daemon]
    downloads.cancel()
    gates.opened[2].set()
    for thread in threads:
        thread.join(10)

    assert gates.files[1].closed
    assert gates.files[2].closed
    assert not gates.files[0].closed
