"""What a method that counts sends is fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import CLIMB
from recsys.sequences.cases import Cases, item_index
from recsys.sequences.continuing import FRESH
from recsys.sequences.split import TRAIN
from recsys.sequences.store import Sequences

if TYPE_CHECKING:
    from recsys.sequences.prepare import Prepared
    from recsys.sequences.shards import Shards


@dataclass(frozen=True, eq=False)
class Interactions:
    """All sends of a data set in the order of the sequences, and which of them are training.

    Attributes
    ----------
    sequences:
        Histories of every climber, those held out included.
    parts:
        TRAIN, VALIDATION or TEST of each send, int8 [n_sends].
    days:
        When each send was, days since the Unix epoch, float64 [n_sends]; a rank where the data has no dates.
    n_items:
        Climbs in the catalogue.
    fresh:
        Which sends are new to a training that is continued, bool [n_sends]; None where it begins.
    shards:
        Where a training streams, what it streams: the sends here are then those of the cases asked for, and
        nothing can be fitted on them.
    """

    sequences: Sequences
    parts: Array
    days: Array
    n_items: int
    fresh: Array | None = None
    shards: Shards | None = None

    @classmethod
    def of(cls, prepared: Prepared) -> Interactions:
        """The sends of prepared data."""
        days = prepared.sends[c.DAY].to_numpy(np.float64)[prepared.sequences.rows]
        fresh = prepared.sends[FRESH].to_numpy()[prepared.sequences.rows] if FRESH in prepared.sends else None
        return cls(prepared.sequences, prepared.parts, days, prepared.n_items, fresh, prepared.shards)

    def days_of(self, cases: Cases, sends: Array) -> Array:
        """When some sends of the cases' sequences, which may be their own, were: float64, of their shape."""
        found: Array = self._days_by_row[cases.sequences.rows[sends]]
        return found

    @cached_property
    def _days_by_row(self) -> Array:
        by_row = np.empty(len(self.days))
        by_row[self.sequences.rows] = self.days
        return by_row

    @property
    def training(self) -> Array:
        """Indexes of the training sends, int64 [n_training]: all that may be fitted on."""
        return np.flatnonzero(self.parts == TRAIN)

    @property
    def items(self) -> Array:
        """Index in the catalogue of each send's climb, int64 [n_sends]; -1 where it has none."""
        return item_index(self.sequences.features[CLIMB])

    @property
    def climbers(self) -> Array:
        """Index of each send's climber, int64 [n_sends]."""
        return self.sequences.owner(np.arange(len(self.sequences)))
