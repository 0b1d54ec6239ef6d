"""The protocol of everything that can be evaluated, and the two baselines every result is read against."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Scorer(Protocol):
    """Scores every item of the catalogue for some cases; higher is better."""

    def scores(self, cases: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores [B, I] of the cases with these indices [B]; the same case always gets the same row."""
        ...


class Popularity:
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


class Random:
    """Uniform scores: what a metric is worth by chance in a catalogue of this size.

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
