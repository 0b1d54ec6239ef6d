"""EASE's scores: the rows of the weights of what was sent, summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recsys.arrays import Array
from recsys.recommending.counted.method import LastCounted, demand, histories, size
from recsys.recommending.features import ArrayBatch


@dataclass(frozen=True, eq=False)
class CountedEASE(LastCounted):
    """Weights of each climb for each other, float32 [n_items, n_items]; `last` sends are read, or all."""

    KIND: ClassVar[str] = "ease"
    SIMILAR: ClassVar[str] = "the rows of EASE's weights: climbs that speak for the same climbs"
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]] = {"vectors": ("float32", 2), "weights": ("float32", 2)}

    weights: Array

    def check(self) -> None:
        """See `Counted.check`."""
        demand(self.weights.shape == (self.n_items, self.n_items), "weights are not one for each two climbs")
        super().check()

    @property
    def n_items(self) -> int:
        """Climbs that have weights."""
        return len(self.weights)

    @property
    def embeddings(self) -> Array:
        """The weights, a row a climb: float32 [n_items, n_items]."""
        return self.weights

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items]: 0 for a history without known climbs."""
        found = np.zeros((size(batch), self.n_items), dtype=np.float32)
        for row, items in enumerate(histories(batch, self.last)):
            self.weights[items].sum(0, out=found[row])
        return found
