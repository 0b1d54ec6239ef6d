"""Chance: what a metric is worth in a catalogue of this size to someone who knows nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from recsys.baselines.counting import Method
from recsys.baselines.vectors import cooccurrence_vectors
from recsys.recommending.counted.random import CountedRandom

if TYPE_CHECKING:
    from recsys.baselines.interactions import Interactions


class RandomScorer:
    """Uniform scores.

    A case's row depends on the seed and the case's index alone (one Philox counter block a case: Salmon et
    al., SC 2011), never on the batch it came in.
    """

    def __init__(self, n_items: int, seed: int = 0) -> None:
        self.n_items, self.seed = n_items, seed

    def scores(self, cases: NDArray[np.int64]) -> NDArray[np.float32]:
        """[B, I], uniform in [0, 1)."""
        drawn = np.empty((len(cases), self.n_items), dtype=np.float32)
        for row, case in enumerate(cases):
            stream = np.random.Philox(key=self.seed, counter=[0, 0, int(case), 0])
            np.random.Generator(stream).random(out=drawn[row], dtype=np.float32)
        return drawn


@dataclass(frozen=True)
class Random(Method):
    """A random order of the catalogue for each history, drawn by the seed. Nothing can be set."""

    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = False
    GRID: ClassVar[tuple[Random, ...]]

    def count(self, interactions: Interactions, seed: int) -> CountedRandom:
        """Take the size of the catalogue; sends are read only to liken climbs."""
        return CountedRandom(cooccurrence_vectors(interactions), seed)


Random.GRID = (Random(),)
