"""Pairs of sends that lie near each other in a logbook: counted, and as vectors of the climbs.

Which climbs go together is told by pairs of sends well before a network has learned it from the sends one
after another. So a network may begin with embeddings in which it stands already.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csr_matrix

from recsys.console import progress

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.baselines.interactions import Interactions

SPAN: Final = 20  # sends apart at the most that a pair is counted
DECAY: Final = 0.9  # what a pair counts of one that is a send closer
MOST: Final = 1_000_000  # training sends whose pairs make vectors; of more, those of some climbers
PARTS: Final = 4  # of a training that streams, some 250,000 sends each, the same
DENSE: Final = 2_000  # climbs up to which their whole matrix is worked out
LARGEST: Final = 200_000  # climbs; of more, finding vectors takes minutes
_TOLERANCE: Final = 1e-2  # of an eigenvalue, relative

# The vectors of each data set by their width: the networks of a run begin with the same.
_made: Final[WeakKeyDictionary[Interactions, dict[int, Array]]] = WeakKeyDictionary()


def near_pairs(interactions: Interactions, sends: Array, days: float | None = None) -> Any:
    """What two climbs have in pairs of one climber's sends, in either order: csr float64 [I, I].

    Two sends of one climber, `d` sends and `t` days apart, count ``0.9^(d - 1) exp(-t / days)``, up to
    `SPAN` sends apart; a climb has nothing with itself.

    Parameters
    ----------
    interactions:
        The data.
    sends:
        Indexes of the sends to count, rising, int64 [n]; those of a climber are neighbours of each other.
    days:
        None: days do not count.
    """
    items, climbers = interactions.items[sends], interactions.climbers[sends]
    when = interactions.days[sends]
    found = csr_matrix((interactions.n_items, interactions.n_items), dtype=np.float64)
    for lag in range(1, SPAN + 1):
        first, second = items[:-lag], items[lag:]
        pairs = (climbers[:-lag] == climbers[lag:]) & (first != second) & (first >= 0) & (second >= 0)
        weights = np.full(int(pairs.sum()), DECAY ** (lag - 1))
        if days is not None:
            weights *= np.exp(-np.maximum((when[lag:] - when[:-lag])[pairs], 0) / days)
        found = found + csr_matrix((weights, (first[pairs], second[pairs])), shape=found.shape)
    return (found + found.T).tocsr()


def pair_vectors(interactions: Interactions, width: int) -> Array:
    """Vectors of the climbs whose dot products tell how much oftener two are near each other than by chance.

    They are the largest eigenvectors of ``max(0, log(c_ij c / (c_i c_j)))``, c the counts of `near_pairs` and
    their sums, each times the root of its eigenvalue: positive pointwise mutual information, factorised as by
    Levy & Goldberg (NIPS 2014), who show that skip-gram does the same step by step; of items that is item2vec
    (Barkan & Koenigstein 2016). What differs: the nearer two sends, the more they count.

    Returns
    -------
    float32 [n_items, at most width], less where there are few climbs; zeros for a climb without a pair.
    """
    held = _made.setdefault(interactions, {})
    if width not in held:
        with progress("counting which climbs are sent near each other"):
            held[width] = _vectors(interactions, width)
    return held[width]


def _vectors(interactions: Interactions, width: int) -> Array:
    some, n_items = _some(interactions), interactions.n_items
    counts = near_pairs(some, _spaced(some)).tocoo()
    sums = np.bincount(counts.row, counts.data, n_items)
    paired = np.flatnonzero(sums)
    values = np.log(counts.data * sums.sum() / (sums[counts.row] * sums[counts.col]))
    values = np.maximum(values, 0).astype(np.float32)
    place = np.cumsum(sums > 0) - 1
    shape = (len(paired), len(paired))
    own, vectors = _largest(csr_matrix((values, (place[counts.row], place[counts.col])), shape=shape), width)
    found = np.zeros((n_items, max(1, len(own))), dtype=np.float32)
    found[paired, : len(own)] = vectors * np.sqrt(np.maximum(own, 0))
    return found


def _largest(matrix: csr_matrix, width: int) -> tuple[Array, Array]:
    """The largest eigenvalues of a symmetric matrix, [k], and their vectors, [n, k]; k at most `width`.

    A small one is worked out whole: ARPACK begins anew from a vector of chance where eigenvalues repeat.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    count = matrix.shape[0]
    if count <= DENSE:
        own, vectors = np.linalg.eigh(matrix.toarray().astype(np.float64))
        return own[-width:], vectors[:, -width:]
    try:
        found: tuple[Array, Array] = eigsh(
            matrix, width, which="LA", v0=np.ones(count, np.float32), tol=_TOLERANCE
        )
    except ArpackNoConvergence as error:  # some have come out
        found = error.eigenvalues, error.eigenvectors
    return found


def _some(interactions: Interactions) -> Interactions:
    """The sends in memory; where a training streams, those of its first parts."""
    from recsys.baselines.interactions import Interactions

    if interactions.shards is None:
        return interactions
    parts = range(min(len(interactions.shards), PARTS))
    held = interactions.shards.read(parts)
    return Interactions(held.sequences, held.parts, held.days, interactions.n_items)


def _spaced(interactions: Interactions) -> Array:
    """The training sends, or where they are many those of every so manyth climber."""
    training = interactions.training
    step = math.ceil(len(training) / MOST)
    return training if step <= 1 else training[interactions.climbers[training] % step == 0]
