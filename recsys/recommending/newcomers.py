"""A personal embedding for a climber who was not trained on, from those with like logbooks. NumPy only.

A logbook's profile is the mean direction of its climbs' embeddings. The newcomer gets the mean of the most
similar climbers' embeddings, weighted by a softmax of the cosines (user-based neighbours, as Herlocker et
al. 1999, in the space of the model's own item embeddings), or what a ridge regression from profiles to
embeddings predicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recsys.arrays import Array

NEAREST: Final = 30
SHARPNESS: Final = 20.0  # of the softmax over cosines
RIDGE: Final = 1.0
_AT_ONCE: Final = 1 << 22  # numbers of one step, so that memory does not grow with the climbers


@dataclass(frozen=True, eq=False)
class Acquaintances:
    """Climbers with trained embeddings, and what their logbooks look like.

    Attributes
    ----------
    profiles:
        Unit rows, float32 [n_climbers, dimension of a climb]; 0 where no climb of a logbook is known.
    vectors:
        Their embeddings, float32 [n_climbers, climber_dim].
    """

    profiles: Array
    vectors: Array

    def similar(self, profiles: Array) -> Array:
        """Weighted means of the most similar climbers' embeddings, float32 [n, climber_dim].

        A profile of zeros, of a logbook without a known climb, gets the plain mean of some of them.
        """
        k = min(NEAREST, len(self.profiles))
        step = max(1, _AT_ONCE // max(len(self.profiles), k * self.vectors.shape[1]))
        found = np.empty((len(profiles), self.vectors.shape[1]), dtype=np.float32)
        for start in range(0, len(profiles), step):
            cosines = profiles[start : start + step] @ self.profiles.T  # [step, n_climbers]
            nearest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
            close = np.take_along_axis(cosines, nearest, axis=1)
            weights = np.exp(SHARPNESS * (close - close.max(1, keepdims=True)))
            weights /= weights.sum(1, keepdims=True)
            found[start : start + step] = np.einsum("nk,nkd->nd", weights, self.vectors[nearest])
        return found

    def encoded(self, profiles: Array) -> Array:
        """Embeddings that a ridge regression from the known climbers' profiles predicts, float32 [n, ...]."""
        mean_in, mean_out = self.profiles.mean(0), self.vectors.mean(0)
        x, y = self.profiles.astype(np.float64) - mean_in, self.vectors - mean_out
        weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
        return np.asarray((profiles - mean_in) @ weights + mean_out, dtype=np.float32)


def profiles(units: Array, climbs: Array, lengths: Array) -> Array:
    """Mean directions of logbooks, float32 [n_logbooks, dimension].

    Parameters
    ----------
    units:
        The climbs' embeddings scaled to length one, [n_items, dimension].
    climbs:
        Indices of each logbook's climbs in the catalogue, the logbooks end to end, [n_sends]; below 0, a
        climb that is not in it, is left out.
    lengths:
        Sends of each logbook, [n_logbooks].
    """
    found = np.zeros((len(lengths), units.shape[1]), dtype=np.float32)
    ends = np.cumsum(lengths)
    known = np.vstack([units, np.zeros_like(units[:1])])  # the last row, of -1, adds nothing
    logged = np.flatnonzero(lengths)  # `reduceat` takes no empty ones
    for rows in np.split(logged, _cuts(ends[logged], max(1, _AT_ONCE // units.shape[1]))):
        if len(rows):
            starts = (ends - lengths)[rows]
            of_sends = known[np.maximum(climbs[starts[0] : ends[rows[-1]]], -1)]
            total = np.add.reduceat(of_sends, starts - starts[0], axis=0, dtype=np.float64)
            length = np.linalg.norm(total, axis=1, keepdims=True)
            found[rows] = total / np.where(length > 0, length, 1)
    return found


def _cuts(ends: Array, size: int) -> Array:
    """Where to part logbooks that end at these sends into groups of about `size` sends."""
    return np.flatnonzero(np.diff(ends // size)) + 1
