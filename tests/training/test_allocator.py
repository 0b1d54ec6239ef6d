"""Freed memory is kept within, and given back after."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from recsys.training import allocator

ARRAYS, SIDE = 16, 2_500_000  # of 10 MB each


def faults() -> int:
    """Pages that the system gives while memory is asked for and freed ten times over."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        [torch.full((SIDE,), 1.0) for _ in range(ARRAYS)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident() -> int:
    """Pages of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1])


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not glibc")
def test_within_it_is_kept_and_after_it_is_given_back():
    found = subprocess.run(
        [sys.executable, "-c", f"import {__name__} as t; t.measured()"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name not in allocator._ASKED},
    )  # fmt: skip
    within, after, kept, left = map(int, found.stdout.split())
    pages = ARRAYS * SIDE * 4 // resource.getpagesize()
    assert 4 * within < after  # how many they are goes by the size of a page
    assert kept - left > pages // 2


def measured() -> None:
    """In a process of its own: faults within and after, and pages held at the end of both."""
    with allocator.freed_memory_held():
        faults()
        within = faults()
        kept = resident()
    left = resident()
    print(within, faults(), kept, left)


class Noting:
    """A C library that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, ...]] = []

    def mallopt(self, name: int, value: int) -> None:
        self.told.append((name, value))

    def malloc_trim(self, pad: int) -> None:
        self.told.append((pad,))


def test_what_is_set_is_set_back_whatever_happens(monkeypatch):
    libc = Noting()
    monkeypatch.setattr(allocator, "_glibc", lambda: libc)

    def fails() -> None:
        with allocator.freed_memory_held():
            raise ValueError("within")

    with pytest.raises(ValueError, match="within"):
        fails()
    assert libc.told == [(-1, 2**31 - 1), (-3, 2**25), (-1, 2**26), (-3, 2**25), (0,)]


def test_without_glibc_or_where_the_user_has_said_what_nothing_is_set(monkeypatch):
    for name in allocator._ASKED:
        monkeypatch.delenv(name, raising=False)
    libc = Noting()
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: libc)
    monkeypatch.setattr(allocator.sys, "platform", "linux")
    assert allocator._glibc() is libc
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1")
    with allocator.freed_memory_held():
        assert allocator._glibc() is None
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_")
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    assert allocator._glibc() is None
