"""How much a packed file may unpack to, whoever packed it: a few bytes may hold more than any memory does."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 50_000_000
"""What any packed file may unpack to; also the largest logbook of one climber."""
_MAX_RATIO: Final = 100  # of a larger one; text gives ten, zeros 1030


def most_unpacked(size: int) -> int:
    """Bytes that a packed file of so many may unpack to."""
    return max(MAX_BYTES, _MAX_RATIO * size)
