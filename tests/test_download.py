"""Bodies, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest
import requests

from gladly_emulator import Fault
from tap_gladly.download import MEMORY_LIMIT_BYTES, download

if TYPE_CHECKING:
    from pathlib import Path

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
    ],
    ids=lambda fault: fault.kind,
)
def test_download_gives_no_part_of_a_body(exports: StaticExports, emulator: Emulator, fault: Fault) -> None:
    """A body that ends early or cannot be decompressed is an error, never a shorter file."""
    exports.add_job("j", "2026-11-20T00:00:00Z", {"f": SMALL})
    emulator.faults.add(fault)

    with get(emulator) as response, pytest.raises(requests.RequestException):
        download(response)
