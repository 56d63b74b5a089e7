"""Encode JSON that every reader treats as one line."""

from __future__ import annotations

import re

import msgspec

# Legal inside JSON strings, but line endings to readers such as str.splitlines.
_LINE_END = re.compile(b"\xc2\x85|\xe2\x80[\xa8\xa9]")
# Decimal keeps all digits of a number with a fraction.
encode = msgspec.json.Encoder(decimal_format="number").encode


def has_line_end(text: str) -> bool:
    """Return whether a JSON text contains characters that some readers treat as line endings."""
    return "\u2028" in text or "\u2029" in text or "\x85" in text


def escape_line_ends(text: bytes) -> bytes:
    """Escape the characters that some readers treat as line endings."""
    if text.isascii():
        return text
    return _LINE_END.sub(lambda end: b"\\u%04x" % ord(end[0].decode()), text)
