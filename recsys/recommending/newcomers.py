"""A personal embedding for a climber who was not trained on, from those with like logbooks. NumPy only.

A logbook's profile is the mean direction of its climbs' embeddings. The newcomer gets the mean of the most
similar climbers' embeddings, weighted by a softmax of the cosines (user-based neighbours, as Herlocker et
al. 1999, in the space of the model's own item embeddings), or what a ridge regression from profiles to
embeddings predicts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recsys.arrays import Array

NEAREST: Final = 30
SHARPNESS: Final = 20.0  # of the softmax over cosines
RIDGE: Final = 1.0


@dataclass(frozen=True, eq=False)
class Acquaintances:
    """Climbers with trained embeddings, and what their logbooks look like.

    Attributes
    ----------
    profiles:
        Unit rows, float64 [n_climbers, dimension of a climb]; 0 where no climb of a logbook is known.
    vectors:
        Their embeddings, float32 [n_climbers, climber_dim].
    """

    profiles: Array
    vectors: Array

    def similar(self, profiles: Array) -> Array:
        """Weighted means of the most similar climbers' embeddings, float32 [n, climber_dim].

        A profile of zeros, of a logbook without a known climb, gets the plain mean of the first of them.
        """
        cosines = profiles @ self.profiles.T  # [n, n_climbers]
        k = min(NEAREST, cosines.shape[1])
        least = -np.partition(-cosines, k - 1, axis=1)[:, k - 1 : k]
        weights = np.where(
            cosines >= least, np.exp(SHARPNESS * (cosines - cosines.max(1, keepdims=True))), 0.0
        )
        return np.asarray(weights / weights.sum(1, keepdims=True) @ self.vectors, dtype=np.float32)

    def encoded(self, profiles: Array) -> Array:
        """Embeddings that a ridge regression from the known climbers' profiles predicts, float32 [n, ...]."""
        mean_in, mean_out = self.profiles.mean(0), self.vectors.mean(0)
        x, y = self.profiles - mean_in, self.vectors - mean_out
        weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
        return np.asarray((profiles - mean_in) @ weights + mean_out, dtype=np.float32)


def profiles(units: Array, logbooks: Sequence[Array]) -> Array:
    """Mean directions of logbooks, float64 [n_logbooks, dimension].

    Parameters
    ----------
    units:
        The climbs' embeddings scaled to length one, [n_items, dimension].
    logbooks:
        Indices of each one's climbs in the catalogue; -1, a climb that is not in it, is left out.
    """
    found = np.zeros((len(logbooks), units.shape[1]))
    for row, indices in enumerate(logbooks):
        known = np.asarray(indices)[np.asarray(indices) >= 0]
        if len(known):
            found[row] = units[known].mean(0)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(length > 0, length, 1)
