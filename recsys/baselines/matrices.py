"""Who sent what, as sparse matrices of zeros and ones: what item-kNN, ALS and EASE count with.

A climb sent twice counts once, and the order is gone but for the choice of the last few sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.baselines.interactions import Interactions


def training_matrix(interactions: Interactions) -> csr_matrix:
    """Climbers with training sends x climbs, float32 [n_training_climbers, n_items]."""
    training = interactions.training
    items, climbers = interactions.items[training], interactions.climbers[training]
    known = items >= 0
    present, rows = np.unique(climbers[known], return_inverse=True)
    return binary(rows, items[known], (len(present), interactions.n_items))


def binary(rows: Array, columns: Array, shape: tuple[int, int]) -> Any:
    """A csr matrix of that shape with ones at the positions rows[i], columns[i], each once."""
    matrix = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix
