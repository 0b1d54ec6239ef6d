"""How much is taken from whoever made a file: how far it may unpack, for a few bytes may hold more than any
memory does, and how large its numbers may be.
"""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 50_000_000
"""What any packed file may unpack to; also the largest logbook of one climber."""
LARGEST: Final = 1e15
"""A number of a run or a bundle, either way: whole ones are exact, and squares can be summed in float32."""
_MAX_RATIO: Final = 100  # of a larger one; text gives ten, zeros 1030


def most_unpacked(size: int) -> int:
    """Bytes that a packed file of so many may unpack to."""
    return max(MAX_BYTES, _MAX_RATIO * size)
