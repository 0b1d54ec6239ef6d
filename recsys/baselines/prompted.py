"""Popularity among the climbs that fit the prompt: what counting alone makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from recsys.baselines.counting import Method
from recsys.baselines.vectors import cooccurrence_vectors
from recsys.recommending.counted.prompted import PROMPTS, CountedPrompts

if TYPE_CHECKING:
    from recsys.baselines.interactions import Interactions


@dataclass(frozen=True)
class PromptedPopularity(Method):
    """Training sends of a climb that were logged with the prompt's region and grade; unprompted, all of them.

    Climbs with equally many are ordered by their sends in the region, then by those of the grade, then by
    all. Where the data lacks one of the two the other decides, and where it lacks both all sends do. Nothing
    logged is an answer like any other: a prompt without a region fits the sends without one. The scores of
    each different prompt are counted once and held, 4 bytes a climb, 256 MiB at the most.
    """

    prompted: ClassVar[bool] = True
    sequential: ClassVar[bool] = False
    GRID: ClassVar[tuple[PromptedPopularity, ...]]

    def count(self, interactions: Interactions, seed: int) -> CountedPrompts:
        """Count the training sends by what was logged with them."""
        training = interactions.training
        training = training[interactions.items[training] >= 0]
        features = interactions.sequences.features
        logged = {name: features[name][training] for name in PROMPTS if name in features}
        vectors = cooccurrence_vectors(interactions)
        return CountedPrompts.count(vectors, interactions.items[training], logged)


PromptedPopularity.GRID = (PromptedPopularity(),)
