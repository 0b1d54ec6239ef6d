"""Who sent what, as sparse matrices of zeros and ones: what item-kNN, ALS and EASE count with.

A climb sent twice counts once, and the order is gone but for the choice of the last few sends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.baselines.interactions import Interactions
    from recsys.sequences.cases import Cases


def training_matrix(interactions: Interactions) -> csr_matrix:
    """Climbers with training sends x climbs, float32 [n_training_climbers, n_items]."""
    training = interactions.training
    items, climbers = interactions.items[training], interactions.climbers[training]
    known = items >= 0
    present, rows = np.unique(climbers[known], return_inverse=True)
    return _binary(rows, items[known], (len(present), interactions.n_items))


def history_matrix(cases: Cases, chosen: Array, n_items: int, last: int | None = None) -> csr_matrix:
    """What was sent before each of the chosen cases [B], float32 [B, n_items].

    Parameters
    ----------
    cases, chosen:
        The cases, and the indices of those that are wanted.
    n_items:
        Climbs in the catalogue; sends of others are left out.
    last:
        Keep the last so many sends of a history, those of unknown climbs counted; None keeps all.
    """
    rows, items = cases.seen(chosen)
    keep = items >= 0
    if last is not None:
        ends = np.cumsum(np.bincount(rows, minlength=len(chosen)))
        keep &= ends[rows] - np.arange(len(rows)) <= last
    return _binary(rows[keep], items[keep], (len(chosen), n_items))


@dataclass(frozen=True, eq=False)
class HistoryScorer:
    """Scores a case by what its climber sent before, and by nothing else.

    Attributes
    ----------
    cases, n_items, last:
        As for `history_matrix`.
    score:
        Histories [B, n_items] to scores [B, n_items].
    """

    cases: Cases
    n_items: int
    score: Callable[[csr_matrix], Array]
    last: int | None = None

    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]."""
        histories = history_matrix(self.cases, cases, self.n_items, self.last)
        return np.asarray(self.score(histories), dtype=np.float32)


def _binary(rows: Array, columns: Array, shape: tuple[int, int]) -> Any:
    matrix = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix
