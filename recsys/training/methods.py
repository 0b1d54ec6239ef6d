"""Any row of the study fitted on prepared data: on the training sends alone, chosen on validation.

A network is trained and its epoch chosen; a method that counts is fitted with each of its published settings
and the best is kept. The test part is not read.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.baselines.counting import Fitted, Method
from recsys.baselines.interactions import Interactions
from recsys.baselines.network_settings import NetworkSettings
from recsys.baselines.rows import Row
from recsys.config.run import RunConfig
from recsys.evaluation.evaluate import evaluate
from recsys.sequences.cases import Cases

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.model.network import Network

CHOOSING = "mrr@20"  # what a setting is chosen by, on unprompted validation cases


@dataclass(frozen=True, eq=False)
class FittedMethod:
    """A row's method, fitted.

    Attributes
    ----------
    method:
        The settings that were fitted: those of the row, or the best of its grid.
    scorer:
        Cases, and whether their targets' attributes are given, to their scorer.
    network:
        The trained network with the weights of its best epoch; None for a method that counts.
    facts:
        ``settings`` in words, ``parameters``; of a network also what `recsys.training.fit.fit` returns.
    """

    method: Method | NetworkSettings
    scorer: Fitted
    network: Network | None
    facts: dict[str, Any]


def fit_method(
    row: Row,
    interactions: Interactions,
    schema: Schema,
    config: RunConfig,
    seed: int,
    folder: Path,
    resume: bool = False,
) -> FittedMethod:
    """Fit a row's method on the training sends and choose on validation.

    Parameters
    ----------
    row:
        The method and its settings; of `config.model` only the window's length is read.
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
    training = config.training.model_copy(update=dict(row.training))
    config = config.model_copy(update={"training": training})
    most = config.training.validation_cases
    validation = Cases.of(interactions.sequences, interactions.parts, "validation", most=most)
    method = row.load()
    if isinstance(method, NetworkSettings):
        return _trained(method, interactions, schema, config, seed, folder, resume, validation)
    if isinstance(method, Method):
        return _counted(method, interactions, config, seed, validation)
    raise TypeError(f"{row.method}: neither a Method nor NetworkSettings")


def _counted(
    method: Method, interactions: Interactions, config: RunConfig, seed: int, cases: Cases
) -> FittedMethod:
    """Fit a counting method with each setting of its grid and keep the best."""
    seen = cases.seen if config.exclude_seen else None
    best: tuple[float, Method, Fitted] | None = None
    for settings in method.GRID:
        fitted = settings.fit(interactions, seed)
        found = evaluate(fitted(cases, False), cases.targets, cases.climbers, seen, interactions.n_items)
        if best is None or found.values[CHOOSING] > best[0]:
            best = (found.values[CHOOSING], settings, fitted)
    assert best is not None, f"{method}: no settings to choose from"
    _, settings, fitted = best
    words = f"{settings}, the best of {len(method.GRID)}" if len(method.GRID) > 1 else str(settings)
    facts = {"settings": words, "parameters": settings.parameters(interactions)}
    return FittedMethod(settings, fitted, None, facts)


def _trained(
    method: NetworkSettings,
    interactions: Interactions,
    schema: Schema,
    config: RunConfig,
    seed: int,
    folder: Path,
    resume: bool,
    validation: Cases,
) -> FittedMethod:
    """Train a network and keep its best epoch."""
    from recsys.model.scorer import ModelScorer
    from recsys.training.fit import fit
    from recsys.training.module import NextClimb

    length = config.model.length
    module = NextClimb(
        functools.partial(method.build, schema, length),
        length,
        config.training,
        interactions.training,
        validation,
        interactions.n_items,
        config.exclude_seen,
        seed,
    )
    fitted = fit(module, config.training, folder, resume)
    network = module.model
    words = f"epoch {fitted['best_epoch']} of {fitted['epochs_trained']}"
    parameters = sum(each.numel() for each in network.parameters() if each.requires_grad)
    facts = {"settings": words, "parameters": parameters, **fitted}
    return FittedMethod(
        method, lambda cases, prompted: ModelScorer(network, cases, length, prompted), network, facts
    )
