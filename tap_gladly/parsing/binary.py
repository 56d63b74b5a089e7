"""Bytes that can't be text, such as compressed data."""

from __future__ import annotations

import re

# Text of any encoding based on ASCII has none of these control characters.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_CHARACTER_BYTES = 4
_MAX_NUL_SHARE = 0.25


def is_binary(start: bytes) -> bool:
    """Return whether bytes are neither UTF-8 nor text in an encoding that is based on ASCII.

    NUL is valid in UTF-8, but many of them mean UTF-16, UTF-32 or a file of zeros.

    Args:
        start: The first bytes of a body; they may end inside a character.
    """
    if start.count(0) > _MAX_NUL_SHARE * len(start):
        return True
    try:
        start.decode()
    except UnicodeDecodeError as error:
        is_cut = error.end == len(start) and error.start > len(start) - _MAX_CHARACTER_BYTES
        return not is_cut and _CONTROL.search(start) is not None
    return False
