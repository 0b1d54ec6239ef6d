"""Popularity among the climbs that fit the prompt: what counting alone makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from recsys import columns as c
from recsys.baselines.interactions import Method
from recsys.baselines.popularity import Popularity
from recsys.baselines.tiers import tiered
from recsys.columns import BIN

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.baselines.interactions import Fitted, Interactions
    from recsys.evaluation.scorer import Scorer
    from recsys.sequences.cases import Cases

ASKED = (c.REGION, c.GRADE + BIN)


@dataclass(frozen=True)
class PromptedPopularity(Method):
    """Training sends of a climb that were logged with the prompt's region and grade; unprompted, all of them.

    Climbs with equally many are ordered by their sends in the region, then by those of the grade, then by
    all. Where the data lacks one of the two the other decides, and where it lacks both all sends do. Nothing
    logged is an answer like any other: a prompt without a region fits the sends without one. The scores of
    each different prompt are counted once and held: 4 bytes a climb.
    """

    prompted: ClassVar[bool] = True
    sequential: ClassVar[bool] = False
    GRID: ClassVar[tuple[PromptedPopularity, ...]]

    def fit(self, interactions: Interactions, seed: int) -> Fitted:
        """Keep the training sends, to be counted when a prompt is known."""
        training = interactions.training
        training = training[interactions.items[training] >= 0]
        features = interactions.sequences.features
        logged = {name: features[name][training] for name in ASKED if name in features}
        items = interactions.items[training]
        unprompted = Popularity().fit(interactions, seed)

        def fitted(cases: Cases, prompted: bool) -> Scorer:
            if not prompted or not logged:
                return unprompted(cases, prompted)
            asked = np.stack([cases.sequences.features[name][cases.sends] for name in logged], axis=1)
            prompts, prompt = np.unique(asked, axis=0, return_inverse=True)
            rows = [_ranks(items, list(logged.values()), wanted, interactions.n_items) for wanted in prompts]
            return _Scorer(np.stack(rows), prompt)

        return fitted


@dataclass(frozen=True, eq=False)
class _Scorer:
    """The scores of each prompt, float32 [P, n_items], and which of the prompts each case has [n_cases]."""

    rows: Array
    prompt: Array

    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]."""
        return self.rows[self.prompt[cases]]


def _ranks(items: Array, logged: list[Array], prompt: Array, n_items: int) -> Array:
    """Ranks [n_items] by the training sends [S] that fit the whole prompt, then each part of it, then all."""
    fits = [values == wanted for values, wanted in zip(logged, prompt, strict=True)]
    tiers = [np.logical_and.reduce(fits), *fits, slice(None)]
    counts = [np.bincount(items[tier], minlength=n_items) for tier in tiers]
    return tiered(*counts).astype(np.float32)


PromptedPopularity.GRID = (PromptedPopularity(),)
