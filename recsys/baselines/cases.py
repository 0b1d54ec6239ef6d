"""Cases as batches of a fitted counting method: the same that recommending asks, cut from the sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys import columns as c
from recsys.columns import CLIMB, GIVEN, given_attributes
from recsys.recommending.counted.method import PREFIX, Counted, counted_climbs

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.baselines.interactions import Interactions
    from recsys.columns import Given
    from recsys.recommending.features import ArrayBatch
    from recsys.sequences.cases import Cases


@dataclass(frozen=True, eq=False)
class CountedScorer:
    """Scores cases with a fitted method.

    Attributes
    ----------
    method, cases, interactions:
        What scores, what is asked, and whose days are read.
    prompted:
        Whether the target's attributes are given (all of them) or withheld (all of them); or which are given.
    """

    method: Counted
    cases: Cases
    interactions: Interactions
    prompted: Given

    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]."""
        return np.asarray(self.method.scores(self.batch(cases)), dtype=np.float32)

    def batch(self, cases: Array) -> ArrayBatch:
        """What the method reads of those cases, [n]; the target's climb is not among it."""
        sequences, sends = self.cases.sequences, self.cases.sends[cases]
        ends, starts = sequences.before(sends), sequences.starts(sends)
        width = 1 + min(self.method.sends, int((ends - starts).max(initial=0)))
        at = ends[:, None] + np.arange(1 - width, 1)  # [B, width]
        at[:, -1] = sends
        real = at >= starts[:, None]
        at = np.where(real, at, 0)
        batch = {}
        for name in (CLIMB, *self.method.reads):
            if name == c.DAY:
                batch[PREFIX + name] = np.where(real, self.interactions.days_of(self.cases, at), 0)
            elif name in sequences.features:
                batch[PREFIX + name] = np.where(real, sequences.features[name][at], 0)
        batch[PREFIX + CLIMB] = counted_climbs(self.method, batch[PREFIX + CLIMB])
        batch[PREFIX + CLIMB][:, -1] = 0
        return {**batch, GIVEN: np.array([given_attributes(self.prompted)] * len(sends))}
