"""Writing JSON as one line for every reader."""

from __future__ import annotations

import re

import msgspec

# Legal inside JSON strings, but line ends for readers such as str.splitlines.
_LINE_END = re.compile(b"\xc2\x85|\xe2\x80[\xa8\xa9]")
# Decimal keeps all digits of a number with a decimal point.
encode = msgspec.json.Encoder(decimal_format="number").encode


def has_line_end(text: str) -> bool:
    """Say whether JSON holds, as it may in strings, what some readers take for the end of a line."""
    return "\u2028" in text or "\u2029" in text or "\x85" in text


def escape_line_ends(text: bytes) -> bytes:
    """Write as escapes what some readers take for the end of a line."""
    if text.isascii():
        return text
    return _LINE_END.sub(lambda end: b"\\u%04x" % ord(end[0].decode()), text)
