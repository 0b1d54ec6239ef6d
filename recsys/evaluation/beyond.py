"""Beyond-accuracy metrics of the top-10 lists: coverage, popularity, novelty and diversity.

They stand beside recall, since a list of what everyone sends anyway may hit as often and be of less use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

CUTOFF: Final = 10
#: In the order of metrics.json, and what each one is.
MEASURES: Final = {
    "coverage@10": "share of the catalogue that is in at least one list",
    "popularity@10": "training sends of what is named, on average",
    "novelty@10": "its self-information, in bits: the rarer, the more",
    "diversity@10": "1 less the cosine of two climbs of a list, by who sent them in training, on average",
}

KEY: Final = "; ".join(f"{name}: {words}" for name, words in MEASURES.items())
"""What each one is, for below a table."""


@dataclass(eq=False)
class Lists:
    """The items that a scorer would name first, gathered while an evaluator goes through the cases.

    Attributes
    ----------
    batches:
        Item indices int64 [B, `CUTOFF`] a batch, in no order; -1 where there are fewer candidates.
    """

    batches: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, scores: NDArray[np.floating[Any]], excluded: NDArray[np.bool_] | None) -> None:
        """The first of some cases: scores [B, I], and which are no candidates; NaN is none either."""
        gone = np.isnan(scores) if excluded is None else excluded | np.isnan(scores)
        kept = np.where(gone, -np.inf, scores)
        n_items = kept.shape[1]
        if n_items > CUTOFF:
            items = np.argpartition(kept, n_items - CUTOFF, axis=1)[:, n_items - CUTOFF :]
        else:
            items = np.broadcast_to(np.arange(n_items), kept.shape)
        named = np.where(np.take_along_axis(gone, items, axis=1), -1, items).astype(np.int64)
        self.batches.append(np.pad(named, ((0, 0), (0, CUTOFF - named.shape[1])), constant_values=-1))

    @property
    def items(self) -> NDArray[np.int64]:
        """[N, `CUTOFF`] of all cases."""
        return np.concatenate(self.batches)


def sender_units(sent: Any) -> Any:
    """Each item by who sent it, scaled to length one: what `describe` likens items by.

    Parameters
    ----------
    sent:
        Who sent what in training, sparse [n_climbers, I] of zeros and ones.

    Returns
    -------
    Sparse [I, n_climbers]; the row of an item that nobody sent is empty.
    """
    from scipy.sparse import csr_matrix, diags

    norms = np.sqrt(np.asarray(sent.sum(axis=0), dtype=np.float64)).ravel()
    units = csr_matrix(diags(np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)) @ sent.T)
    units.eliminate_zeros()
    return units


def describe(
    items: NDArray[np.int64], counts: NDArray[np.integer[Any]], units: Any = None
) -> dict[str, float]:
    """`MEASURES` of some lists, each case's counting once.

    Parameters
    ----------
    items:
        [N, k] item indices of each case's list, -1 where it is shorter.
    counts:
        Training sends of each item, [I].
    units:
        As of `sender_units`; None leaves diversity out.

    Returns
    -------
    coverage@10 is catalogue coverage (Ge, Delgado-Battenfeld & Jannach, RecSys 2010); novelty@10 the mean of
    -log2 of an item's share of the training sends (Zhou et al., PNAS 2010; an item without any counts as one
    with one); diversity@10 intra-list diversity (Ziegler et al., WWW 2005), here with the cosine of item-kNN
    in the place of a taxonomy; lists of fewer than two are left out of it. What no list can tell is left out.
    """
    named = items >= 0
    if not named.any():
        return {}
    each = counts[items[named]]
    found = {
        "coverage@10": len(np.unique(items[named])) / len(counts),
        "popularity@10": float(each.mean()),
        "novelty@10": float(np.log2(max(counts.sum(), 1) / np.maximum(each, 1)).mean()),
    }
    several = named.sum(1) > 1
    if units is not None and several.any():
        found["diversity@10"] = _diversity(items[several], units)
    return found


def _diversity(items: NDArray[np.int64], units: Any, at_once: int = 1024) -> float:
    """Mean over lists of 1 less the mean cosine of two of its items; an item that nobody sent is like none.

    The cosines of a list's pairs add up to the square of the sum of its unit vectors, less the squares.
    """
    from scipy.sparse import csr_matrix

    known, found = np.diff(units.indptr) > 0, []
    for start in range(0, len(items), at_once):
        some = items[start : start + at_once]
        rows, columns = np.nonzero(some >= 0)
        own = some[rows, columns]
        shape = (len(some), units.shape[0])
        chosen = csr_matrix((np.ones(len(rows)), (rows, own)), shape=shape)
        sums = chosen @ units
        squares = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
        alone = np.bincount(rows, known[own], minlength=len(some))
        size = np.bincount(rows, minlength=len(some))
        found.append(1 - (squares - alone) / (size * (size - 1)))
    return float(np.concatenate(found).mean())
