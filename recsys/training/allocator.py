"""Memory that a training step frees is kept for the next step.

glibc gives large blocks back to the system when they are freed, and the system clears each page of them anew
for whoever asks next: 5,000 to 14,000 pages a step, 5 to 13% of its time (`benchmarks/step.py`).
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Final

# Names of mallopt(3): memory at the heap's end that is not given back; the size from which a block is
# asked for of the system itself, and given back when it is freed (32 MiB is the most that glibc takes).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_HELD: Final = {_TRIM_THRESHOLD: 2**31 - 1, _MMAP_THRESHOLD: 32 * 2**20}
_AFTER: Final = {_TRIM_THRESHOLD: 64 * 2**20, _MMAP_THRESHOLD: 32 * 2**20}  # where glibc itself ends up


@contextlib.contextmanager
def freed_memory_held() -> Iterator[None]:
    """Within, freed memory is kept; then it is given back. Without glibc nothing changes."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        yield
        return
    try:
        _set(libc, _HELD)
        yield
    finally:
        _set(libc, _AFTER)
        libc.malloc_trim(0)


def _set(libc: ctypes.CDLL, options: dict[int, int]) -> None:
    for name, value in options.items():
        libc.mallopt(name, value)
