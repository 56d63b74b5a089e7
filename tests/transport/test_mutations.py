"""Responses with random damage, on every kind of endpoint."""

from __future__ import annotations

import gzip
import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from raw_server import chunked, respond, with_length

from tap_gladly.exceptions import GladlyError
from transport.surfaces import NAMES, SURFACES, Surface

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = range(12)
FORMS: list[Callable[[bytes], bytes]] = [
    with_length,
    chunked,
    respond,
    lambda body: with_length(gzip.compress(body), "Content-Encoding: gzip"),
]
TOKENS = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b" ",
        b":",
        b",",
        b";",
        b'"',
        b"0",
        b"-1",
        b"9" * 30,
        b"\r\n\r\n",
    ),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n"),
    *(b"Content-Encoding: deflate\r\n", b"Date: Mon, 99 Jan 9999 99:99:99 GMT\r\n", b"Retry-After: 1e9\r\n"),
    *(b"Set-Cookie: \x00=\xff; expires=never\r\n", b"Content-Type: text/html; charset=\xff\r\n"),
    *(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 503 No\r\n", b"\x1f\x8b\x08", b"Location: http://[\r\n"),
]


def damage(response: bytes, rng: random.Random) -> bytes:
    """Return a response in which a few spans are removed, repeated or replaced."""
    for _ in range(rng.randint(1, 3)):
        # Half of the damage hits the headers, which are the smaller part.
        end = rng.choice([len(response), response.find(b"\r\n\r\n") + 4])
        start = rng.randrange(max(1, end))
        stop = min(len(response), start + rng.choice([0, 0, 1, 2, 9]))
        piece = rng.choice([b"", response[start:stop] * 2, rng.choice(TOKENS), rng.choice(TOKENS)])
        response = response[:start] + piece + response[stop:]
    return response


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_damaged_response_raises_only_errors_of_the_tap(
    load_surface: Callable[..., list[str]], log: pytest.LogCaptureFixture, surface: Surface, seed: int
) -> None:
    """Whatever arrives, the tap retries it, loads it, or ends with an error of its own."""
    rng = random.Random(f"{surface.stream} {seed}")  # noqa: S311
    form = rng.choice(FORMS)
    replies = [damage(form(surface.body), rng) for _ in range(5)]

    with suppress(GladlyError):
        load_surface(surface, lambda number: replies[number] if number < 5 else with_length(surface.body))

    assert "unhandled error" not in log.text
    assert "Traceback" not in log.text
