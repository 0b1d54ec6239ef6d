"""Long-tailed sizes that add up exactly: how many sends each climb and each climber gets."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Array = NDArray[Any]


def rank_sizes(count: int, total: int, largest: int, smallest: int, head: float) -> Ints:
    """Return `count` falling sizes, the first `largest`, none below `smallest`, that add up to `total`.

    The k-th is ``smallest + (largest - smallest) * ((1 + head) / (k + head)) ** b``, a Zipf-Mandelbrot law
    whose exponent b is found by bisection; `head` flattens the top.
    """
    rank = np.arange(1, count + 1)
    low, high = 0.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        if _law(rank, largest, smallest, head, middle).sum() > total:
            low = middle
        else:
            high = middle
    return _rounded(_law(rank, largest, smallest, head, high), total)


def bell_sizes(count: int, total: int, largest: int, smallest: int) -> Ints:
    """Return sizes as `rank_sizes` does, but log-normal: a broad middle, few near `smallest` or `largest`."""
    z = np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])[::-1]
    low, high = 0.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        if _bell(z, largest, smallest, middle).sum() > total:
            low = middle
        else:
            high = middle
    return _rounded(_bell(z, largest, smallest, high), total)


def _bell(z: Floats, largest: int, smallest: int, sigma: float) -> Floats:
    sizes: Floats = smallest + (largest - smallest) * np.exp(sigma * (z - z[0]))
    return sizes


def head_for(count: int, total: int, largest: int, smallest: int, at_rank: int, size: int) -> float:
    """Return the `head` of `rank_sizes` for which the `at_rank`-th size is about `size`."""
    low, high = 0.0, float(count)
    for _ in range(40):
        middle = (low + high) / 2
        reached = rank_sizes(count, total, largest, smallest, middle)[at_rank - 1]
        low, high = (middle, high) if reached < size else (low, middle)
    return high


def _law(rank: Ints, largest: int, smallest: int, head: float, exponent: float) -> Floats:
    return smallest + (largest - smallest) * ((1 + head) / (rank + head)) ** exponent


def _rounded(sizes: Floats, total: int) -> Ints:
    whole = np.floor(sizes).astype(np.int64)
    missing = total - int(whole.sum())
    order = np.argsort(whole - sizes, kind="stable")
    order = order[order > 0]
    each, extra = divmod(missing, len(order))
    whole[order] += each
    whole[order[:extra]] += 1
    return whole


def shares(count: int, weights: Floats, least: int = 0) -> Ints:
    """Split `count` things over `weights` by largest remainder, each part at least `least`."""
    ideal = weights / weights.sum() * (count - least * len(weights))
    whole = np.floor(ideal).astype(np.int64)
    order = np.argsort(whole - ideal, kind="stable")
    whole[order[: count - least * len(weights) - int(whole.sum())]] += 1
    return whole + least


def pick(weights: Floats, rng: np.random.Generator) -> int:
    """Draw one index with probability proportional to its weight."""
    total = np.cumsum(weights)
    return min(int(np.searchsorted(total, rng.random() * total[-1], side="right")), len(weights) - 1)
