"""Item-kNN's scores: the similarities of the neighbours of what was sent, summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recsys.arrays import Array
from recsys.recommending.counted.method import LastCounted, demand, histories, size, within
from recsys.recommending.features import ArrayBatch


@dataclass(frozen=True, eq=False)
class CountedItemKNN(LastCounted):
    """The neighbours of each climb and how near they are, in compressed rows.

    Attributes
    ----------
    starts:
        Climb j's neighbours are ``neighbours[starts[j]:starts[j + 1]]``, int64 [n_items + 1].
    neighbours, similarities:
        int32 and float32 [n_pairs].
    """

    KIND: ClassVar[str] = "item-knn"
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]] = {
        "vectors": ("float32", 2),
        "starts": ("int64", 1),
        "neighbours": ("int32", 1),
        "similarities": ("float32", 1),
    }

    starts: Array
    neighbours: Array
    similarities: Array

    def check(self) -> None:
        """See `Counted.check`."""
        starts, n = self.starts, len(self.neighbours)
        parts = len(starts) > 0 and starts[0] == 0 and starts[-1] == n and bool((np.diff(starts) >= 0).all())
        demand(parts and len(self.similarities) == n, "starts do not part the neighbours among the climbs")
        within(self.neighbours, self.n_items, "neighbours are not all of the catalogue")
        demand(len(self.vectors) == self.n_items, "vectors are not one a climb")
        super().check()

    @property
    def n_items(self) -> int:
        """Climbs that have neighbours."""
        return len(self.starts) - 1

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items]: 0 for what is no neighbour."""
        found = np.zeros((size(batch), self.n_items), dtype=np.float32)
        for row, items in enumerate(histories(batch, self.last)):
            found[row] = self.near(items)
        return found

    def near(self, items: Array, weights: Array | None = None) -> Array:
        """The similarities of the neighbours of some climbs, [n], summed: float64 [n_items].

        Each climb counts one, or its weight, [n].
        """
        starts, ends = self.starts[items], self.starts[items + 1]
        at = _joined(starts, ends)
        counts = self.similarities[at]
        if weights is not None:
            counts = counts * np.repeat(weights, ends - starts)
        return np.bincount(self.neighbours[at], counts, minlength=self.n_items)


def _joined(starts: Array, ends: Array) -> Array:
    """The numbers from each start to before its end, one range after the other."""
    lengths = ends - starts
    return np.repeat(ends - np.cumsum(lengths), lengths) + np.arange(lengths.sum())
