"""A fitted method as it will answer: joined with a counting one where asked for, and made to give shares.

Both are fitted on validation alone: the ensemble's weight by the ranking, the temperature by the likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from recsys.baselines.counting import Fitted, scorer_of
from recsys.baselines.rows import ROWS
from recsys.columns import is_prompt
from recsys.config.run import RunConfig
from recsys.console import say
from recsys.evaluation.calibration import fit_temperature, sample, scores_of
from recsys.evaluation.metrics import case_values, pessimistic_rank
from recsys.evaluation.scorer import excluded
from recsys.recommending.answering import AS_IT_IS, NONE, ByPrompt, added
from recsys.recommending.counted.method import Counted
from recsys.training.methods import (
    CHOOSING,
    FittedMethod,
    fit_settings,
    network_scorer,
    settings_of,
    validation_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from recsys.arrays import Array
    from recsys.baselines.interactions import Interactions
    from recsys.evaluation.scorer import Scorer
    from recsys.model.network import Network
    from recsys.sequences.cases import Cases
    from recsys.sequences.prepare import Prepared

WEIGHTS: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True, eq=False)
class RunMethod:
    """What a run trains and keeps.

    Attributes
    ----------
    network, counted:
        At least one of them; both are an ensemble.
    scorer:
        Cases, and whether their targets' attributes are given, to their scorer.
    reads_prompt:
        Whether a prompt changes the scores.
    weight, temperature:
        Of an ensemble's counts; of the scores.
    facts:
        What was found in fitting.
    """

    network: Network | None
    counted: Counted | None
    scorer: Fitted
    reads_prompt: bool
    weight: ByPrompt = NONE
    temperature: ByPrompt = AS_IT_IS
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class EnsembleScorer:
    """A network's scores and a counting method's as one (`recsys.recommending.answering.added`)."""

    network: Scorer
    counted: Scorer
    weight: float

    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]."""
        return added(self.network.scores(cases), self.counted.scores(cases), self.weight)


def fit_run(prepared: Prepared, config: RunConfig, folder: Path, resume: bool) -> RunMethod:
    """Fit what the configuration asks for (`recsys.training.resolve` has resolved it)."""
    from recsys.baselines.interactions import Interactions

    interactions = Interactions.of(prepared)
    schema, seed = prepared.schema, config.seed
    fitted = fit_settings(settings_of(config), interactions, schema, config, seed, folder, resume)
    method = RunMethod(
        fitted.network, fitted.counted, fitted.scorer, fitted.reads_prompt, facts=dict(fitted.facts)
    )
    if config.partners:
        partners = {
            name: fit_settings(ROWS[name].load(), interactions, schema, config, seed, folder, resume)
            for name in config.partners
        }
        method = _joined(method, partners, interactions, config)
    return _calibrated(method, validation_of(interactions, config), prepared.n_items)


def scorer_from(
    network: Network | None,
    counted: Counted | None,
    weight: ByPrompt,
    interactions: Interactions,
    length: int,
) -> Fitted:
    """What scores cases with a network, a counting method, or both."""
    if network is None:
        assert counted is not None
        return scorer_of(counted, interactions)
    if counted is None:
        return network_scorer(network, length)
    first, second = network_scorer(network, length), scorer_of(counted, interactions)
    return lambda cases, prompted: EnsembleScorer(
        first(cases, prompted),
        second(cases, prompted),
        weight.prompted if is_prompt(prompted) else weight.unprompted,
    )


def _joined(
    method: RunMethod, partners: Mapping[str, FittedMethod], interactions: Interactions, config: RunConfig
) -> RunMethod:
    """The ensemble that ranks the validation cases best: its partner, and its weights of `WEIGHTS`."""
    cases = validation_of(interactions, config)
    chosen = sample(len(cases), interactions.n_items)
    targets = cases.targets[chosen]
    sent = excluded(cases.seen if config.exclude_seen else None, chosen, interactions.n_items)
    networks = [scores_of(method.scorer(cases, prompted), chosen) for prompted in (False, True)]
    weights, values = {}, {}
    for name, partner in partners.items():
        counts = scores_of(partner.scorer(cases, False), chosen)
        unprompted = _best_weight(networks[0], counts, targets, sent)
        if partner.reads_prompt:
            counts = scores_of(partner.scorer(cases, True), chosen)
        prompted = _best_weight(networks[1], counts, targets, sent)
        weights[name] = ByPrompt(unprompted[0], prompted[0])
        values[name] = (unprompted[1] + prompted[1]) / 2
    name = max(values, key=values.__getitem__)
    partner, weight = partners[name], weights[name]
    if len(values) > 1:
        words = ", ".join(f"{each} {value:.4f}" for each, value in values.items())
        say(f"joined with {name}: {CHOOSING} on validation, mean of prompted and unprompted: {words}")
    told = {
        "with": partner.facts["settings"],
        "weight": weight._asdict(),
        "validation": {each: round(value, 4) for each, value in values.items()},
    }
    return replace(
        method,
        counted=partner.counted,
        weight=weight,
        reads_prompt=method.reads_prompt or partner.reads_prompt,
        scorer=scorer_from(method.network, partner.counted, weight, interactions, config.model.length),
        facts={**(method.facts or {}), "ensemble": told},
    )


def _best_weight(network: Array, counts: Array, targets: Array, sent: Array | None) -> tuple[float, float]:
    """Of scores [n, n_items] of cases with these targets [n]; and what it is worth.

    `sent` is true for what is no candidate, [n, n_items], or None.
    """
    values = []
    for weight in WEIGHTS:
        ranks = pessimistic_rank(added(network, counts, weight), targets, sent)
        values.append(float(case_values(ranks, network.shape[1])[CHOOSING].mean()))
    best = int(np.argmax(values))
    return WEIGHTS[best], values[best]


def _calibrated(method: RunMethod, cases: Cases, n_items: int) -> RunMethod:
    """With the temperatures that make the validation cases' targets likeliest."""
    chosen = sample(len(cases), n_items)
    targets = cases.targets[chosen]
    unprompted = fit_temperature(scores_of(method.scorer(cases, False), chosen), targets)
    prompted = unprompted
    if method.reads_prompt:
        prompted = fit_temperature(scores_of(method.scorer(cases, True), chosen), targets)
    return replace(method, temperature=ByPrompt(unprompted, prompted))
