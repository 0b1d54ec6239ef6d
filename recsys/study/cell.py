"""One cell of a study: a row and a seed, fitted on training, chosen on validation, read once on test.

Every method goes through the same sends, split, windows and evaluator as the main model.
"""

from __future__ import annotations

import functools
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.baselines.interactions import Fitted
from recsys.baselines.rows import Row
from recsys.study.material import Material
from recsys.study.store import Outcome
from recsys.study.summary import AS_PAPER, PROMPTED, UNPROMPTED

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.model.network import Network

SHUFFLED = "shuffled"
# Windows of a network that learns from every position of each, for one of a network that learns from some.
EVERY_POSITION = 0.5
CHOOSING = "mrr@20"  # what a setting is chosen by, on unprompted validation cases


def run_cell(material: Material, row: Row, seed: int) -> Outcome:
    """Fit a row with a seed and rank the targets of all parts."""
    method = row.load()
    began = time.perf_counter()
    if hasattr(method, "build"):
        network, facts = _train(material, method, seed)
        fitted, embeddings = _asked(network, material.config.length), _embeddings(network)
    else:
        fitted, facts = _choose(material, method, seed)
        embeddings = None
    facts["seconds"] = time.perf_counter() - began
    ranks = {}
    for asked in (False, True) if method.prompted else (False,):
        how = PROMPTED if asked else UNPROMPTED
        for part, cases in material.cases.items():
            ranks[f"{part}-{how}"] = material.evaluate(fitted(cases, asked), cases).ranks
        cases = material.cases["test"]
        ranks[f"{AS_PAPER}-{how}"] = material.evaluate(fitted(cases, asked), cases, all_climbs=True).ranks
    if method.sequential:
        shuffled = material.shuffled
        ranks[f"test-{SHUFFLED}"] = material.evaluate(fitted(shuffled, False), shuffled).ranks
    return Outcome(ranks, facts, embeddings)


def _choose(material: Material, method: Any, seed: int) -> tuple[Fitted, dict[str, Any]]:
    """Fit a counting method with each of its settings and keep the best on validation."""
    best: tuple[float, Fitted, Any] | None = None
    for settings in method.GRID:
        fitted = settings.fit(material.interactions, seed)
        cases = material.cases["validation"]
        score = material.evaluate(fitted(cases, False), cases).values[CHOOSING]
        if best is None or score > best[0]:
            best = (score, fitted, settings)
    assert best is not None, f"{method}: no settings to choose from"
    words = f"{best[2]}, the best of {len(method.GRID)}" if len(method.GRID) > 1 else str(best[2])
    parameters = best[2].parameters(material.interactions) if hasattr(best[2], "parameters") else 0
    return best[1], {"settings": words, "parameters": parameters}


def _train(material: Material, method: Any, seed: int) -> tuple[Network, dict[str, Any]]:
    """Train a network; the epoch is chosen on validation."""
    from recsys.training.fit import fit
    from recsys.training.module import NextClimb

    config, interactions = material.config, material.interactions
    training = config.training
    if method.every_position:
        training = training.model_copy(update={"windows": training.windows * EVERY_POSITION})
    module = NextClimb(
        functools.partial(method.build, material.schema, config.length),
        config.length,
        training,
        interactions.training,
        material.cases["validation"],
        interactions.n_items,
        config.run.exclude_seen,
        seed,
    )
    with tempfile.TemporaryDirectory(prefix="recsys-cell-") as folder:
        fitted = fit(module, training, Path(folder), resume=False)
    epochs = f"epoch {fitted['best_epoch']} of {fitted['epochs_trained']}"
    words = f"{epochs}, each of {training.windows:.0%} of all windows"
    parameters = sum(each.numel() for each in module.model.parameters() if each.requires_grad)
    return module.model, {"settings": words, "parameters": parameters}


def _asked(network: Network, length: int) -> Fitted:
    """A trained network as a scorer of cases."""
    from recsys.model.scorer import ModelScorer

    return lambda cases, prompted: ModelScorer(network, cases, length, prompted)


def _embeddings(network: Network) -> Array | None:
    """The climbs' embeddings of the transformer, which the report draws a map of."""
    from recsys.model.recommender import PromptedTransformer, item_embeddings

    return item_embeddings(network) if isinstance(network, PromptedTransformer) else None
