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
    items:
        [S] the item index of every training send; -1 (not in the catalogue) is left out.
    n_items:
        I, the size of the catalogue.
    weights:
        [S] what each send counts for, for instance a decay with its age in days, or None for 1 each.
    """

    def __init__(
        self, items: NDArray[np.integer[Any]], n_items: int, weights: NDArray[np.floating[Any]] | None = None
    ) -> None:
        known = items >= 0
        if np.any(items >= n_items):
            raise ValueError(f"item {int(items.max())} is outside the catalogue of {n_items}")
        kept = None if weights is None else weights[known]
        self.counts = np.bincount(items[known], weights=kept, minlength=n_items).astype(np.float32)  # [I]

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
        scorer = PopularityScorer(interactions.items[interactions.training], interactions.n_items)
        return CountedPopularity(cooccurrence_vectors(interactions), scorer.counts)


Popularity.GRID = (Popularity(),)
