"""Which of the probable climbs are named, and in what order: diversity and novelty.

Both reorder the `POOL` most probable climbs that a request allows (or 5 k of them, if that is more), so that
nothing improbable is named whatever the knobs say.

- **novelty** v: a climb's worth is (1 - v) p / p_max + v n, with n its self-information, -log2 of its
  share of all sends, over the largest such value (Zhou et al. 2010, doi:10.1073/pnas.1000488107).
- **diversity** d: maximal marginal relevance (Carbonell & Goldstein 1998, doi:10.1145/290941.291025): each
  next climb is the one with the largest (1 - d) worth - d s, with s the largest cosine between its embedding
  and those of the climbs already named.

At 0 and 0 the order is that of the probabilities. Scores shown stay probabilities.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recsys.arrays import Array
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.request import Request

POOL: Final = 100
_PARTS: Final = 128


def choose(
    probability: Array, allowed: Array, request: Request, catalogue: Catalogue, units: Array
) -> list[int]:
    """Indices of the climbs to name, best first, `request.k` at the most.

    Parameters
    ----------
    probability, allowed:
        Of every climb, float64 and bool [n_items].
    request:
        Says how many, how diverse and how novel.
    catalogue:
        Knows the climbs' popularity.
    units:
        Embeddings of length one, float32 [n_items, dimension].
    """
    if not request.diversity and not request.novelty:
        return [int(index) for index in best(probability, allowed, request.k)]
    pool = best(probability, allowed, max(POOL, 5 * request.k))
    top = probability[pool[0]]
    worth = (1 - request.novelty) * (probability[pool] / top if top > 0 else probability[pool])
    worth = worth + request.novelty * catalogue.novelty[pool]
    return [int(pool[i]) for i in mmr(worth, units[pool], request.diversity, request.k)]


def best(probability: Array, allowed: Array, n: int) -> Array:
    """Indices of the `n` most probable climbs that are allowed, best first; of equals, the catalogue's first.

    `probability` and `allowed` are [n_items]; fewer than `n` where fewer are allowed.

    Only those that can be among them are sorted: sorting the catalogue was most of an answer.
    """
    values = np.where(allowed, probability, -np.inf)
    indices = np.flatnonzero(allowed & (values >= _least(values, n)))
    return indices[np.argsort(-values[indices], kind="stable")][:n]


def _least(values: Array, n: int) -> float:
    """A number that the `n` largest values are not below, hardly below the least of them.

    It is the n-th largest of the maxima of many parts of the values: finding it takes a tenth of the time of
    finding the n-th largest value itself.
    """
    n_parts = max(_PARTS, 4 * n)
    size = len(values) // n_parts
    if size < 2:
        return -np.inf
    maxima = values[: size * n_parts].reshape(size, n_parts).max(0)
    return float(np.partition(maxima, n_parts - n)[n_parts - n])


def mmr(worth: Array, units: Array, diversity: float, k: int) -> list[int]:
    """Maximal marginal relevance, greedily: indexes into `worth`, `k` at the most.

    Parameters
    ----------
    worth:
        Relevance, float64 [n].
    units:
        Vectors of length one, [n, dimension].
    diversity:
        0 (relevance alone) to 1 (unlikeness alone, after the most relevant one).
    k:
        How many.
    """
    left = np.ones(len(worth), dtype=bool)
    nearest = np.zeros(len(worth))  # nothing is named yet: the most relevant comes first
    chosen: list[int] = []
    for _ in range(min(k, len(worth))):
        gain = (1 - diversity) * worth - diversity * nearest if chosen else worth
        best = int(np.argmax(np.where(left, gain, -np.inf)))
        cosine = (units @ units[best]).astype(np.float64)
        nearest = np.maximum(nearest, cosine) if chosen else cosine
        left[best] = False
        chosen.append(best)
    return chosen


def unit_rows(vectors: Array) -> Array:
    """Rows scaled to length one, [n, dimension]; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)
