"""EASE: a linear model of the catalogue, solved in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakKeyDictionary

import numpy as np
from scipy.linalg import lapack

from recsys.baselines.checks import at_least
from recsys.baselines.counting import Method
from recsys.baselines.matrices import training_matrix
from recsys.recommending.counted.ease import CountedEASE

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from recsys.arrays import Array
    from recsys.baselines.interactions import Interactions


# The last ridge of each data set and its weights: settings that differ in `last` alone stand together in the
# grid. They go with the data set, as they are the largest thing that there is.
_learnt: Final[WeakKeyDictionary[Interactions, tuple[float, Array]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class EASE(Method):
    """Embarrassingly shallow autoencoder (Steck, WWW 2019), which differs from the paper only with `last`.

    Each climb is regressed on all others over the training climbers, with no weight on itself; a case's
    score is its history [1, I] times the weights [I, I]. Solved in float64, multiplied in float32: the
    weights take 4 bytes an item squared, fitting about 24 more.

    Parameters
    ----------
    regularization:
        The ridge, on the scale of sends: the paper's lambda.
    last:
        Sends of the history that are scored with, the latest; None, as in the paper, is all.
    """

    regularization: float = 500.0
    last: int | None = None

    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = True  # through `last`
    GRID: ClassVar[tuple[EASE, ...]]

    def __post_init__(self) -> None:
        """Refuse a ridge under which climbs that are always sent together have no solution."""
        at_least(self, regularization=1e-6, last=1)

    def parameters(self, interactions: Interactions) -> int:
        """Numbers that are fitted: the weights, without their diagonal of 0."""
        return interactions.n_items * (interactions.n_items - 1)

    def count(self, interactions: Interactions, seed: int) -> CountedEASE:
        """Invert the Gram matrix of the training sends."""
        held = _learnt.get(interactions)
        if held is None or held[0] != self.regularization:
            found = weights(training_matrix(interactions), self.regularization)
            # LAPACK's lie by columns, and scores read rows.
            held = _learnt[interactions] = self.regularization, found.astype(np.float32, order="C")
        learnt = held[1]
        return CountedEASE(learnt[:, :0], self.last, learnt)


def weights(matrix: csr_matrix, regularization: float) -> Array:
    """The weights B of a binary matrix X [n_climbers, I], float64 [I, I] with a diagonal of 0.

    B minimises ``|X - X B|^2 + regularization |B|^2``: with P the inverse of ``X'X + regularization I``,
    ``B_ij = -P_ij / P_jj`` off the diagonal.
    """
    gram = (matrix.T @ matrix).astype(np.float64).toarray()
    gram[np.diag_indices_from(gram)] += regularization
    inverse = _inverse(gram)
    inverse /= -np.diag(inverse)
    np.fill_diagonal(inverse, 0)
    return inverse


def _inverse(gram: Array) -> Array:
    """Of a positive definite matrix, by its Cholesky factor: half the work of a general one's."""
    factor, failed = lapack.dpotrf(gram, lower=1)
    found, failed_too = lapack.dpotri(factor, lower=1)
    if failed or failed_too:  # so badly scaled that rounding leaves no positive pivot
        return np.asarray(np.linalg.inv(gram))
    found += np.tril(found, -1).T  # its upper half is zeros
    return np.asarray(found)


EASE.GRID = (
    EASE(10),
    EASE(100),
    EASE(100, last=3),
    EASE(500),
    EASE(500, last=3),
    EASE(500, last=10),
    EASE(2000),
    EASE(5000),
)
