"""The counting method that joins the default model of a log that is not large.

Which climbs go together is counted better than a network learns it from some ten thousand sends. EASE adds to
the default network on 300 climbs with dates only, on MovieLens-100k and on simulated BC
(`docs/results/choices.md`); its weight is fitted on validation, where 0 can win. Its own weights are a number
for each two climbs, so that a large catalogue does without.
"""

from __future__ import annotations

from typing import Final

from recsys.config.run import BY_SIZE, RunConfig
from recsys.console import say

SMALL: Final = 200_000  # training sends
FEW: Final = 4_096  # climbs: 64 MiB of weights in a run and a bundle
PARTNER: Final = "ease"
NO_PARTNER: Final = "none"  # what turns it off


def left_to_size(config: RunConfig) -> bool:
    """Whether a run of which nothing is said takes a partner: the default objective does, in memory."""
    return config.trains_transformer and config.model.masking == "clm" and not config.training.stream


def settled(config: RunConfig, training: int, n_items: int) -> RunConfig:
    """The configuration, its ensemble decided by training sends and climbs; says why it takes one."""
    if config.ensemble != BY_SIZE:
        return config
    small = training < SMALL and n_items <= FEW and left_to_size(config)
    if small:
        why = f"{training} training sends, fewer than {SMALL}, of {n_items} climbs, at most {FEW}"
        say(f"joined with {PARTNER}: {why} (`ensemble` {NO_PARTNER} leaves it out)")
    return config.model_copy(update={"ensemble": PARTNER if small else None})
