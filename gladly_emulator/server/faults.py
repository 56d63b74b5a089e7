"""Faults on demand: what goes wrong, for which requests, and how often."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["status", "body", "delay", "stall", "reset", "cut", "length", "gzip", "garbage", "drift"]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with requests whose path and body match.

    Kinds:
        status: `status` with `headers`, `body` and `content_type` replaces the response.
        body: `body` replaces the body. Status and headers stay.
        delay: The response starts `seconds` late.
        stall: After `at_byte` bytes of the body, the server sends nothing for `seconds`.
        reset: The server resets the connection after `at_byte` bytes of the body, by default before the
            response.
        cut: The server closes the connection after `at_byte` bytes of the body.
        length: The Content-Length header is off by `difference`.
        gzip: The body is compressed. With `at_byte`, only that many compressed bytes are sent. With `body`,
            that body is sent with the header of a compressed one.
        garbage: `lines` are inserted before the body's lines with these numbers, counted from 0.
        drift: Values in the records of export files, lists and events get a different type, as if Gladly
            had changed its schema: see `drift.py`. Each record drifts with the probability `record_rate`,
            in one to three places at any depth, but not in its `protected` properties. `seed` and the
            record's content determine the changes. A drift fault combines with another fault.

    Attributes:
        kind: What goes wrong.
        path: A regular expression to search for in the path.
        in_body: A regular expression to search for in the request's body, such as a report's metric set.
        times: How many requests the fault hits, or None for all.
        after: How many matching requests pass before the first hit.
        rate: The probability that a matching request is hit. `seed` makes the hits repeatable.
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
    record_rate: float = 1.0
    protected: tuple[str, ...] = ("id",)

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(
                f"unknown kind of fault {self.kind!r}; must be one of {', '.join(get_args(Kind))}"
            )
        re.compile(self.path)
        re.compile(self.in_body)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Fault:
        """Return the fault that a JSON object with these field names describes. Bodies are text in JSON."""
        fields = dict(document)
        if isinstance(fields.get("body"), str):
            fields["body"] = fields["body"].encode()
        if "lines" in fields:
            fields["lines"] = {int(number): line.encode() for number, line in fields["lines"].items()}
        if "protected" in fields:
            fields["protected"] = tuple(fields["protected"])
        return cls(**fields)


class _ActiveFault:
    """A fault and its counters."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._rng = random.Random(fault.seed)
        self._matches = 0
        self._hits = 0

    def can_hit(self, path: str, body: str) -> bool:
        """Count the request if it matches, and return whether the fault would hit it."""
        if not (re.search(self.fault.path, path) and re.search(self.fault.in_body, body)):
            return False
        self._matches += 1
        if self._matches <= self.fault.after or self._hits == self.fault.times:
            return False
        return self._rng.random() < self.fault.rate

    def hit(self) -> Fault:
        """Count a hit."""
        self._hits += 1
        return self.fault


class Faults:
    """The active faults, in order. At most one fault hits a request, besides all drift faults."""

    def __init__(self) -> None:
        self._active: list[_ActiveFault] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Add faults after the active ones."""
        with self._lock:
            self._active += map(_ActiveFault, faults)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._active.clear()

    def pick(self, path: str, body: bytes = b"") -> list[Fault]:
        """Return the faults that hit a request, in the order in which they apply, and count the hits."""
        text = body.decode(errors="replace")
        with self._lock:
            candidates = [active for active in self._active if active.can_hit(path, text)]
            drifts = [active for active in candidates if active.fault.kind == "drift"]
            others = [active for active in candidates if active.fault.kind != "drift"]
            return [active.hit() for active in (*drifts, *others[:1])]
