"""Fingerprints: a few characters that stand for a job or a problem, so that the state stays small."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode


def make_fingerprint(text: str, length: int) -> str:
    """Return a hash of a text: `length` characters with 6 bits each."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=-(-length * 6 // 8)).digest()
    return urlsafe_b64encode(digest).decode()[:length]


def split_fingerprints(text: str, length: int) -> set[str]:
    """Return the fingerprints in a text that consists of them."""
    return {text[at : at + length] for at in range(0, len(text), length)}
