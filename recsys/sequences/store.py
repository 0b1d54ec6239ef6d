"""Every climber's history, end to end in flat arrays: what the workflow's lists become in memory.

Memory grows with the sends alone. A window is the last n sends up to a target, cut from these arrays when a
batch asks for it (`recsys.sequences.windows`), so n costs nothing. A send takes the sum of its columns'
widths, 4 bytes a number or wide id and 1 byte a bin or flag: 22 bytes with every feature, plus 4 for its
index among the raw sends and 1 for that in its day (`benchmarks/memory.py` prints it and shows it on five
million sends).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from workflows.coded import flat

if TYPE_CHECKING:
    import pandas as pd

    from recsys.sequences.texts import Texts

ELAPSED: Final = (c.ELAPSED_DAYS, c.ELAPSED_DAYS + c.BIN)  # what a send says of the one before it


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
        Index of each send in the sorted frame that the workflow was given, int32 [n_sends].
    indices:
        Sends before each one in its day in an order that means nothing, [n_sends]; 0 where the order stands
        (`recsys.sequences.days`). What a send may be predicted from ends before its day. None is 0 for all.
    texts:
        What was written of the climbs, where the feature `TEXT` names its states; else None.
    """

    offsets: Array
    climbers: Array
    climber_ids: Array
    features: Mapping[str, Array]
    rows: Array
    indices: Array = None  # type: ignore[assignment]  # an array once made
    texts: Texts | None = None

    def __post_init__(self) -> None:
        """Days are in order where nothing else is said."""
        indices = np.zeros(len(self.rows), np.uint8) if self.indices is None else self.indices
        object.__setattr__(self, "indices", narrow(indices))

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> Sequences:
        """Flatten the workflow's output, one row a climber with a list for each feature."""
        return cls.from_tables([table])

    @classmethod
    def from_tables(cls, tables: Iterable[pd.DataFrame]) -> Sequences:
        """The same of several tables of other climbers each, one in memory at a time."""
        found = [cls._arrays(each) for each in tables]
        arrays = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
        return cls(
            offsets=np.concatenate([[0], np.cumsum(arrays.pop("lengths"))]).astype(np.int64),
            climbers=arrays.pop(c.CLIMBER),
            climber_ids=arrays.pop(c.CLIMBER_ID),
            rows=arrays.pop(c.ROW),
            features=arrays,
        )

    @staticmethod
    def _arrays(table: pd.DataFrame) -> dict[str, Array]:
        """The columns of a table, lists end to end; and ``lengths`` of the lists."""
        lists = [name for name in table.columns if name not in (c.CLIMBER, c.CLIMBER_ID, c.ROW)]
        return {
            "lengths": table[c.ROW].map(len).to_numpy(dtype=np.int64),
            c.CLIMBER: table[c.CLIMBER].to_numpy(dtype=np.int32),
            # A view would keep the block that pandas holds it in, and with it every list of the table.
            c.CLIMBER_ID: table[c.CLIMBER_ID].to_numpy(dtype=object, copy=True),
            c.ROW: flat(table[c.ROW]).astype(np.int32),
            **{name: narrow(flat(table[name])) for name in lists},
        }

    def __len__(self) -> int:
        """Number of sends."""
        return int(self.offsets[-1])

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays hold, the climbers' own included (ids as logged left out)."""
        flat = sum(values.nbytes for values in self.features.values())
        flat += self.indices.nbytes
        return flat + self.rows.nbytes + self.offsets.nbytes + self.climbers.nbytes

    def owner(self, sends: Array) -> Array:
        """Index of the climber that each send belongs to, [n] to [n]."""
        return np.searchsorted(self.offsets, sends, side="right") - 1

    def starts(self, sends: Array) -> Array:
        """Where the history of each send's climber begins: the index of its first send, [n] to int64 [n]."""
        return self.offsets[self.owner(sends)]

    def counts(self, sends: Array) -> Array:
        """How many of some sends each climber has, [n] to int64 [n_climbers]."""
        return np.bincount(self.owner(sends), minlength=len(self.climbers))

    def before(self, sends: Array) -> Array:
        """Where each send's history ends: the index after its last send, [n] to int64 [n]."""
        return sends - self.indices[sends].astype(np.int64)

    @cached_property
    def day_ends(self) -> Array:
        """The index after the last send of each send's day, int64 [n_sends]."""
        starts = np.flatnonzero(self.indices == 0)
        sizes = np.diff(starts, append=len(self))
        return np.repeat(starts + sizes, sizes)

    def reading(self, texts: Texts, days: Array) -> Sequences:
        """The same with the feature `TEXT`: the state of its climb's texts that each send reads.

        Parameters
        ----------
        texts:
            Of training sends.
        days:
            When each send was, float64 [n_sends].
        """
        states = texts.states.ids(self.features[c.CLIMB], days)
        return replace(self, features={**self.features, c.TEXT: narrow(states)}, texts=texts)

    def history(self, sends: Array, feature: str) -> tuple[Array, Array]:
        """Everything that the same climber logged before each send, and before its day where days are sets.

        Returns
        -------
        Which of the n sends each value belongs to, int64 [n_values], and the values, [n_values].
        """
        starts = self.starts(sends)
        lengths = self.before(sends) - starts
        case = np.repeat(np.arange(len(sends)), lengths)
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return case, self.features[feature][np.repeat(starts, lengths) + within]


def narrow(values: Array) -> Array:
    """The same values in the narrowest type that holds them."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    return values.astype(np.uint8 if values.size == 0 or values.max() < 256 else np.int32)
