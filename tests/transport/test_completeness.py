"""Responses that end early, at every byte, on every kind of endpoint."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from raw_server import chunked, respond, with_length
from support import list_warnings

from tap_gladly.exceptions import GladlyError
from transport.surfaces import NAMES, SURFACES, Surface

if TYPE_CHECKING:
    from collections.abc import Callable


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "length": with_length,
    "chunked": chunked,
    "gzip": lambda body: respond(gzip.compress(body, mtime=0), "Content-Encoding: gzip"),
}


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_response_cut_at_any_byte_is_retried(
    load_surface: Callable[..., list[str]], surface: Surface, form: str
) -> None:
    """Wherever a response ends early, headers included, the retry supplies all rows exactly once."""
    whole = FORMS[form](surface.body)
    # The terminating CRLF of a chunked body carries nothing.
    end = len(whole) - (len(b"\r\n\r\n") if form == "chunked" else 0)
    retried = 0

    def reply(number: int) -> bytes:
        nonlocal retried
        retried += 1
        return whole[:number] if number < end else whole

    ids = load_surface(surface, reply)

    assert ids == surface.ids
    assert retried == end + 1


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_unverified_response_is_retried(
    load_surface: Callable[..., list[str]], log: pytest.LogCaptureFixture, surface: Surface
) -> None:
    """A response without Content-Length and chunked encoding is requested again; a verified one is accepted."""
    replies = [respond(surface.body), with_length(surface.body)]

    ids = load_surface(surface, lambda number: replies[number])

    assert ids == surface.ids
    assert "nothing proves that the response is complete; retrying" in log.text
    assert "may be incomplete" not in log.text


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
def test_repeatedly_unverified_response_is_accepted_with_a_warning(
    load_surface: Callable[..., list[str]], log: pytest.LogCaptureFixture, surface: Surface
) -> None:
    """The second such response counts if its last line is complete, and a warning names it."""
    ids = load_surface(surface, lambda _: respond(surface.body))

    assert ids == surface.ids
    accepted = [line for line in list_warnings(log) if "may be incomplete" in line]
    assert len(accepted) == 1
    assert accepted[0].startswith(f"{surface.stream}: {surface.path}: accepted a response")


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("length", ["", "Content-Length:", "Content-Length: many", "Content-Length: -5"])
@pytest.mark.parametrize("surface", SURFACES, ids=NAMES)
@pytest.mark.parametrize("cut", ["empty", "in a line"])
def test_unverified_response_that_is_empty_or_cut_is_never_accepted(
    load_surface: Callable[..., list[str]],
    log: pytest.LogCaptureFixture,
    surface: Surface,
    cut: str,
    length: str,
) -> None:
    """A body without a valid Content-Length must have a complete last line to be accepted."""
    body = b"" if cut == "empty" else surface.body[:-4]
    headers = [length] if length else []

    with pytest.raises(GladlyError):
        load_surface(surface, lambda _: respond(body, *headers))

    assert "nothing proves that the response is complete. Check api_url and the network" in log.text


@pytest.mark.parametrize(
    "form", [with_length, chunked, lambda body: respond(gzip.compress(body), "Content-Encoding: gzip")]
)
def test_verified_empty_file_is_accepted(
    load_surface: Callable[..., list[str]], log: pytest.LogCaptureFixture, form: Callable[[bytes], bytes]
) -> None:
    """A file that is provably empty is loaded, without a retry."""
    ids = load_surface(SURFACES[0], lambda _: form(b""))

    assert ids == []
    assert "retries 0" in log.text
