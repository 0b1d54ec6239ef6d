"""Popularity: the same climbs for everyone. Every result is read against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from recsys.baselines.counting import Method
from recsys.baselines.vectors import cooccurrence_vectors
from recsys.recommending.counted.popularity import CountedPopularity

if TYPE_CHECKING:
    from recsys.baselines.interactions import Interactions


class PopularityScorer:
    """Scores an item by the number of its sends in training, the same for every case.

    Parameters
    ----------
    counts:
        Sends of each item, [I].
    """

    def __init__(self, counts: NDArray[Any]) -> None:
        self.counts = counts.astype(np.float32)

    def scores(self, cases: NDArray[np.int64]) -> NDArray[np.float32]:
        """[B, I], a read-only view: no row is copied."""
        return np.broadcast_to(self.counts, (len(cases), len(self.counts)))


@dataclass(frozen=True)
class Popularity(Method):
    """Training sends of a climb, whoever asks and whatever for. Nothing is drawn and nothing can be set."""

    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = False
    GRID: ClassVar[tuple[Popularity, ...]]

    def count(self, interactions: Interactions, seed: int) -> CountedPopularity:
        """Count the training sends."""
        items = interactions.items[interactions.training]
        counts = np.bincount(items[items >= 0], minlength=interactions.n_items).astype(np.float32)
        return CountedPopularity(cooccurrence_vectors(interactions), counts)


Popularity.GRID = (Popularity(),)
