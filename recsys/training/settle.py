"""What the default model leaves to the data: the counting method that joins it, and how it knows places.

**A partner.** Which climbs go together is counted better than a network learns it from some ten thousand
sends. EASE adds to the default network on 300 climbs with dates only, on MovieLens-100k and on simulated BC
(`docs/results/choices.md`). Its own weights are a number for each two climbs, so that a large catalogue takes
item-kNN, which keeps the nearest of each: it adds to the network on Amazon Beauty's 49,438 items. The weight
of either is fitted on validation, where 0 can win.

**Positions.** Where dates alone are known, a window's order inside a day is drawn and says nothing, while the
days between sends do: positions by days too are ahead there on validation (`docs/results/choices.md`), and
not where the data orders each send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recsys.columns import BIN, ELAPSED_DAYS
from recsys.config.run import BY_SIZE, RunConfig
from recsys.console import say

if TYPE_CHECKING:
    from merlin.schema import Schema

SMALL: Final = 1_000_000  # training sends
FEW: Final = 4_096  # climbs: 64 MiB of EASE's weights in a run and a bundle
PARTNERS: Final = ("ease", "item-knn")  # of few climbs, and of many
NO_PARTNER: Final = "none"  # what turns it off
UNORDERED: Final = 0.5  # share of sends that tie with another of their day
TIED: Final = 0.1  # the same, from which days are read as sets


def left_to_size(config: RunConfig) -> bool:
    """Whether a run of which nothing is said takes a partner: the default objective does, in memory."""
    return config.trains_transformer and config.model.masking == "clm" and not config.training.stream


def knows_days(schema: Schema) -> bool:
    """Whether the days between sends are known."""
    return ELAPSED_DAYS + BIN in schema.column_names


def settled(config: RunConfig, training: int, n_items: int, has_days: bool = True) -> RunConfig:
    """The configuration, with nothing left to the data; says what was decided.

    Parameters
    ----------
    config:
        With the facts of the data.
    training:
        Training sends.
    n_items:
        Climbs in the catalogue.
    has_days:
        Whether the days between sends are known.
    """
    return _placed(_read_in_sets(_joined(config, training, n_items)), has_days)


def _joined(config: RunConfig, training: int, n_items: int) -> RunConfig:
    """With its partner decided by training sends and climbs."""
    if config.ensemble != BY_SIZE:
        return config
    if training >= SMALL or not left_to_size(config):
        return config.model_copy(update={"ensemble": None})
    partner, than = (PARTNERS[0], "at most") if n_items <= FEW else (PARTNERS[1], "more than")
    why = f"{training} training sends, fewer than {SMALL}, of {n_items} climbs, {than} {FEW}"
    say(f"joined with {partner}: {why} (`ensemble` {NO_PARTNER} leaves it out)")
    return config.model_copy(update={"ensemble": partner})


def _read_in_sets(config: RunConfig) -> RunConfig:
    """With one stream or two decided by the share of sends whose place in their day is not known."""
    if config.model.streams != "auto":
        return config
    tied = float(config.facts.get("sends_of_unknown_order", 0.0))
    sets = config.day == "set" and tied > TIED and config.trains_transformer
    if sets:
        why = f"{tied:.0%} of the sends have no order in theirs"
        say(f"days are read as sets: {why} (`streams` one: in a drawn order)")
    model = config.model.model_copy(update={"streams": "two" if sets else "one"})
    return config.model_copy(update={"model": model})


def _placed(config: RunConfig, has_days: bool) -> RunConfig:
    """With its positions decided by the share of sends whose place in their day is not known."""
    if config.model.positions != "auto":
        return config
    tied = float(config.facts.get("sends_of_unknown_order", 0.0))
    by_days = has_days and tied > UNORDERED and config.model.body == "prenorm"
    if by_days:
        why = f"{tied:.0%} of the sends have no order in their day"
        say(f"positions by days too: {why} (`positions` learned: by order alone)")
    positions = "time" if by_days else "learned"
    return config.model_copy(update={"model": config.model.model_copy(update={"positions": positions})})
