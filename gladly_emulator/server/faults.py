"""Faults on demand: what goes wrong, with which requests, how often."""

from __future__ import annotations

import random
import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args

if TYPE_CHECKING:
    from gladly_emulator.server.http_messages import Answer

Kind = Literal["status", "body", "delay", "stall", "reset", "cut", "length", "gzip", "garbage"]
Pause = Callable[[float], object]


class CutError(Exception):
    """The answer ends here, and the connection is closed."""


class ResetError(Exception):
    """The answer ends here, and the connection is reset."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with requests whose path and body match.

    Kinds:
        status: `status` with `headers`, `body` and `content_type` takes the place of the answer.
        body: `body` takes the place of the body; status and headers stay.
        delay: the answer starts `seconds` late.
        stall: after `at_byte` bytes of the body nothing comes for `seconds`.
        reset: the connection is reset after `at_byte` bytes of the body; by default, before the answer.
        cut: the connection is closed after `at_byte` bytes of the body.
        length: the declared Content-Length is off by `difference`.
        gzip: the body is compressed; only its first `at_byte` compressed bytes are sent if that is
            given, and `body`, if given, is sent as if it were gzip.
        garbage: `lines` are put in front of the body's lines with these numbers, counted from 0.

    Attributes:
        kind: What goes wrong.
        path: A regular expression searched for in the path.
        in_body: A regular expression searched for in the request's body, such as a report's metric set.
        times: How often; None is for ever.
        after: How many matching requests pass untouched first.
        rate: With which probability a matching request is hit; `seed` makes it repeatable.
    """

    kind: Kind
    _: KW_ONLY
    path: str = ""
    in_body: str = ""
    times: int | None = 1
    after: int = 0
    rate: float = 1.0
    seed: int = 0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    seconds: float = 0.0
    at_byte: int | None = None
    difference: int = 0
    lines: Mapping[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown kind of fault {self.kind!r}; known are {', '.join(get_args(Kind))}")
        re.compile(self.path)
        re.compile(self.in_body)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Fault:
        """Return the fault that a JSON object with the same names describes; bodies are text there."""
        fields = dict(document)
        if isinstance(fields.get("body"), str):
            fields["body"] = fields["body"].encode()
        if "lines" in fields:
            fields["lines"] = {int(number): line.encode() for number, line in fields["lines"].items()}
        return cls(**fields)

    def spoil(self, answer: Answer, pause: Pause) -> Answer:
        """Return the answer as the fault leaves it.

        Raises:
            ResetError: The connection is to be reset before any answer.
        """
        return _EFFECTS[self.kind](self, answer, pause)


def _replace_answer(fault: Fault, answer: Answer, _: Pause) -> Answer:
    headers = {"Content-Type": fault.content_type, **fault.headers}
    return replace(answer, status=fault.status, body=fault.body or b"", headers=headers, declared_length=None)


def _replace_body(fault: Fault, answer: Answer, _: Pause) -> Answer:
    return replace(answer, body=fault.body or b"", declared_length=None)


def _delay(fault: Fault, answer: Answer, pause: Pause) -> Answer:
    pause(fault.seconds)
    return answer


def _stall(fault: Fault, answer: Answer, pause: Pause) -> Answer:
    return _break_at(fault.at_byte or 0, answer, then=lambda: pause(fault.seconds))


def _reset(fault: Fault, answer: Answer, _: Pause) -> Answer:
    if fault.at_byte is None:
        _raise_reset()
    return _break_at(fault.at_byte, answer, then=_raise_reset)


def _cut(fault: Fault, answer: Answer, _: Pause) -> Answer:
    return _break_at(fault.at_byte or 0, answer, then=_raise_cut)


def _misstate_length(fault: Fault, answer: Answer, _: Pause) -> Answer:
    body = b"".join(answer.pieces)
    return replace(answer, body=body, declared_length=max(len(body) + fault.difference, 0))


def _compress(fault: Fault, answer: Answer, _: Pause) -> Answer:
    answer = answer.with_headers({"Content-Encoding": "gzip"})
    if fault.body is not None:
        return replace(answer, body=fault.body, declared_length=None)
    return answer.with_body(lambda pieces: _take(_gzip(pieces), fault.at_byte))


def _insert_lines(fault: Fault, answer: Answer, _: Pause) -> Answer:
    return answer.with_body(lambda pieces: _with_garbage(pieces, fault.lines))


_EFFECTS: dict[str, Callable[[Fault, Answer, Pause], Answer]] = {
    "status": _replace_answer,
    "body": _replace_body,
    "delay": _delay,
    "stall": _stall,
    "reset": _reset,
    "cut": _cut,
    "length": _misstate_length,
    "gzip": _compress,
    "garbage": _insert_lines,
}


def _raise_cut() -> NoReturn:
    raise CutError


def _raise_reset() -> NoReturn:
    raise ResetError


def _break_at(at_byte: int, answer: Answer, *, then: Callable[[], object]) -> Answer:
    pieces = _interrupt(answer.pieces, at_byte, then)
    return replace(answer, body=pieces, declared_length=answer.length)


def _interrupt(pieces: Iterable[bytes], at_byte: int, then: Callable[[], object]) -> Iterator[bytes]:
    left = at_byte
    for piece in pieces:
        if 0 <= left <= len(piece):
            yield piece[:left]
            then()
            yield piece[left:]
            left = -1
        else:
            yield piece
            left -= len(piece)


def _gzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _take(pieces: Iterable[bytes], count: int | None) -> Iterator[bytes]:
    if count is None:
        yield from pieces
        return
    for piece in pieces:
        yield piece[:count]
        count -= min(len(piece), count)


def _iter_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def _with_garbage(pieces: Iterable[bytes], lines: Mapping[int, bytes]) -> Iterator[bytes]:
    count = 0
    for count, line in enumerate(_iter_lines(pieces), start=1):
        if count - 1 in lines:
            yield lines[count - 1] + b"\n"
        yield line
    yield from (line + b"\n" for number, line in sorted(lines.items()) if number >= count)


class _Armed:
    """A fault and what it has seen so far."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._dice = random.Random(fault.seed)
        self._seen = 0
        self._hits = 0

    def aims_at(self, path: str, body: str) -> bool:
        """Count the request, and tell whether the fault would hit it."""
        if not (re.search(self.fault.path, path) and re.search(self.fault.in_body, body)):
            return False
        self._seen += 1
        if self._seen <= self.fault.after or self._hits == self.fault.times:
            return False
        return self._dice.random() < self.fault.rate

    def fire(self) -> Fault:
        """Count the hit."""
        self._hits += 1
        return self.fault


class Faults:
    """The faults in force. A request is hit by the first that aims at it; the later ones wait."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Put faults in force, behind those that are."""
        with self._lock:
            self._armed += map(_Armed, faults)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._armed.clear()

    def pick(self, path: str, body: bytes = b"") -> Fault | None:
        """Return the fault that hits a request to this path with this body, and count it."""
        text = body.decode(errors="replace")
        with self._lock:
            aiming = [armed for armed in self._armed if armed.aims_at(path, text)]
            return aiming[0].fire() if aiming else None
