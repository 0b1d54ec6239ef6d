"""What the default model leaves to the data: what joins it, how it reads, and how it knows places.

**A partner.** Which climbs go together is counted better than a network learns it from some ten thousand
sends. EASE adds to the default network on 300 climbs with dates only, on MovieLens-100k and on simulated BC
(`docs/results/choices.md`). Its own weights are a number for each two climbs, so that a large catalogue takes
item-kNN, which keeps the nearest of each: it adds to the network on Amazon Beauty's 49,438 items. Where the
sends of a day have an order, sequential item-kNN adds more on simulated BC, and less on MovieLens. So
validation chooses between the two, and the weight, where 0 can win.

**Streams.** Where dates alone are known, an order inside a day is drawn and says nothing, and a model that
reads days as sets (`recsys.model.streams`) is far ahead; where the data orders each send, it costs more and
gives little (`docs/results/choices.md`).

**Networks.** The mean of several networks is better than one. Of few sends two take seconds and more add
nothing; of more, as long as it takes minutes, four are further ahead; of many, one is trained.

**Direction.** Of few sends a network learns what goes together in one direction alone, unless it reads
logbooks backwards too; of a million it learns more from those as they are.

**Positions.** Where most sends have no order in their day, the days between sends tell more than places do,
and positions by days too are ahead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recsys.columns import BIN, ELAPSED_DAYS
from recsys.config.model import ModelConfig
from recsys.config.run import BY_SIZE, RunConfig
from recsys.console import say
from recsys.sequences.days import UNKNOWN_ORDER

if TYPE_CHECKING:
    from merlin.schema import Schema

SMALL: Final = 1_000_000  # training sends
MANY: Final = 250_000  # training sends from which a logbook is read forward alone
FEW: Final = 4_096  # climbs: 64 MiB of EASE's weights in a run and a bundle
PARTNERS: Final = ("ease", "item-knn")  # of few climbs, and of many
SEQUENTIAL: Final = "sequential-knn"  # beside either
# Below so many training sends, so many networks; the first that fits.
NETWORKS: Final = ((20_000, 2), (100_000, 4))
LEFT: Final = 0  # networks, where the data decides
NO_PARTNER: Final = "none"  # what turns it off
UNORDERED: Final = 0.5  # share of sends that tie with another of their day
TIED: Final = 0.1  # the same, from which days are read as sets
_DEFAULT: Final = (ModelConfig().body, ModelConfig().masking)


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
    model, reasons = settled_model(config.model, config, training, has_days)
    joined = _joined(config, training, n_items)
    for reason in reasons:
        say(reason)
    return joined.model_copy(update={"model": model})


def settled_model(
    model: ModelConfig, config: RunConfig, training: int, has_days: bool
) -> tuple[ModelConfig, list[str]]:
    """A model whose streams and positions are decided by the share of sends without an order in their day.

    How many networks it is is decided by the training sends.

    Parameters
    ----------
    model:
        What may leave them to the data ("auto").
    config:
        Of the data: its facts, and how it reads days.
    training:
        Training sends.
    has_days:
        Whether the days between sends are known.

    Returns
    -------
    The model, and what was decided, a line each.
    """
    tied = float(config.facts.get(UNKNOWN_ORDER, 0.0))
    found: dict[str, Any] = {}
    reasons = []
    if model.streams == "auto":
        sets = (model.body, model.masking) == _DEFAULT and config.day == "set" and tied > TIED
        found["streams"] = "two" if sets else "one"
        if sets:
            reasons.append("days are read as sets ({}; `streams` one: in a drawn order)")
    if model.positions == "auto":
        by_days = model.body == _DEFAULT[0] and has_days and tied > UNORDERED
        found["positions"] = "time" if by_days else "learned"
        if by_days:
            reasons.append("positions by days too ({}; `positions` learned: by order alone)")
    if model.direction == "auto":
        both = training < MANY
        found["direction"] = "both" if both else "forward"
        if both:
            few = f"{training} training sends, fewer than {MANY}"
            reasons.append(f"logbooks are read both ways ({few}; `direction` forward: as logged)")
    if model.networks == LEFT:
        several = next((count for below, count in NETWORKS if training < below), 1)
        found["networks"] = several if model.packs and not config.training.stream else 1
        if found["networks"] > 1:
            reasons.append(f"{several} networks ({training} training sends; `networks` 1: one)")
    why = f"{tied:.0%} of the sends have no order in their day"
    return model.model_copy(update=found), [each.format(why) for each in reasons]


def _joined(config: RunConfig, training: int, n_items: int) -> RunConfig:
    """With its partner decided by training sends and climbs."""
    if config.ensemble != BY_SIZE:
        return config
    if training >= SMALL or not left_to_size(config):
        return config.model_copy(update={"ensemble": None})
    partner, than = (PARTNERS[0], "at most") if n_items <= FEW else (PARTNERS[1], "more than")
    why = f"{training} training sends, fewer than {SMALL}, of {n_items} climbs, {than} {FEW}"
    say(
        f"joined with {partner} or {SEQUENTIAL}, as validation prefers: {why} "
        f"(`ensemble` {NO_PARTNER} leaves them out)"
    )
    return config.model_copy(update={"ensemble": f"{partner},{SEQUENTIAL}"})
