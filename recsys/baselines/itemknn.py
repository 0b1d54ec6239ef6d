"""Item-based nearest neighbours: climbs that the climbers of your climbs also sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.sparse import csr_matrix

from recsys.baselines.checks import at_least
from recsys.baselines.counting import Method
from recsys.baselines.matrices import training_matrix
from recsys.baselines.vectors import cooccurrence_vectors
from recsys.recommending.counted.itemknn import CountedItemKNN

if TYPE_CHECKING:
    from recsys.baselines.interactions import Interactions


@dataclass(frozen=True)
class ItemKNN(Method):
    """Cosine item-kNN (Sarwar et al., WWW 2001; Deshpande & Karypis, TOIS 2004).

    A case's score of climb i is the sum, over the climbs j of its history that have i among their
    `neighbours` nearest, of ``n_ij / (sqrt(n_i n_j) + shrink)``, where n_ij is the number of training
    climbers who sent both. From Deshpande & Karypis it differs in the shrinkage (the form of Dacrema et al.,
    RecSys 2019), in leaving each climb's similarities unnormalised (theirs may be scaled to a sum of 1), and
    in `last`. Sarwar et al. rate, and so keep the neighbours of i instead of those of j.

    Parameters
    ----------
    neighbours:
        Nearest climbs kept for each climb; of equally near ones those that come first in the catalogue.
    shrink:
        Added to the cosine's denominator: lessens similarities that rest on few climbers; 0 for the cosine.
    last:
        Sends of the history that are used, the latest; None uses all.
    """

    neighbours: int = 100
    shrink: float = 10.0
    last: int | None = None

    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = True  # through `last`
    GRID: ClassVar[tuple[ItemKNN, ...]]

    def __post_init__(self) -> None:
        """Refuse settings that cannot be."""
        at_least(self, neighbours=1, shrink=0, last=1)

    def count(self, interactions: Interactions, seed: int) -> CountedItemKNN:
        """Count how many climbers sent both climbs of each pair."""
        near = nearest(cosine(training_matrix(interactions), self.shrink), self.neighbours)
        return CountedItemKNN(
            cooccurrence_vectors(interactions),
            starts=near.indptr.astype(np.int64),
            neighbours=near.indices.astype(np.int32),
            similarities=near.data.astype(np.float32),
            last=self.last,
        )


def cosine(matrix: csr_matrix, shrink: float) -> csr_matrix:
    """Shrunk cosine of the columns of a binary matrix [n_climbers, I] to each other, none to itself.

    Returns
    -------
    float64 [I, I], symmetric; only pairs that some row holds together are stored.
    """
    both = (matrix.T @ matrix).astype(np.float64).tocoo()
    norms = np.sqrt(both.diagonal())
    other = both.row != both.col
    rows, columns = both.row[other], both.col[other]
    values = both.data[other] / (norms[rows] * norms[columns] + shrink)
    return csr_matrix((values, (rows, columns)), shape=both.shape)


def nearest(similarity: csr_matrix, neighbours: int) -> csr_matrix:
    """The largest so many values of each row [I, I]; of equal ones those of the first columns."""
    similarity.sort_indices()
    lengths = np.diff(similarity.indptr)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((-similarity.data, rows))  # stable: equal values stay in the order of the columns
    index = np.arange(len(order)) - similarity.indptr[rows]
    kept = order[index < neighbours]
    pairs = (rows[kept], similarity.indices[kept])
    return csr_matrix((similarity.data[kept], pairs), shape=similarity.shape)


ItemKNN.GRID = (
    ItemKNN(neighbours=50, shrink=0),
    ItemKNN(neighbours=100, shrink=10),
    ItemKNN(neighbours=300, shrink=10),
    ItemKNN(neighbours=300, shrink=100),
    ItemKNN(neighbours=100, shrink=10, last=2),
    ItemKNN(neighbours=300, shrink=10, last=2),
    ItemKNN(neighbours=300, shrink=0, last=2),
    ItemKNN(neighbours=300, shrink=10, last=10),
)
