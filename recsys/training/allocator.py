"""Memory that a training step frees is kept for the next step.

glibc gives large blocks back to the system when they are freed, and the system clears each page of them anew
for whoever asks next: 5,000 to 14,000 pages a step, 5 to 13% of its time (`benchmarks/step.py`). Blocks of
32 MiB and more are given back all the same.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from typing import Any, Final

# Names of mallopt(3): memory at the heap's end that is not given back; the size from which a block is
# asked for of the system itself, and given back when it is freed (32 MiB is the most that glibc takes).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_HELD: Final = {_TRIM_THRESHOLD: 2**31 - 1, _MMAP_THRESHOLD: 32 * 2**20}
# As far as glibc goes by itself, when blocks of 32 MiB were freed; what a process had before cannot be read.
_AFTER: Final = {_TRIM_THRESHOLD: 64 * 2**20, _MMAP_THRESHOLD: 32 * 2**20}
_ASKED: Final = ("GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_")


@contextlib.contextmanager
def freed_memory_held() -> Iterator[None]:
    """Within, freed memory is kept; then it is given back.

    Nothing changes without glibc, and where the environment says what it is to do.
    """
    libc = _glibc()
    if libc is None:
        yield
        return
    try:
        _set(libc, _HELD)
        yield
    finally:
        _set(libc, _AFTER)
        libc.malloc_trim(0)


def _glibc() -> Any:
    """The C library, where it is to be told anything; None else."""
    if sys.platform != "linux" or any(name in os.environ for name in _ASKED):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") else None


def _set(libc: Any, options: dict[int, int]) -> None:
    for name, value in options.items():
        libc.mallopt(name, value)
