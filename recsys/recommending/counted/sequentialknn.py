"""Sequential item-kNN's scores: the neighbours of what was sent last, the latest sends counting most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import CLIMB, FIRST_VALUE_ID
from recsys.recommending.counted.itemknn import CountedItemKNN, joined
from recsys.recommending.counted.method import PREFIX, demand, read, size
from recsys.recommending.features import ArrayBatch

_LEAST: Final = 1e-3  # of a fade and of days, as `recsys.baselines.sequentialknn` has them
_MOST: Final = 1e9


@dataclass(frozen=True, eq=False)
class CountedSequentialKNN(CountedItemKNN):
    """Neighbours as item-kNN keeps them, and how the sends of a history count.

    Attributes
    ----------
    fade:
        What a send counts of the one after it, above 0 and at most 1.
    days:
        Days after which a send counts a factor e less; None where days do not matter.
    """

    KIND: ClassVar[str] = "sequential-knn"
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]] = CountedItemKNN.ARRAYS
    reads: ClassVar[tuple[str, ...]] = (c.DAY,)

    fade: float
    days: float | None

    def check(self) -> None:
        """See `Counted.check`."""
        super().check()
        demand(_number(self.fade) and _LEAST <= self.fade <= 1, "fade is no number from 0.001 to 1")
        demand(
            self.days is None or (_number(self.days) and _LEAST <= self.days <= _MOST),
            "days is no number from 0.001 to 1e9",
        )

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items]: 0 for what is no neighbour. A send whose day is not known is as of the last's."""
        found = np.zeros((size(batch), self.n_items), dtype=np.float32)
        width = batch[PREFIX + CLIMB].shape[1] - 1
        first = max(0, width - (self.last or width))
        ids, days = batch[PREFIX + CLIMB][:, first:-1].astype(np.int64), read(batch, c.DAY)
        weights = self.fade ** np.arange(ids.shape[1])[::-1] * np.ones((len(ids), 1))
        if self.days is not None and days is not None and ids.shape[1]:
            age = np.nan_to_num(days[:, -2:-1] - days[:, first:-1])
            weights *= np.exp(-np.maximum(age, 0) / self.days)
        for row, known in enumerate(ids >= FIRST_VALUE_ID):
            items = ids[row, known] - FIRST_VALUE_ID
            starts, ends = self.starts[items], self.starts[items + 1]
            at = joined(starts, ends)
            counts = self.similarities[at] * np.repeat(weights[row, known], ends - starts)
            found[row] = np.bincount(self.neighbours[at], counts, minlength=self.n_items)
        return found


def _number(value: object) -> bool:
    return type(value) in (int, float)
