"""Every climber's history, end to end in flat arrays: what the workflow's lists become in memory.

Memory grows with the sends alone. A window is the last n sends up to a target, cut from these arrays when a
batch asks for it (`recsys.sequences.windows`), so n costs nothing. A send takes the sum of its columns'
widths, 4 bytes a number or wide id and 1 byte a bin or flag: 22 bytes with every feature, plus 4 for its
place among the raw sends (`benchmarks/memory.py` prints it and shows it on five million sends).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys import columns as c
from recsys.arrays import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sequences:
    """Histories in compressed rows: climber i owns the sends ``offsets[i]`` to ``offsets[i + 1]``.

    Attributes
    ----------
    offsets:
        int64 [n_climbers + 1].
    climbers:
        Categorified climber ids, int32 [n_climbers].
    climber_ids:
        The ids as logged, object [n_climbers].
    features:
        Name of a sequential feature to its values, [n_sends] each, in order of climber and time.
    rows:
        Place of each send in the sorted frame that the workflow was given, int32 [n_sends].
    """

    offsets: Array
    climbers: Array
    climber_ids: Array
    features: Mapping[str, Array]
    rows: Array

    @classmethod
    def from_table(cls, table: pd.DataFrame, climber: str = "climber") -> Sequences:
        """Flatten the workflow's output, one row a climber with a list for each feature."""
        offsets = np.zeros(len(table) + 1, dtype=np.int64)
        np.cumsum(table[c.ROW].map(len).to_numpy(), out=offsets[1:])
        lists = [name for name in table.columns if name not in (climber, c.CLIMBER_ID, c.ROW)]
        return cls(
            offsets=offsets,
            climbers=table[climber].to_numpy(dtype=np.int32),
            climber_ids=table[c.CLIMBER_ID].to_numpy(dtype=object),
            features={name: _flat(table[name]) for name in lists},
            rows=_flat(table[c.ROW], np.int32),
        )

    def __len__(self) -> int:
        """Number of sends."""
        return int(self.offsets[-1])

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays hold, the climbers' own included (ids as logged left out)."""
        flat = sum(values.nbytes for values in self.features.values())
        return flat + self.rows.nbytes + self.offsets.nbytes + self.climbers.nbytes

    def owner(self, sends: Array) -> Array:
        """Index of the climber that each send belongs to, [n] to [n]."""
        return np.searchsorted(self.offsets, sends, side="right") - 1

    def history(self, sends: Array, feature: str) -> tuple[Array, Array]:
        """Everything that the same climber logged before each send.

        Returns
        -------
        Which of the n sends each value belongs to, and the values: two arrays of one length.
        """
        starts = self.offsets[self.owner(sends)]
        lengths = sends - starts
        case = np.repeat(np.arange(len(sends)), lengths)
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return case, self.features[feature][np.repeat(starts, lengths) + within]


def _flat(lists: pd.Series, dtype: Any = None) -> Array:
    """A column of lists end to end, in the narrowest type that holds it."""
    flat = np.concatenate([np.asarray(values) for values in lists]) if len(lists) else np.empty(0, np.int32)
    if dtype is not None:
        return flat.astype(dtype)
    if flat.dtype.kind == "f":
        return flat.astype(np.float32)
    return flat.astype(np.uint8 if flat.size == 0 or flat.max() < 256 else np.int32)
