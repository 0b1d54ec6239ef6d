"""The protocol of everything that can be evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: Batch of case indices [B] -> (rows [K] in 0..B-1, items [K]): the pairs that are not candidates.
Seen = Callable[[NDArray[np.int64]], tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]]


class Scorer(Protocol):
    """Scores every item of the catalogue for some cases; higher is better."""

    def scores(self, cases: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores [B, I] of the cases with these indices [B]; the same case always gets the same row."""
        ...


def excluded(seen: Seen | None, cases: NDArray[np.int64], n_items: int) -> NDArray[np.bool_] | None:
    """Which items are no candidates of these cases [B]: bool [B, n_items]; None where all of them are."""
    if seen is None:
        return None
    rows, items = seen(cases)
    known = items >= 0
    found = np.zeros((len(cases), n_items), dtype=np.bool_)
    found[rows[known], items[known]] = True
    return found
