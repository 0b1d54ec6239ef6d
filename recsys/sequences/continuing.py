"""The windows of a training that goes on with new sends: those that hold one, and some older ones to each.

An epoch asks for the new sends once, so that its cost grows with them and not with all that was ever
logged. Windows without a new send are drawn anew each epoch from the whole history, `REPLAY` for each window
with one: experience replay (Robins 1995; Rolnick et al. 2019), drawn from the stored logbooks themselves, in
place of a buffer that is kept for it. Logbooks are read forward alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from recsys.arrays import Array
from recsys.sequences.asking import Asking
from recsys.sequences.epochs import TrainingWindows
from recsys.sequences.store import Sequences

FRESH: Final = "fresh"  # column of sends.parquet: whether a send came after the training that is continued
REPLAY: Final = 4.0  # windows of older sends alone, for each with a new one (docs/results/measurements.md)


class FreshWindows(TrainingWindows):
    """The windows that an epoch of a continued training may draw.

    Parameters
    ----------
    sequences, targets, length, asking, whole:
        As `TrainingWindows`.
    fresh:
        Which of all sends are new, bool [n_sends]; only training sends count.
    """

    def __init__(
        self,
        sequences: Sequences,
        targets: Array,
        length: int,
        asking: Asking,
        whole: bool,
        fresh: Array,
    ) -> None:
        # Backwards a new send asks for old ones: it is the first of its logbook's mirror image.
        super().__init__(sequences, targets, length, replace(asking, mirrored=False), whole)
        new = np.zeros(len(sequences), dtype=np.int64)
        new[targets] = fresh[targets]
        self._until = np.concatenate([[0], np.cumsum(new)])  # new sends before each one

    def draw(self, rng: np.random.Generator) -> Array:
        """Windows with a new send, and `REPLAY` times so many of the others, int64 [n, 2]."""
        drawn = super().draw(rng)
        new = self._until[drawn[:, 1] + 1] > self._until[drawn[:, 0]]
        old = np.flatnonzero(~new)
        replayed = rng.permutation(old)[: round(REPLAY * int(new.sum()))]
        return drawn[np.sort(np.concatenate([np.flatnonzero(new), replayed]))]

    def __len__(self) -> int:
        """Number of training sends that an epoch asks for, on average: the new ones, and those replayed."""
        return max(1, round(self.n_targets(self.draw(np.random.default_rng(0)))))
