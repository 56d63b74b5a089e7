"""Schema drift: records whose values have other types than Gladly documents.

The changes depend only on the seed and the record's content, so a record drifts the same way in every
response that contains it, and a test can compute what was served with `drift_record`.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, Final

from gladly_emulator.server.http_messages import iter_chunks, iter_lines
from gladly_emulator.timestamps import NANOSECONDS, parse_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gladly_emulator.dataset.interface import Record

_MAX_CHANGES: Final = 3
_OUTSIDE_64_BITS: Final = 2**63

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def drift_record(
    record: Record, seed: int, *, rate: float = 1.0, protected: Collection[str] = ("id",)
) -> Record:
    """Return a copy of a record in which one to three values have another type.

    Args:
        record: A record as Gladly documents it. Nulls don't drift.
        seed: Selects the changes, together with the record's content.
        rate: The probability that the record drifts.
        protected: The top-level properties that don't drift.
    """
    rng = random.Random(f"{seed} {_encode(record)}")
    drifted: Record = json.loads(_encode(record))
    if rng.random() >= rate:
        return drifted
    places = list(_iter_places(drifted, protected))
    count = min(rng.randint(1, _MAX_CHANGES), len(places))
    for container, key in rng.sample(places, count):
        container[key] = _change_type(container[key], rng)
    return drifted


def _iter_places(record: Record, protected: Collection[str]) -> Iterator[tuple[Any, Any]]:
    """Yield the container and the key or index of every value in a record, at any depth."""
    for key, value in record.items():
        if key not in protected and value is not None:
            yield record, key
            yield from _iter_nested_places(value)


def _iter_nested_places(value: object) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from _iter_places(value, ())
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if item is not None:
                yield value, index
                yield from _iter_nested_places(item)


def _change_type(value: object, rng: random.Random) -> object:
    """Return a value of another type. A timestamp may become text that isn't a timestamp."""
    match value:
        case bool():
            replacements: tuple[object, ...] = (str(value).lower(), int(value), {"value": value}, [value])
        case int():
            replacements = (str(value), value + 0.5, _OUTSIDE_64_BITS, {"value": value}, [value])
        case float():
            replacements = (str(value), {"value": value}, [value])
        case list():
            replacements = ({"items": value}, _encode(value), len(value))
        case dict():
            replacements = ([value], _encode(value), len(value))
        case _:
            replacements = _change_text(str(value))
    return rng.choice(replacements)


def _change_text(text: str) -> tuple[object, ...]:
    replacements: tuple[object, ...] = (len(text), len(text) + 0.5, True, {"text": text}, [text])
    try:
        seconds = parse_instant(text) // NANOSECONDS
    except ValueError:
        return replacements
    return (*replacements, "yesterday", "", seconds, text.replace("T", " at "))


def drift_lines(
    chunks: Iterable[bytes], seed: int, *, rate: float, protected: Collection[str]
) -> Iterator[bytes]:
    """Return JSON lines with drifted records, in chunks. Lines that aren't JSON objects stay unchanged."""
    return iter_chunks(_drift_line(line, seed, rate=rate, protected=protected) for line in iter_lines(chunks))


def _drift_line(line: bytes, seed: int, *, rate: float, protected: Collection[str]) -> bytes:
    try:
        record = json.loads(line)
    except ValueError:
        return line
    if not isinstance(record, dict):
        return line
    drifted = _encode(drift_record(record, seed, rate=rate, protected=protected)).encode()
    return drifted + b"\n" if line.endswith(b"\n") else drifted


def drift_json(
    chunks: Iterable[bytes], seed: int, *, rate: float, protected: Collection[str]
) -> Iterator[bytes]:
    """Yield a JSON document that is a record, or an array of records, with drifted records."""
    body = b"".join(chunks)
    try:
        document = json.loads(body)
    except ValueError:
        yield body
        return
    if isinstance(document, dict):
        document = drift_record(document, seed, rate=rate, protected=protected)
    elif isinstance(document, list):
        document = [
            drift_record(entry, seed, rate=rate, protected=protected) if isinstance(entry, dict) else entry
            for entry in document
        ]
    yield _encode(document).encode()
