"""Any method fitted on prepared data: on the training sends alone, chosen on validation.

A network is trained and its epoch chosen; a method that counts is fitted with each of its published settings
and the best is kept. The test part is not read.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.arrays import evenly
from recsys.baselines.counting import Fitted, Method, scorer_of
from recsys.baselines.interactions import Interactions
from recsys.baselines.network_settings import NetworkSettings
from recsys.baselines.pairs import LARGEST, pair_vectors
from recsys.baselines.rows import ROWS, TRANSFORMER, Row
from recsys.config.run import RunConfig
from recsys.errors import UsageError
from recsys.evaluation.calibration import CASES
from recsys.evaluation.evaluate import ranks_of
from recsys.evaluation.metrics import case_values
from recsys.recommending.counted.method import Counted
from recsys.sequences.cases import Cases
from recsys.training.settle import knows_days, settled_model

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.model.network import Network
    from recsys.training.module import NextClimb

CHOOSING = "mrr@20"  # what a setting is chosen by, on unprompted validation cases


@dataclass(frozen=True, eq=False)
class FittedMethod:
    """A method, fitted.

    Attributes
    ----------
    method:
        The settings that were fitted: those that were asked for, or the best of a grid.
    scorer:
        Cases, and whether their targets' attributes are given, to their scorer.
    network:
        The trained network with the weights of its best epoch; None for a method that counts.
    counted:
        What was counted; None for a network.
    facts:
        ``settings`` in words, ``parameters``; of a network also what `recsys.training.fit.fit` returns.
    """

    method: Method | NetworkSettings
    scorer: Fitted
    network: Network | None
    counted: Counted | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def reads_prompt(self) -> bool:
        """Whether a prompt changes the scores."""
        return self.method.prompted if self.network is None else self.network.prompted


def settings_of(config: RunConfig) -> Method | NetworkSettings:
    """What a run's configuration, resolved (`recsys.training.resolve`), says is to be fitted."""
    if not config.trains_transformer:
        return ROWS[config.method].load()
    from recsys.baselines.transformer import Transformer

    return Transformer(**config.model.model_dump())


def fit_method(
    row: Row,
    interactions: Interactions,
    schema: Schema,
    config: RunConfig,
    seed: int,
    folder: Path,
) -> FittedMethod:
    """`fit_settings` of a row of the study.

    Of `config.model` only the window's length is read; the row's own settings of training go before the
    configuration's. What a row of the transformer leaves to the data is settled by the configuration's facts.
    """
    training = config.training.model_copy(update=dict(row.training))
    config = config.model_copy(update={"training": training})
    method = row.load()
    if row.method == TRANSFORMER:
        method = _settled(method, config, schema, len(interactions.training))
    return fit_settings(method, interactions, schema, config, seed, folder)


def _settled(method: Any, config: RunConfig, schema: Schema, training: int) -> NetworkSettings:
    from recsys.baselines.transformer import Transformer

    model, _ = settled_model(method.config, config, training, knows_days(schema))
    return Transformer(**model.model_dump())


def fit_settings(
    method: Method | NetworkSettings,
    interactions: Interactions,
    schema: Schema,
    config: RunConfig,
    seed: int,
    folder: Path,
    resume: bool = False,
) -> FittedMethod:
    """Fit a method on the training sends and choose on validation.

    Parameters
    ----------
    method:
        Its settings.
    interactions, schema:
        Of the prepared data (`Interactions.of`).
    config:
        Length of a window, training (under the row's own), and whether climbs already sent are left out.
    seed:
        Of everything random.
    folder:
        Where a network's checkpoints and logs are written; a method that counts writes nothing.
    resume:
        Continue a network's training from the folder's last checkpoint if there is one.

    Raises
    ------
    DivergedError
        The loss of a network is not finite any more.
    """
    if isinstance(method, NetworkSettings):
        return _trained(method, interactions, schema, config, seed, folder, resume)
    if isinstance(method, Method):
        return _counted(method, interactions, config, seed)
    raise TypeError(f"{method}: neither a Method nor NetworkSettings")


def validation_of(interactions: Interactions, config: RunConfig) -> Cases:
    """The cases that choose."""
    most = config.training.validation_cases
    return Cases.of(interactions.sequences, interactions.parts, "validation", most=most)


def build_module(
    method: NetworkSettings,
    interactions: Interactions,
    schema: Schema,
    config: RunConfig,
    seed: int,
    start: Path | None = None,
) -> NextClimb:
    """What the trainer trains: a network on the training sends, validated on the validation part.

    It begins with the weights of the folder `start`, where one is given (`recsys.training.start`).

    Raises
    ------
    UsageError
        It does not fit into memory.
    """
    from recsys.training.memory import check_weights
    from recsys.training.module import NextClimb

    check_weights(method, schema, config)
    counted = method.pretrained if start is None and interactions.n_items <= LARGEST else 0
    return NextClimb(
        functools.partial(method.build, schema, config.model.length),
        config.model.length,
        config.training,
        interactions.training,
        validation_of(interactions, config),
        interactions.n_items,
        config.exclude_seen,
        seed,
        interactions.fresh,
        start,
        interactions.shards,
        pair_vectors(interactions, counted) if counted else None,
    )


def trainings(
    method: NetworkSettings,
    interactions: Interactions,
    schema: Schema,
    config: RunConfig,
    seed: int,
    folder: Path,
) -> Iterator[tuple[NextClimb, str]]:
    """What the trainer trains, one after another, each with its part of the checkpoints and logs.

    Several networks are trained each by itself, by a seed of its own; but where they begin with weights of
    networks that are one already, they stay so.
    """
    from recsys.training.start import start_of

    start = start_of(folder)
    if method.networks == 1 or start is not None:
        yield build_module(method, interactions, schema, config, seed, start), ""
        return
    for index in range(method.networks):
        part = str(index + 1)
        module = build_module(method.alone(), interactions, schema, config, seed_of(seed, index))
        module.label = f"network {part} of {method.networks}"
        yield module, part


def seed_of(seed: int, index: int) -> int:
    """The seed of one of a run's networks: 32 bits, for torch reads no more; the first has the run's own."""
    return seed if index == 0 else int(np.random.SeedSequence([seed, index]).generate_state(1)[0])


def _counted(method: Method, interactions: Interactions, config: RunConfig, seed: int) -> FittedMethod:
    """Fit a counting method with each setting of its grid and keep the best on some validation cases."""
    if interactions.shards is not None:
        name = type(method).__name__
        raise UsageError(f"`stream` is for networks, and {name} counts all sends at once: leave it out")
    cases, n_items = validation_of(interactions, config), interactions.n_items
    seen, chosen = cases.seen if config.exclude_seen else None, evenly(len(cases), CASES)
    best: tuple[float, Method, Counted] | None = None
    for settings in method.GRID:
        counted = settings.count(interactions, seed)
        scorer = scorer_of(counted, interactions)(cases, False)
        ranks = ranks_of(scorer, chosen, cases.targets, seen, n_items)
        value = float(case_values(ranks, n_items)[CHOOSING].mean())
        if best is None or value > best[0]:
            best = (value, settings, counted)
    assert best is not None, f"{method}: no settings to choose from"
    _, settings, counted = best
    words = f"{settings}, the best of {len(method.GRID)}" if len(method.GRID) > 1 else str(settings)
    facts = {"settings": words, "parameters": settings.parameters(interactions)}
    return FittedMethod(settings, scorer_of(counted, interactions), None, counted, facts)


def _trained(
    method: NetworkSettings,
    interactions: Interactions,
    schema: Schema,
    config: RunConfig,
    seed: int,
    folder: Path,
    resume: bool,
) -> FittedMethod:
    """Train a network and keep its best epoch."""
    from recsys.training.networks import fit_each

    each = list(trainings(method, interactions, schema, config, seed, folder))
    fitted = fit_each(each, config.training, folder, resume)
    networks = [module.model for module, _ in each]
    words = ", ".join(f"epoch {one['best_epoch']} of {one['epochs_trained']}" for one in fitted)
    network, facts = networks[0], fitted[0]
    if len(networks) > 1:
        network = _packed(method, schema, config.model.length, networks)
        words = f"{len(networks)} networks: {words}"
        facts = {"batch_size": facts["batch_size"], "networks": fitted}
    parameters = sum(each.numel() for each in network.parameters() if each.requires_grad)
    facts = {"settings": words, "parameters": parameters, **facts}
    return FittedMethod(method, network_scorer(network, config.model.length), network, facts=facts)


def _packed(method: NetworkSettings, schema: Schema, length: int, networks: Sequence[Network]) -> Network:
    """Networks that were trained apart, as one."""
    from recsys.model.packed import pack

    packed = method.build(schema, length)
    pack(packed, networks)
    return packed.eval()


def network_scorer(network: Network, length: int) -> Fitted:
    """What scores cases with a network that reads windows of `length` sends."""
    from recsys.model.scorer import ModelScorer

    return lambda cases, prompted: ModelScorer(network, cases, length, prompted)
