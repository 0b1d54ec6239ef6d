"""What every cell of a study works on, and its report is made from: the sends, their split and the cases."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.baselines.interactions import Interactions
from recsys.baselines.matrices import training_matrix
from recsys.evaluation.beyond import Lists, describe, sender_units
from recsys.evaluation.evaluate import evaluate
from recsys.sequences.cases import Cases
from recsys.study.summary import HISTORY_SHUFFLED, WINDOW_SHUFFLED

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.arrays import Array
    from recsys.evaluation.evaluate import Result
    from recsys.evaluation.scorer import Scorer
    from recsys.study.config import StudyConfig


@dataclass(frozen=True, eq=False)
class Material:
    """What every cell of a study works on, and the rows that were left out for want of a feature."""

    config: StudyConfig
    interactions: Interactions
    schema: Schema
    left_out: tuple[str, ...] = ()

    @functools.cached_property
    def cases(self) -> dict[str, Cases]:
        """The cases of each part; of training and validation so many at the most."""
        most = {
            "train": self.config.training_cases,
            "validation": self.config.training.validation_cases,
            "test": None,
        }
        sends, parts = self.interactions.sequences, self.interactions.parts
        return {part: Cases.of(sends, parts, part, most=count) for part, count in most.items()}

    @functools.cached_property
    def shuffled(self) -> dict[str, Cases]:
        """The test cases with another order: of a window's own sends, and of whole histories."""
        test = self.cases["test"]
        return {
            WINDOW_SHUFFLED: test.shuffled(seed=0, last=self.config.length - 1),
            HISTORY_SHUFFLED: test.shuffled(seed=0),
        }

    def evaluate(
        self, scorer: Scorer, cases: Cases, all_climbs: bool = False, lists: Lists | None = None
    ) -> Result:
        """The evaluator's result on some cases; `all_climbs` ranks those already sent in any case."""
        seen = cases.seen if self.config.run.exclude_seen and not all_climbs else None
        n_items = self.interactions.n_items
        return evaluate(scorer, cases.targets, cases.climbers, seen, n_items, lists=lists)

    def describe(self, lists: Lists) -> dict[str, float]:
        """What the lists are like that were gathered in an evaluation (`recsys.evaluation.beyond`)."""
        return describe(lists.items, self.counts, self._units)

    @functools.cached_property
    def counts(self) -> Array:
        """Training sends of each climb of the catalogue, int64 [n_items]."""
        known = self.interactions
        items = known.items[known.training]
        return np.bincount(items[items >= 0], minlength=known.n_items)

    @functools.cached_property
    def _units(self) -> Any:
        return sender_units(training_matrix(self.interactions))
