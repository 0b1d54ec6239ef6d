"""Freed memory is kept within, and given back after."""

from __future__ import annotations

import ctypes
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from recsys.training import allocator

ARRAYS, SIDE = 8, 2_500_000  # of 10 MB each


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
    )  # fmt: skip
    within, after, kept, left = map(int, found.stdout.split())
    pages = ARRAYS * SIDE * 4 // resource.getpagesize()
    assert within < pages < after
    assert kept - left > pages // 2


def measured() -> None:
    """In a process of its own: faults within and after, and pages held at the end of both."""
    with allocator.freed_memory_held():
        faults()
        within = faults()
        kept = resident()
    left = resident()
    print(within, faults(), kept, left)


def test_without_glibc_nothing_is_set(monkeypatch):
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    with allocator.freed_memory_held():
        pass
