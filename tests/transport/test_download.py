"""Bodies, whole or not at all."""

from __future__ import annotations

import errno
import gzip
import io
import os
import tempfile
import threading
from typing import TYPE_CHECKING

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from gladly_emulator import Fault
from tap_gladly.exceptions import DiskFullError
from tap_gladly.transport.download import MEMORY_LIMIT_BYTES, Prefetcher, download

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from gladly_emulator import Emulator, StaticExports

SMALL, LARGE = b"x" * 1000, b"0123456789abcde\n" * (MEMORY_LIMIT_BYTES // 8)


def get(emulator: Emulator) -> requests.Response:
    """Ask for the one file there is, and take no body yet."""
    settings = emulator.settings
    return requests.get(
        f"{emulator.url}/api/v1/export/jobs/j/files/f",
        auth=(settings["agent_email"], settings["api_token"]),
        stream=True,
        timeout=10,
    )


@pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=len)
def test_download_gives_the_body_from_its_start(
    exports: StaticExports, emulator: Emulator, body: bytes
) -> None:
    """Small or large, the file reads as it was sent."""
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": body})

    with get(emulator) as response, download(response) as file:
        assert file.read() == body


@pytest.mark.parametrize(("body", "on_disk"), [(SMALL, False), (LARGE, True)], ids=["small", "large"])
def test_download_leaves_no_file_with_a_name(
    exports: StaticExports,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    body: bytes,
    on_disk: bool,  # noqa: FBT001
) -> None:
    """A large file is on disk, but in no folder; a small one is not on disk at all."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": body})

    with get(emulator) as response, download(response) as file:
        assert not list(tmp_path.iterdir())
        assert getattr(file, "_rolled", None) is on_disk
        if on_disk:
            assert os.fstat(file.fileno()).st_size == len(body)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut", at_byte=10),
        Fault("reset", at_byte=10),
        Fault("length", difference=5),
        Fault("gzip", body=b"this is no gzip"),
        Fault("gzip", body=gzip.compress(SMALL)[:-9]),
        Fault("gzip", body=gzip.compress(SMALL)[:20]),
        Fault("gzip", body=gzip.compress(SMALL) + b"and more"),
        Fault("gzip", body=b""),
    ],
    ids=["cut", "reset", "length", "no gzip", "cut gzip", "short gzip", "gzip and more", "empty gzip"],
)
def test_download_gives_no_part_of_a_body(exports: StaticExports, emulator: Emulator, fault: Fault) -> None:
    """A body that ends early or cannot be decompressed is an error, never a shorter file."""
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": SMALL})
    emulator.faults.add(fault)

    with get(emulator) as response, pytest.raises(requests.RequestException):
        download(response)


@pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("members", [1, 3])
def test_download_unpacks_gzip(exports: StaticExports, emulator: Emulator, body: bytes, members: int) -> None:
    """A compressed body, in one member or several, reads as what was compressed."""
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": b""})
    emulator.faults.add(Fault("gzip", body=gzip.compress(body) * members))

    with get(emulator) as response, download(response) as file:
        assert file.read() == body * members


def test_download_says_when_there_is_no_room(
    exports: StaticExports, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is one clear message, and is not tried again."""

    def write_nothing(*_args: object, **_more: object) -> IO[bytes]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", write_nothing)
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": LARGE})

    with get(emulator) as response, pytest.raises(DiskFullError, match=r"no room .* set TMPDIR"):
        download(response)


class Gates:
    """Fetches that end when a test lets them."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.opened = {number: threading.Event() for number in range(20)}
        self.files: dict[int, IO[bytes]] = {}
        self._lock = threading.Lock()

    def fetch(self, number: int) -> IO[bytes]:
        """Wait for the gate, then give a file, or fail for a number above ten."""
        with self._lock:
            self.started.append(number)
        assert self.opened[number].wait(10)
        if number > 10:
            raise ValueError(number)
        self.files[number] = io.BytesIO(b"%d" % number)
        return self.files[number]


def test_downloads_come_in_order_and_a_few_at_a_time() -> None:
    """Whichever is here first, files are taken in the order in which they are wanted."""
    gates = Gates()
    downloads = Prefetcher(range(5), gates.fetch, parallel=3)
    for number in (2, 1, 0, 3, 4):
        gates.opened[number].set()
    taken = []
    for number in range(5):
        taken.append(downloads.next_file().read())
        assert len(gates.started) <= number + 3

    assert taken == [b"0", b"1", b"2", b"3", b"4"]


def test_downloads_start_no_more_than_they_may() -> None:
    """While the first is waited for, just as many are under way as asked for."""
    gates = Gates()
    downloads = Prefetcher(range(10), gates.fetch, parallel=4)
    taking = threading.Thread(target=downloads.next_file)
    taking.start()
    gates.opened[0].set()
    taking.join(10)

    assert sorted(gates.started) == [0, 1, 2, 3]
    for gate in gates.opened.values():
        gate.set()


def test_downloads_raise_in_order() -> None:
    """A failure is raised where its file is taken, and not before."""
    gates = Gates()
    for gate in gates.opened.values():
        gate.set()
    downloads = Prefetcher([1, 11, 2], gates.fetch, parallel=3)

    assert downloads.next_file().read() == b"1"
    with pytest.raises(ValueError, match="11"):
        downloads.next_file()
    assert downloads.next_file().read() == b"2"


def test_downloads_abandoned_give_their_space_back() -> None:
    """Files that nobody takes any more are closed, those that come later as well."""
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


@given(body=st.binary(max_size=3000), chunk_bytes=st.integers(1, 4000), members=st.integers(0, 3))
def test_download_ignores_chunk_borders(body: bytes, chunk_bytes: int, members: int) -> None:
    """However the bytes arrive, plain or compressed, the file is the same."""
    packed = gzip.compress(body) * members if members else body
    response = requests.Response()
    response.raw = urllib3.HTTPResponse(io.BytesIO(packed), preload_content=False)
    response.headers["Content-Encoding"] = "gzip" if members else "identity"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tap_gladly.transport.download._CHUNK_BYTES", chunk_bytes)
        with download(response) as file:
            assert file.read() == body * max(members, 1)
