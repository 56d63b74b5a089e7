"""The effect of each kind of fault on a response."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NoReturn

from gladly_emulator.server.drift import drift_json, drift_lines
from gladly_emulator.server.http_messages import EVENT_LINES, JSON, JSON_LINES, iter_lines

if TYPE_CHECKING:
    from gladly_emulator.server.faults import Fault
    from gladly_emulator.server.http_messages import Response

Pause = Callable[[float], object]


class TruncatedResponseError(Exception):
    """The response ends here, and the server closes the connection."""


class ResponseResetError(Exception):
    """The response ends here, and the server resets the connection."""


def apply_fault(fault: Fault, response: Response, pause: Pause) -> Response:
    """Return the response with the fault applied.

    Raises:
        ResponseResetError: The connection must be reset before any response.
    """
    return _EFFECTS[fault.kind](fault, response, pause)


def _replace_response(fault: Fault, response: Response, _: Pause) -> Response:
    headers = {"Content-Type": fault.content_type, **fault.headers}
    return replace(
        response, status=fault.status, body=fault.body or b"", headers=headers, declared_length=None
    )


def _replace_body(fault: Fault, response: Response, _: Pause) -> Response:
    return replace(response, body=fault.body or b"", declared_length=None)


def _delay(fault: Fault, response: Response, pause: Pause) -> Response:
    pause(fault.seconds)
    return response


def _stall(fault: Fault, response: Response, pause: Pause) -> Response:
    return _interrupt(response, fault.at_byte or 0, action=lambda: pause(fault.seconds))


def _reset(fault: Fault, response: Response, _: Pause) -> Response:
    if fault.at_byte is None:
        _raise_reset()
    return _interrupt(response, fault.at_byte, action=_raise_reset)


def _cut(fault: Fault, response: Response, _: Pause) -> Response:
    return _interrupt(response, fault.at_byte or 0, action=_raise_truncated)


def _declare_wrong_length(fault: Fault, response: Response, _: Pause) -> Response:
    body = b"".join(response.chunks)
    return replace(response, body=body, declared_length=max(len(body) + fault.difference, 0))


def _compress(fault: Fault, response: Response, _: Pause) -> Response:
    response = response.with_headers({"Content-Encoding": "gzip"})
    if fault.body is not None:
        return replace(response, body=fault.body, declared_length=None)
    return response.with_body(lambda chunks: _truncate(_gzip(chunks), fault.at_byte))


def _insert_lines(fault: Fault, response: Response, _: Pause) -> Response:
    return response.with_body(lambda chunks: _iter_with_inserted(chunks, fault.lines))


def _drift(fault: Fault, response: Response, _: Pause) -> Response:
    content_type = response.headers.get("Content-Type")
    if response.status != HTTPStatus.OK or content_type not in {JSON, JSON_LINES, EVENT_LINES}:
        return response
    drift = drift_json if content_type == JSON else drift_lines
    return response.with_body(
        lambda chunks: drift(chunks, fault.seed, rate=fault.record_rate, protected=fault.protected)
    )


_EFFECTS: Final[dict[str, Callable[[Fault, Response, Pause], Response]]] = {
    "status": _replace_response,
    "body": _replace_body,
    "delay": _delay,
    "stall": _stall,
    "reset": _reset,
    "cut": _cut,
    "length": _declare_wrong_length,
    "gzip": _compress,
    "garbage": _insert_lines,
    "drift": _drift,
}


def _raise_truncated() -> NoReturn:
    raise TruncatedResponseError


def _raise_reset() -> NoReturn:
    raise ResponseResetError


def _interrupt(response: Response, at_byte: int, *, action: Callable[[], object]) -> Response:
    chunks = _iter_interrupted(response.chunks, at_byte, action)
    return replace(response, body=chunks, declared_length=response.length)


def _iter_interrupted(chunks: Iterable[bytes], at_byte: int, action: Callable[[], object]) -> Iterator[bytes]:
    remaining = at_byte
    for chunk in chunks:
        if 0 <= remaining <= len(chunk):
            yield chunk[:remaining]
            action()
            yield chunk[remaining:]
            remaining = -1
        else:
            yield chunk
            remaining -= len(chunk)


def _gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=31)
    for chunk in chunks:
        yield compressor.compress(chunk)
    yield compressor.flush()


def _truncate(chunks: Iterable[bytes], length: int | None) -> Iterator[bytes]:
    if length is None:
        yield from chunks
        return
    for chunk in chunks:
        yield chunk[:length]
        length -= min(len(chunk), length)


def _iter_with_inserted(chunks: Iterable[bytes], lines: Mapping[int, bytes]) -> Iterator[bytes]:
    count = 0
    for count, line in enumerate(iter_lines(chunks), start=1):
        if count - 1 in lines:
            yield lines[count - 1] + b"\n"
        yield line
    yield from (line + b"\n" for number, line in sorted(lines.items()) if number >= count)
