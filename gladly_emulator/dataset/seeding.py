"""Ids and random numbers derived from text keys, so the same seed always generates the same data."""

from __future__ import annotations

import base64
import hashlib
import random


def make_id(key: str) -> str:
    """Return 22 characters of URL-safe base64 derived from the key."""
    digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(digest)[:22].decode()


class SeededRandom(random.Random):
    """A random number generator seeded with a text key."""

    def __init__(self, key: str) -> None:
        super().__init__(int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big"))

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.random() < probability
