"""Popularity: the same scores for everyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recsys.arrays import Array
from recsys.recommending.counted.method import Counted, size
from recsys.recommending.features import Batch


@dataclass(frozen=True, eq=False)
class CountedPopularity(Counted):
    """Training sends of each climb, float32 [n_items]."""

    KIND: ClassVar[str] = "popularity"

    counts: Array

    @property
    def sends(self) -> int:
        """None."""
        return 0

    @property
    def n_items(self) -> int:
        """Climbs that are counted."""
        return len(self.counts)

    def scores(self, batch: Batch) -> Array:
        """[batch, n_items], a read-only view: no row is copied."""
        return np.broadcast_to(self.counts, (size(batch), self.n_items))
