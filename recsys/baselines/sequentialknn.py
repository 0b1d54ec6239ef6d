"""Sequential item-kNN: climbs that are sent around the same time as those that were sent last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csr_matrix

from recsys.baselines.checks import at_least, at_most
from recsys.baselines.counting import Method
from recsys.baselines.itemknn import nearest
from recsys.baselines.pairs import SPAN, near_pairs
from recsys.baselines.vectors import cooccurrence_vectors
from recsys.columns import ELAPSED_DAYS
from recsys.recommending.counted.sequentialknn import LEAST, MOST_DAYS, CountedSequentialKNN

if TYPE_CHECKING:
    from recsys.baselines.interactions import Interactions

SHRINK: Final = 5.0  # sends added to a climb's
POPULARITY: Final = 0.25  # power of a neighbour's sends that its similarity is divided by

# The neighbours of each data set by `neighbours` and `days`: most settings of the grid share them.
_learnt: Final[WeakKeyDictionary[Interactions, dict[tuple[int, float | None], csr_matrix]]] = (
    WeakKeyDictionary()
)


@dataclass(frozen=True)
class SequentialKNN(Method):
    """Item-kNN of sends that lie near each other in a logbook, asked with the latest sends.

    Two sends of one climber, `d` sends and `t` days apart, count ``0.9^(d - 1) exp(-t / days)`` for their
    two climbs, whichever came first: sequential rules (Kamehkhosh, Jannach & Ludewig, RecTemp 2017) with
    another decay, by days too, and in both directions, because the order inside a day is often no order.
    The similarity of climb i to climb j of the history is that sum over ``n_j n_i^0.25``, the conditional
    probability of Deshpande & Karypis (TOIS 2004), five sends added to each count; the nearest are kept.
    A case's score is the sum over its last sends, each counting ``fade`` of the one after it, and less with
    the days between it and the last one as well (Ding & Li, CIKM 2005, decay by time alone).

    Where no dates are known, days do not count.

    Parameters
    ----------
    fade:
        What a send of the history counts of the one after it; 1 counts all alike.
    days:
        Days after which a pair, and a send of the history, counts a factor e less; None: they do not count.
    neighbours:
        Nearest climbs kept for each climb; of equally near ones those that come first in the catalogue.
    """

    fade: float = 0.7
    days: float | None = 3.0
    neighbours: int = 200

    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = True
    GRID: ClassVar[tuple[SequentialKNN, ...]]

    def __post_init__(self) -> None:
        """Refuse settings that cannot be."""
        at_least(self, fade=LEAST, days=LEAST, neighbours=1)
        at_most(self, fade=1, days=MOST_DAYS)

    def count(self, interactions: Interactions, seed: int) -> CountedSequentialKNN:
        """Count the pairs of sends that lie near each other."""
        days = self.days if ELAPSED_DAYS in interactions.sequences.features else None
        held = _learnt.setdefault(interactions, {})
        if (self.neighbours, days) not in held:
            held[self.neighbours, days] = nearest(similarity(interactions, days), self.neighbours)
        near = held[self.neighbours, days]
        return CountedSequentialKNN(
            cooccurrence_vectors(interactions),
            last=SPAN,
            starts=near.indptr.astype(np.int64),
            neighbours=near.indices.astype(np.int32),
            similarities=near.data.astype(np.float32),
            fade=self.fade,
            days=days,
        )


def similarity(interactions: Interactions, days: float | None) -> csr_matrix:
    """How near each climb is to each, float64 [I, I], a row for each climb of a history, none to itself."""
    training = interactions.training
    items = interactions.items[training]
    sent = np.bincount(items[items >= 0], minlength=interactions.n_items) + SHRINK
    found = near_pairs(interactions, training, days).tocoo()
    values = found.data / (sent[found.row] * sent[found.col] ** POPULARITY)
    return csr_matrix((values, (found.row, found.col)), shape=found.shape)


SequentialKNN.GRID = (
    SequentialKNN(fade=0.5, days=None),
    SequentialKNN(fade=0.7, days=None),
    SequentialKNN(fade=0.9, days=None),
    SequentialKNN(fade=0.5, days=1),
    SequentialKNN(fade=0.7, days=3),
    SequentialKNN(fade=0.9, days=3),
    SequentialKNN(fade=0.7, days=30),
    SequentialKNN(fade=0.9, days=30),
)
