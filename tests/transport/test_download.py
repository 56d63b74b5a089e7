"""Complete downloads."""

from __future__ import annotations

import errno
import gc
import gzip
import io
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
import requests
import urllib3
from hypothesis import assume, given
from hypothesis import strategies as st
from support import fail, raiser, tap_environment

from gladly_emulator import Fault
from tap_gladly.transport.download import MEMORY_LIMIT_BYTES, download

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

SMALL, LARGE = b"x" * 1000, b"0123456789abcde\n" * (MEMORY_LIMIT_BYTES // 8)


def get(emulator: Emulator) -> requests.Response:
    """Request the one file, without reading its body."""
    settings = emulator.settings
    return requests.get(
        f"{emulator.url}/api/v1/export/jobs/j/files/f",
        auth=(settings["agent_email"], settings["api_token"]),
        stream=True,
        timeout=10,
    )


@pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=len)
def test_download_returns_the_body_at_its_start(
    exports: StaticExports, emulator: Emulator, body: bytes
) -> None:
    """A small and a large file both read as they were sent."""
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": body})

    with get(emulator) as response, download(response).file as file:
        assert file.read() == body


@pytest.mark.parametrize(("body", "on_disk"), [(SMALL, False), (LARGE, True)], ids=["small", "large"])
def test_download_spills_to_an_unlinked_file(
    exports: StaticExports,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    body: bytes,
    on_disk: bool,  # noqa: FBT001
) -> None:
    """A large file is on disk without a name; a small one stays in memory."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": body})

    with get(emulator) as response, download(response).file as file:
        assert not list(tmp_path.iterdir())
        assert isinstance(file, io.BytesIO) is not on_disk
        if on_disk:
            assert os.fstat(file.fileno()).st_size == len(body)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut", at_byte=10),
        Fault("reset", at_byte=10),
        Fault("length", difference=5),
        Fault("gzip", body=b"not gzip data"),
        Fault("gzip", body=gzip.compress(SMALL)[:-9]),
        Fault("gzip", body=gzip.compress(SMALL)[:20]),
        Fault("gzip", body=gzip.compress(SMALL) + b"and more"),
        Fault("gzip", body=b""),
    ],
    ids=["cut", "reset", "length", "no gzip", "cut gzip", "short gzip", "gzip and more", "empty gzip"],
)
def test_download_rejects_truncated_bodies(exports: StaticExports, emulator: Emulator, fault: Fault) -> None:
    """A truncated body, or one that can't be decompressed, is an error and never a shorter file."""
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": SMALL})
    emulator.faults.add(fault)

    with get(emulator) as response, pytest.raises(requests.RequestException):
        download(response)


@pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("members", [1, 3])
def test_download_decompresses_gzip(
    exports: StaticExports, emulator: Emulator, body: bytes, members: int
) -> None:
    """A gzip body, with one member or several, reads as the original."""
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": b""})
    emulator.faults.add(Fault("gzip", body=gzip.compress(body) * members))

    with get(emulator) as response, download(response).file as file:
        assert file.read() == body * members


@pytest.mark.parametrize("reason", ["no folder", "read-only", "full"])
def test_unusable_temporary_folder_is_one_line(
    exports: StaticExports,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
) -> None:
    """The error names TMPDIR, ends the run without a retry, and has no traceback."""
    number = {"no folder": errno.ENOENT, "read-only": errno.EROFS, "full": errno.ENOSPC}[reason]
    monkeypatch.setattr(tempfile, "TemporaryFile", raiser(OSError(number, os.strerror(number))))
    exports.add_job("j", "2026-11-20T00:00:00Z", {"customers.jsonl": b'{"id":"c"}\n' + b"\n" * len(LARGE)})

    errors = fail(sync, log)

    assert len(errors) == 1
    assert "set TMPDIR to a writable folder with enough space." in errors[0]
    assert "Traceback" not in log.text


def test_unusable_temporary_folder_fails_a_connection_test(
    exports: StaticExports, emulator: Emulator, tmp_path: Path
) -> None:
    """`--test` downloads a large file, too, and reports the folder in one line."""
    exports.add_job("j", "2026-11-20T00:00:00Z", {"customers.jsonl": b'{"id":"c"}\n' + b"\n" * len(LARGE)})
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys, tempfile\n"
        "tempfile._candidate_tempdir_list = lambda: ['/nonexistent']\n"
        "from tap_gladly.tap import TapGladly\n"
        "TapGladly.cli(['--config=ENV', '--test'])\n"
    )

    run = subprocess.run(
        [sys.executable, script],
        env=tap_environment(emulator.settings),
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "TMPDIR" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Python ignores it by default, too
def test_interrupted_download_leaves_nothing_behind(
    exports: StaticExports, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal anywhere in a download raises only its own exception: no finalizer fails after it."""
    monkeypatch.setattr("tap_gladly.transport.download.MEMORY_LIMIT_BYTES", 100)
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": SMALL})
    files = (download.__code__.co_filename, tempfile.__file__)
    at = lines = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        if frame.f_code.co_filename not in files:
            return None
        lines += event == "line"
        if lines == at:
            raise KeyboardInterrupt
        return trace

    is_interrupted = True
    while is_interrupted:
        at, lines = at + 3, 0
        with get(emulator) as response:
            sys.settrace(trace)
            try:
                download(response).file.close()
                is_interrupted = False
            except KeyboardInterrupt:
                pass
            finally:
                sys.settrace(None)
        gc.collect()

    assert at > 50


@given(body=st.binary(max_size=3000), chunk_bytes=st.integers(1, 4000), members=st.integers(0, 3))
def test_download_ignores_chunk_boundaries(body: bytes, chunk_bytes: int, members: int) -> None:
    """The file is the same however the bytes arrive, plain or compressed."""
    assume(not body.startswith((b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd")))
    packed = gzip.compress(body) * members if members else body
    response = requests.Response()
    response.raw = urllib3.HTTPResponse(io.BytesIO(packed), preload_content=False)
    response.headers["Content-Encoding"] = "gzip" if members else "identity"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tap_gladly.transport.download._CHUNK_BYTES", chunk_bytes)
        with download(response).file as file:
            assert file.read() == body * max(members, 1)
