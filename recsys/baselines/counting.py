"""What a method that counts is: settings that are fitted, and what comes of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from recsys.baselines.cases import CountedScorer
from recsys.baselines.interactions import Interactions
from recsys.columns import Given
from recsys.evaluation.scorer import Scorer
from recsys.recommending.counted.method import Counted
from recsys.sequences.cases import Cases

#: Cases, and whether their targets' attributes are given, or which -> their scorer.
Fitted = Callable[[Cases, Given], Scorer]


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
    def count(self, interactions: Interactions, seed: int) -> Counted:
        """Fit on the training sends alone: what scores, and can be kept."""

    def fit(self, interactions: Interactions, seed: int) -> Fitted:
        """`count`, as something that scores cases."""
        return scorer_of(self.count(interactions, seed), interactions)

    def without(self, counted: Counted, interactions: Interactions) -> Counted:
        """What was counted, of its single sends only those that are left; what was learned of all stays.

        For methods whose `Counted.KEEPS_SENDS`.

        Parameters
        ----------
        counted:
            As `count` made it, of these settings.
        interactions:
            What is left of those that it was made of, climbs and regions by the same ids.
        """
        raise NotImplementedError(f"{type(self).__name__} keeps no sends")

    def parameters(self, interactions: Interactions) -> int:
        """Numbers that are fitted; 0 for a method that just counts."""
        return 0


def scorer_of(counted: Counted, interactions: Interactions) -> Fitted:
    """What scores the cases of some interactions with a method that was fitted on them."""
    return lambda cases, prompted: CountedScorer(counted, cases, interactions, prompted)
