"""Sequential item-kNN's scores: the neighbours of what was sent last, the latest sends counting most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import CLIMB, FIRST_VALUE_ID
from recsys.recommending.counted.itemknn import CountedItemKNN
from recsys.recommending.counted.method import PREFIX, number, read, size
from recsys.recommending.features import ArrayBatch

LEAST: Final = 1e-3  # of a fade and of days
MOST_DAYS: Final = 1e9


@dataclass(frozen=True, eq=False)
class CountedSequentialKNN(CountedItemKNN):
    """Neighbours as item-kNN keeps them, and how the sends of a history count.

    Attributes
    ----------
    fade:
        What a send counts of the one after it, `LEAST` to 1.
    days:
        Days after which a send counts a factor e less; None where days do not matter.
    """

    KIND: ClassVar[str] = "sequential-knn"
    reads: ClassVar[tuple[str, ...]] = (c.DAY,)

    fade: float
    days: float | None

    def check(self) -> None:
        """See `Counted.check`."""
        super().check()
        number(self.fade, LEAST, 1, "fade is no number from 0.001 to 1")
        number(self.days, LEAST, MOST_DAYS, "days is no number from 0.001 to 1e9", blank=True)

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items]: 0 for what is no neighbour. A send whose day is not known is as of the last's."""
        found = np.zeros((size(batch), self.n_items), dtype=np.float32)
        width = batch[PREFIX + CLIMB].shape[1] - 1
        first = max(0, width - self.sends)
        ids, days = batch[PREFIX + CLIMB][:, first:-1].astype(np.int64), read(batch, c.DAY)
        weights = self.fade ** np.arange(ids.shape[1])[::-1] * np.ones((len(ids), 1))
        if self.days is not None and days is not None and ids.shape[1]:
            age = np.nan_to_num(days[:, -2:-1] - days[:, first:-1])
            weights *= np.exp(-np.maximum(age, 0) / self.days)
        for row, known in enumerate(ids >= FIRST_VALUE_ID):
            found[row] = self.near(ids[row, known] - FIRST_VALUE_ID, weights[row, known])
        return found
