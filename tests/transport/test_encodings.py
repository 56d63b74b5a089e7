"""Compressed bodies that the tap didn't ask for, on every kind of endpoint."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest
from raw_server import with_length

from tap_gladly.exceptions import GladlyError
from transport.surfaces import NAMES, SURFACES, Surface

if TYPE_CHECKING:
    from collections.abc import Callable

# Two lines with topics, made by the compressors of these names; the tap has neither.
ZSTANDARD = bytes.fromhex("28b52ffd2418c100007b226964223a227431227d0a7b226964223a227432227d0a")
BROTLI = bytes.fromhex("1b17000024c2a28a3d12ea14e8ec2f94e3c0")
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "deflate": zlib.compress,
    "raw deflate": lambda body: zlib.compress(body)[2:-4],
    "br": lambda _: BROTLI,
    "zstd": lambda _: ZSTANDARD,
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "UTF-16 without mark": lambda body: body.decode().encode("utf-16-le"),
    "noise": lambda _: bytes(range(256)) * 9,
    "zeros": lambda _: bytes(5000),
}


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_unexpected_encoding_is_retried(
    load_surface: Callable[..., list[str]], surface: Surface, packed: str
) -> None:
    """Bytes that aren't text are an unexpected response, with Content-Encoding and without it."""
    body = PACKED[packed](surface.body)
    replies = [with_length(body), with_length(body, "Content-Encoding: br"), with_length(surface.body)]
    requested = 0

    def reply(number: int) -> bytes:
        nonlocal requested
        requested += 1
        return replies[number]

    assert load_surface(surface, reply) == surface.ids
    assert requested == 3


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_persistent_unexpected_encoding_is_one_line(
    load_surface: Callable[..., list[str]], log: pytest.LogCaptureFixture, surface: Surface, packed: str
) -> None:
    """The stream fails without a row, and doesn't count the response as loaded."""
    with pytest.raises(GladlyError):
        load_surface(surface, lambda _: with_length(PACKED[packed](surface.body)))

    errors = {record.getMessage() for record in log.records if record.levelname == "ERROR"}
    assert any(error.startswith("Gladly sent no usable response at 127.0.0.1:") for error in errors)
    assert "malformed lines 0" in log.text
    assert "Traceback" not in log.text


@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_gzip_without_its_header_is_decompressed_everywhere(
    load_surface: Callable[..., list[str]], surface: Surface
) -> None:
    """Some proxies drop the header and leave the body compressed."""
    assert load_surface(surface, lambda _: with_length(gzip.compress(surface.body))) == surface.ids
