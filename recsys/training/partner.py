"""The counting method that joins the default model of a small log.

A few thousand sends teach a network little of which climbs go together, and counting them needs no more. On a
simulated log of 300 climbs and dates only EASE adds to the network (`docs/results/choices.md`); its weight is
fitted on validation, where 0 can win.
"""

from __future__ import annotations

from typing import Final

from recsys.config.run import BY_SIZE, RunConfig
from recsys.console import say

SMALL: Final = 20_000  # training sends
PARTNER: Final = "ease"
NO_PARTNER: Final = "none"  # what turns it off


def left_to_size(config: RunConfig) -> bool:
    """Whether a run of which nothing is said takes a partner at all: the default objective alone does."""
    return config.trains_transformer and config.model.masking == "clm"


def settled(config: RunConfig, training: int) -> RunConfig:
    """The configuration, its ensemble decided for so many training sends; says why where it takes one."""
    if config.ensemble != BY_SIZE:
        return config
    small = training < SMALL and left_to_size(config)
    if small:
        why = f"{training} training sends, fewer than {SMALL}"
        say(f"joined with {PARTNER}: {why} (`ensemble` {NO_PARTNER} leaves it out)")
    return config.model_copy(update={"ensemble": PARTNER if small else None})
