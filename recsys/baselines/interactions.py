"""What a method that counts sends is fitted on, and what it may read of a case."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import CLIMB
from recsys.evaluation.scorer import Scorer
from recsys.sequences.cases import Cases, item_index
from recsys.sequences.split import TRAIN
from recsys.sequences.store import Sequences

if TYPE_CHECKING:
    from recsys.sequences.prepare import Prepared


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
    """

    sequences: Sequences
    parts: Array
    days: Array
    n_items: int

    @classmethod
    def of(cls, prepared: Prepared) -> Interactions:
        """The sends of prepared data."""
        days = prepared.sends[c.DAY].to_numpy(np.float64)[prepared.sequences.rows]
        return cls(prepared.sequences, prepared.parts, days, prepared.n_items)

    def days_of(self, cases: Cases, sends: Array) -> Array:
        """When some sends of the cases' sequences, which may be their own, were: float64 [n]."""
        by_row = np.empty(len(self.days))
        by_row[self.sequences.rows] = self.days
        found: Array = by_row[cases.sequences.rows[sends]]
        return found

    @property
    def training(self) -> Array:
        """Indexes of the training sends, int64 [n_training]: all that may be fitted on."""
        return np.flatnonzero(self.parts == TRAIN)

    @property
    def items(self) -> Array:
        """Place in the catalogue of each send's climb, int64 [n_sends]; -1 where it has none."""
        return item_index(self.sequences.features[CLIMB])

    @property
    def climbers(self) -> Array:
        """Index of each send's climber, int64 [n_sends]."""
        return self.sequences.owner(np.arange(len(self.sequences)))


#: Cases, and whether their targets' attributes are given -> their scorer.
Fitted = Callable[[Cases, bool], Scorer]


class Method(ABC):
    """A method that is fitted by counting or by algebra, without batches: a frozen dataclass of its settings.

    Attributes
    ----------
    prompted:
        Whether it uses the target's attributes where they are given.
    sequential:
        Whether the order of a history matters to it.
    GRID:
        The settings that validation chooses from, at most eight.
    """

    prompted: ClassVar[bool]
    sequential: ClassVar[bool]
    GRID: ClassVar[tuple[Any, ...]]

    @abstractmethod
    def fit(self, interactions: Interactions, seed: int) -> Fitted:
        """Fit on the training sends alone."""

    def parameters(self, interactions: Interactions) -> int:
        """Numbers that are fitted; 0 for a method that just counts."""
        return 0
