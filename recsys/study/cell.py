"""One cell of a study: a row and a seed, fitted on training, chosen on validation, read once on test.

Every method goes through the same sends, split, windows and evaluator as the main model.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.baselines.rows import Row
from recsys.evaluation.beyond import Lists
from recsys.study.material import Material
from recsys.study.store import Outcome
from recsys.study.summary import AS_PAPER, LISTS, PROMPTED, UNPROMPTED
from recsys.training.methods import fit_method

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.model.network import Network


def run_cell(material: Material, row: Row, seed: int) -> Outcome:
    """Fit a row with a seed and rank the targets of all parts."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="recsys-cell-") as folder:
        run = material.config.as_run(row)
        fitted = fit_method(row, material.interactions, material.schema, run, seed, Path(folder))
    facts = {**fitted.facts, "seconds": time.perf_counter() - began, LISTS: {}}
    ranks = {}
    for prompted in (False, True) if fitted.method.prompted else (False,):
        how = PROMPTED if prompted else UNPROMPTED
        for part, cases in material.cases.items():
            lists = Lists() if part == "test" else None
            scorer = fitted.scorer(cases, prompted)
            ranks[f"{part}-{how}"] = material.evaluate(scorer, cases, lists=lists).ranks
            if lists is not None:
                facts[LISTS][how] = material.describe(lists)
        cases = material.cases["test"]
        scorer = fitted.scorer(cases, prompted)
        ranks[f"{AS_PAPER}-{how}"] = material.evaluate(scorer, cases, all_climbs=True).ranks
    if fitted.method.sequential:
        for name, shuffled in material.shuffled.items():
            ranks[f"test-{name}"] = material.evaluate(fitted.scorer(shuffled, False), shuffled).ranks
    return Outcome(ranks, facts, _embeddings(fitted.network))


def _embeddings(network: Network | None) -> Array | None:
    """The climbs' embeddings of the transformer, which the report draws a map of."""
    if network is None:
        return None
    from recsys.model.prompted_transformer import PromptedTransformer, item_embeddings

    return item_embeddings(network) if isinstance(network, PromptedTransformer) else None
