"""Ranks and the metrics made of them, in plain NumPy. The one place that names the metrics.

Each case has one relevant item, the climb that was sent next, and it is ranked against the full catalogue:
metrics on sampled negatives order models differently (Krichene & Rendle, KDD 2020). Ties go against the
target, so a constant scorer gains nothing and the order of the items never matters.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: metric -> (family, cutoff), in the order of metrics.json.
_DEFINITIONS: Final[dict[str, tuple[str, int]]] = {
    "accuracy": ("recall", 1),
    "recall@5": ("recall", 5),
    "recall@10": ("recall", 10),
    "recall@20": ("recall", 20),
    "ndcg@10": ("ndcg", 10),
    "ndcg@20": ("ndcg", 20),
    "mrr@20": ("mrr", 20),
}
METRICS: Final[tuple[str, ...]] = tuple(_DEFINITIONS)


def pessimistic_rank(
    scores: NDArray[np.floating[Any]],
    target: NDArray[np.integer[Any]],
    excluded: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Rank of each target in its row of scores: 1 is best, ties and NaN count against the target.

    Parameters
    ----------
    scores:
        [B, I], higher is better. Not modified.
    target:
        [B], the item's index in 0..I-1, or -1 when the catalogue does not have it.
    excluded:
        [B, I], true for items that are not candidates (they count for nothing), or None.

    Returns
    -------
    [B] ranks: 1 + the number of other candidates whose score is not strictly below the target's. Hence a NaN
    score counts above the target, and a target whose own score is NaN comes last of the candidates. A target
    of -1, or one that is excluded, has rank I + 1, which `case_values` counts as a miss at every cutoff.

    Example
    -------
    >>> pessimistic_rank(np.array([[0.1, 0.9, 0.9, 0.3]]), np.array([1]))
    array([2])
    """
    n_items = scores.shape[1]
    if target.shape != scores.shape[:1] or np.any((target < -1) | (target >= n_items)):
        raise ValueError(f"targets must be [B] indices in -1..{n_items - 1} for scores {scores.shape}")
    column = np.maximum(target, 0)[:, None]  # [B, 1]
    ahead = ~(scores < np.take_along_axis(scores, column, axis=1))  # [B, I], true for the target itself
    missing = target < 0
    if excluded is not None:
        ahead &= ~excluded
        missing = missing | np.take_along_axis(excluded, column, axis=1)[:, 0]
    ranks = np.count_nonzero(ahead, axis=1).astype(np.int64)
    ranks[missing] = n_items + 1
    return ranks


def case_values(ranks: NDArray[np.integer[Any]], n_items: int) -> dict[str, NDArray[np.float64]]:
    """Each case's value of every metric, {metric: [N]}, in the order of METRICS; their means are the results.

    With one relevant item, recall@k is rank <= k, NDCG@k is 1 / log2(rank + 1) within the cutoff (Järvelin
    & Kekäläinen 2002; the ideal DCG is 1), and MRR@k is 1 / rank within the cutoff. A rank above `n_items`
    is a miss at any cutoff, also where the catalogue is smaller than the cutoff.
    """
    rank = np.asarray(ranks, dtype=np.float64)
    gains = {"recall": np.ones_like(rank), "ndcg": 1 / np.log2(rank + 1), "mrr": 1 / rank}
    return {
        name: np.where(rank <= min(cutoff, n_items), gains[family], 0.0)
        for name, (family, cutoff) in _DEFINITIONS.items()
    }
