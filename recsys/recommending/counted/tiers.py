"""Several counts in one score: the first decides, and each later one only among those still equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from recsys.arrays import Array

_MOST = np.iinfo(np.int64).max


def tiered(*counts: Array) -> Array:
    """Ranks of the items by the first of the counts (integers from 0, [I] each), then the second, and so on.

    Returns
    -------
    int64 [I], 0 for the least: items equal in all counts share a rank, and the ranks have no gaps. They are
    below I, so float32 holds them exactly (to 16 million items), which it would not a weighted sum.

    Example
    -------
    >>> tiered(np.array([1, 0, 1, 0]), np.array([5, 7, 4, 7]))
    array([2, 0, 1, 0])
    """
    keys, span = np.zeros(len(counts[0]), dtype=np.int64), 1  # keys are below the span
    for count in reversed(counts):
        levels = int(count.max(initial=0)) + 1
        if span * levels > _MOST:
            keys, span = _dense(keys), len(keys)
        keys = keys + span * count.astype(np.int64)
        span *= levels
    return _dense(keys)


def _dense(keys: Array) -> Array:
    return np.unique(keys, return_inverse=True)[1]
