"""Windows of n sends, cut when a batch asks for them: as a case is asked, or as they were logged.

A window is start-padded, as in Thompson 2023: its last position is the target, the ones before are the
climber's previous sends, and what is missing is 0 at the start. Where a day is a set
(`recsys.sequences.days`), the previous sends are those before the target's day, and the days elapsed are
counted from the last of them, so that nothing says what else was sent on the day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import Dataset

from recsys.arrays import Array, day_numbers
from recsys.columns import CLIMBER, DAY_NUMBER
from recsys.sequences.store import ELAPSED, Sequences

if TYPE_CHECKING:
    from collections.abc import Sequence

Batch = dict[str, torch.Tensor]


class Windows(Dataset[Batch]):
    """The windows of `length` sends that end at the given targets.

    Parameters
    ----------
    sequences:
        The histories.
    targets:
        Indexes of the sends that the windows end at, [n_windows].
    length:
        Sends in a window, the target included.
    """

    def __init__(self, sequences: Sequences, targets: Array, length: int) -> None:
        self.sequences = sequences
        self.targets = targets
        self.length = length

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.targets)

    def __getitem__(self, index: int) -> Batch:
        """One window, as a batch of one."""
        return self.__getitems__([index])

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """A whole batch at once: every feature and `DAY_NUMBER` [batch, length], the climber [batch]."""
        return self.cut(self.targets[np.asarray(indices, dtype=np.int64)])

    def sizes(self, indices: Array) -> Array:
        """How many sends some of the windows hold, int64 [n]; the rest of a window is padding."""
        ends = self.targets[indices]
        before = self.sequences.before(ends) - self.sequences.starts(ends)
        return np.minimum(before + 1, self.length)

    def cut(self, ends: Array) -> Batch:
        """The windows that end at the sends `ends`, [batch], whether or not they are among the targets."""
        before = self.sequences.before(ends)
        at = before[:, None] + np.arange(1 - self.length, 1)  # [batch, length]
        at[:, -1] = ends
        first = self.sequences.starts(ends)
        real = at >= first[:, None]
        batch = self.at(at, real)
        days = self.sequences.before(np.where(real, at, 0))
        days[:, -1] = len(self.sequences)  # the target's, of which no other send is read
        batch[DAY_NUMBER] = torch.from_numpy(day_numbers(days, real))
        for name in ELAPSED:
            if name in batch:
                batch[name][:, -1] = _tensor(self.sequences.features[name][before])
        return batch

    def at(self, at: Array, real: Array) -> Batch:
        """Every feature of the sends `at`, 0 where none is `real`, [batch, length] both, and the climbers."""
        at = np.where(real, at, 0)
        batch: dict[str, Any] = {
            name: _tensor(np.where(real, values[at], 0)) for name, values in self.sequences.features.items()
        }
        batch[CLIMBER] = _tensor(self.sequences.climbers[self.sequences.owner(at[:, -1])])
        return batch


def as_is(batch: Batch) -> Batch:
    """The collate function for a dataset that already hands out batches."""
    return batch


def _tensor(values: Array) -> torch.Tensor:
    if values.dtype.kind == "f":
        return torch.from_numpy(values.astype(np.float32))
    return torch.from_numpy(values.astype(np.int64))
