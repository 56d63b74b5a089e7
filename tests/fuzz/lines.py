"""Random lines, most of them records, many of them unusual."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

STREAM = "conversation_items"
DESELECTED = ("content", "dueAt")
"""A nested property that no line has, so that deselecting it changes the path, but no row."""

_TEXTS = (
    *(
        "",
        "plain",
        "\u00e9 \U0001f600",
        "a\u2028b\u2029c\x85d",
        'quote " and \\',
        "tab\tnew\nline",
        "\x00nul",
        "0e999",
    ),
    *(
        "2026-11-20T07:15:19.07272933Z",
        "2026-11-20T07:15:60Z",
        "yesterday",
        "1" * 30,
        "\x7f\ufeff",
        "[{" * 120,
    ),
)
_NUMBERS = (
    *("0", "-0", "7", "1.10", "-0.0", "1e5", "1E+2", "1.5e-7", "9223372036854775807", "9223372036854775808"),
    *("-9223372036854775809", "1" * 110, "-" + "9" * 4300, "9" * 4301, "1e308", "1e309", "-1e400", "1e-400"),
    *("1e9999999999999999999", "1e-9999999999999999999", "0." + "1" * 60, "0e400", "123456789012345678901.5"),
    *("15e0", "-0e0", "1.5e1", "9223372036854775808e0"),
)
_PROPERTIES = (
    *("customerId", "conversationId", "sessionId", "timestamp", "initiator", "responder", "content", "new"),
    *("_job_id", "_unmapped", "a.b", "content.type", "x\u2028", "timestamp"),
)
_NESTED = (
    "type",
    "id",
    "content",
    "attachments",
    "to",
    "recordingDuration",
    "occurredAt",
    "expandByDefault",
    "new",
)
_LITERALS = ("true", "false", "null", "null")
_MAX_DEPTH = 3


def make_lines(rng: random.Random, count: int) -> list[bytes]:
    """Make lines without line endings; some end with a carriage return."""
    return [_make_line(rng) for _ in range(count)]


def _make_line(rng: random.Random) -> bytes:
    line = _make_record(rng).encode("utf-8", "surrogatepass")
    damage: Callable[[bytes, random.Random], bytes] = rng.choice(_DAMAGES) if rng.random() < 0.2 else _keep
    return damage(line, rng).replace(b"\n", b"")


def _make_record(rng: random.Random) -> str:
    names = [rng.choice(_PROPERTIES) for _ in range(rng.randrange(6))]
    pairs = [(name, _make_value(rng, _find_kind(name), 0)) for name in names]
    if rng.random() < 0.97:
        identifier = _write(rng, rng.choice(_TEXTS)) if rng.random() < 0.9 else _make_value(rng, "any", 0)
        pairs.insert(rng.randrange(len(pairs) + 1), ("id", identifier))
    return _join(rng, "{", [f"{_write(rng, name)}:{value}" for name, value in pairs], "}")


def _find_kind(name: str) -> str:
    return "object" if name in {"content", "initiator", "responder"} else "any"


def _make_value(rng: random.Random, kind: str, depth: int) -> str:
    if kind == "object" and rng.random() < 0.85:
        return _make_object(rng, depth)
    makers = [_make_scalar, _make_scalar, _make_scalar, _make_nesting, _make_list, _make_value_of_any_kind]
    weights = [1, 1, 1, 0.1, 0.5, 0.5] if depth <= _MAX_DEPTH else [1, 1, 1, 0, 0, 0]
    return rng.choices(makers, weights)[0](rng, depth)


def _make_value_of_any_kind(rng: random.Random, depth: int) -> str:
    return _make_value(rng, "object", depth + 1)


def _make_object(rng: random.Random, depth: int) -> str:
    names = [rng.choice(_NESTED) for _ in range(rng.randrange(5))]
    pairs = [f"{_write(rng, name)}:{_make_value(rng, 'any', depth + 1)}" for name in names]
    return _join(rng, "{", pairs, "}")


def _make_list(rng: random.Random, depth: int) -> str:
    return _join(rng, "[", [_make_value(rng, "any", depth + 1) for _ in range(rng.randrange(4))], "]")


def _make_nesting(rng: random.Random, _depth: int) -> str:
    nesting = rng.choice((150, 196, 250, 1200))
    return "[" * nesting + "]" * nesting


def _make_scalar(rng: random.Random, _depth: int) -> str:
    scalars = (_write(rng, rng.choice(_TEXTS)), rng.choice(_NUMBERS), rng.choice(_LITERALS))
    return rng.choice(scalars)


def _join(rng: random.Random, start: str, parts: list[str], end: str) -> str:
    space = rng.choice(("", "", "", " ", "\t", "\r"))
    return f"{start}{space}{f'{space},{space}'.join(parts)}{space}{end}"


def _write(rng: random.Random, text: str) -> str:
    written = json.dumps(text, ensure_ascii=rng.random() < 0.5)
    return written[:-1] + r'\ud800"' if rng.random() < 0.03 else written


def _keep(line: bytes, _rng: random.Random) -> bytes:
    return line


def _cut(line: bytes, rng: random.Random) -> bytes:
    return line[: rng.randrange(len(line) + 1)]


def _flip(line: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(line))
    return line[:place] + bytes([rng.randrange(256)]) + line[place + 1 :]


def _double(line: bytes, _rng: random.Random) -> bytes:
    return line + line


def _end_with_return(line: bytes, _rng: random.Random) -> bytes:
    return line + b"\r"


def _pad(line: bytes, rng: random.Random) -> bytes:
    return rng.choice((b" ", b"\t", b"\xef\xbb\xbf", b"\x00")) + line + rng.choice((b" ", b""))


def _replace(_line: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", b"  ", b"null", b"[]", b'"text"', b"7", b"{}", b"<html>", b"NaN", b"\xff\xfe"))


_DAMAGES: tuple[Any, ...] = (_cut, _flip, _double, _end_with_return, _pad, _replace)
