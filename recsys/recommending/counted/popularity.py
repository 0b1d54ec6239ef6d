"""Popularity: the same scores for everyone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recsys.arrays import Array
from recsys.recommending.counted.method import Counted, demand, size
from recsys.recommending.features import ArrayBatch


@dataclass(frozen=True, eq=False)
class CountedPopularity(Counted):
    """Training sends of each climb, float32 [n_items]."""

    KIND: ClassVar[str] = "popularity"
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]] = {"vectors": ("float32", 2), "counts": ("float32", 1)}

    counts: Array

    def check(self) -> None:
        """See `Counted.check`."""
        demand(len(self.vectors) == self.n_items, "vectors are not one a climb")

    @property
    def sends(self) -> int:
        """None."""
        return 0

    @property
    def n_items(self) -> int:
        """Climbs that are counted."""
        return len(self.counts)

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items], a read-only view: no row is copied."""
        return np.broadcast_to(self.counts, (size(batch), self.n_items))
