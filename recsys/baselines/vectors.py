"""Vectors by which climbs are likened where a method has none of its own: who is sent by the same people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from recsys.baselines.matrices import training_matrix

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.baselines.interactions import Interactions

WIDTH: Final = 64

# Those of each data set: the settings of a grid differ in other things.
_made: Final[WeakKeyDictionary[Interactions, Array]] = WeakKeyDictionary()


def cooccurrence_vectors(interactions: Interactions) -> Array:
    """The climbs on the largest singular vectors of climbers x climbs, each climb's column of length one.

    The dot product of two full rows is the cosine of the two climbs (latent semantic indexing: Deerwester et
    al., JASIS 1990). The signs, which mean nothing, are those with a positive sum.

    Returns
    -------
    float32 [n_items, WIDTH], or less wide where there are few climbers or climbs.
    """
    if interactions not in _made:
        _made[interactions] = _vectors(interactions)
    return _made[interactions]


def _vectors(interactions: Interactions) -> Array:
    from scipy.sparse.linalg import svds

    matrix = training_matrix(interactions).astype(np.float64)
    norms = np.sqrt(np.asarray(matrix.sum(0)).ravel())
    matrix = matrix.multiply(1 / np.maximum(norms, 1)[None]).tocsr()
    kept = min(WIDTH, min(matrix.shape) - 1)
    if kept < 1:
        return norms[:, None].astype(np.float32)
    _, values, vectors = svds(matrix, kept, v0=np.ones(min(matrix.shape)))
    order = np.argsort(-values, kind="stable")
    turned = vectors[order] * np.where(vectors[order].sum(1) < 0, -1, 1)[:, None]
    found: Array = (turned * values[order, None]).T.astype(np.float32)
    return found
