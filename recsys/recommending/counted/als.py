"""The scores of implicit ALS: a history is folded in, that is, its own factors are solved for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from recsys.arrays import Array
from recsys.recommending.counted.method import LastCounted, demand, histories, number, size
from recsys.recommending.features import ArrayBatch


@dataclass(frozen=True, eq=False)
class CountedALS(LastCounted):
    """The climbs' factors Y, and what a climber's are solved with (Hu et al. 2008, equation 4).

    Attributes
    ----------
    factors:
        float32 [n_items, n_factors].
    regularization, alpha:
        Ridge of the climber's factors; confidence that a send adds.
    """

    KIND: ClassVar[str] = "als"
    SIMILAR: ClassVar[str] = "the climbs' factors"
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]] = {"vectors": ("float32", 2), "factors": ("float32", 2)}

    factors: Array
    regularization: float
    alpha: float

    def check(self) -> None:
        """See `Counted.check`."""
        demand(self.factors.shape[1] > 0, "factors are none")
        number(self.regularization, 1e-9, 1e9, "regularization is no number above 0")
        number(self.alpha, 0, 1e9, "alpha is no number from 0")
        super().check()

    @property
    def n_items(self) -> int:
        """Climbs that have factors."""
        return len(self.factors)

    @property
    def embeddings(self) -> Array:
        """The factors, float32 [n_items, factors]."""
        return self.factors

    @cached_property
    def _ridge(self) -> Array:
        """Y'Y with the ridge on its diagonal, float64 [n_factors, n_factors]."""
        wide = self.factors.astype(np.float64)
        return wide.T @ wide + self.regularization * np.eye(wide.shape[1])

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items]: x with ``(Y'Y + alpha Y_u'Y_u + ridge) x = (1 + alpha) Y_u'1``, times Y."""
        width = self.factors.shape[1]
        left, right = np.empty((size(batch), width, width)), np.empty((size(batch), width))
        for row, items in enumerate(histories(batch, self.last)):
            sent = self.factors[items].astype(np.float64)
            left[row] = self._ridge + self.alpha * (sent.T @ sent)
            right[row] = (1 + self.alpha) * sent.sum(0)
        climbers = np.linalg.solve(left, right[..., None])[..., 0]
        return np.asarray(climbers.astype(np.float32) @ self.factors.T)
