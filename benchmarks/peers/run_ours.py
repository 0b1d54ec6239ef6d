"""The project's own rows, in the project's environment: trained as `train.py` does, asked as a peer is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from exchange import Given, measured, top_of, version

KINDS = ("unprompted", "prompted")


def run(given: Given) -> tuple[np.ndarray, dict[str, object]]:
    """Fit one of the project's rows on what `data` prepared; its lists of the unprompted test cases."""
    import torch

    from recsys.baselines.rows import COUNTING
    from recsys.runs import Run
    from recsys.sequences.cases import Cases
    from recsys.training.answer import fit_run
    from recsys.training.prepare import reopen_run
    from recsys.training.resolve import configured
    from recsys.training.settle import knows_days, settled

    torch.set_num_threads(1)
    prepared, was = reopen_run(Run(given.folder / "run"))
    data = {
        name: getattr(was, name)
        for name in ("data", "split", "validation_climbers", "min_sends", "schema_name")
    }
    spoken = {"schema" if name == "schema_name" else name: value for name, value in data.items()}
    config, _ = configured({**spoken, "validation_cases": len(given.validation), **given.settings})
    config = config.model_copy(update={"facts": {**was.facts, **config.facts}})
    config = settled(config, int((prepared.parts == 0).sum()), prepared.n_items, knows_days(prepared.schema))
    spent = time.process_time()
    method = fit_run(prepared, config, given.out, resume=False)
    cpu = round(time.process_time() - spent, 1)
    cases = Cases.of(prepared.sequences, prepared.parts, "test")
    scorer = method.scorer(cases, False)
    lists = top_of(lambda some: np.array(scorer.scores(some)), given.test)
    facts: dict[str, Any] = {k: v for k, v in (method.facts or {}).items() if k != "batch_size"}
    facts = {"fitted": facts, "cpu": cpu, "parameters": facts.get("parameters")}
    if config.method not in COUNTING:
        chosen = Cases.of(prepared.sequences, prepared.parts, "validation", most=len(given.validation))
        assert (chosen.targets == given.validation.targets).all(), "the cases are not those of the peers"
        whole = method.scorer(chosen, False)
        ranked = top_of(lambda some: np.array(whole.scores(some)), given.validation, 20)
        last = {k: round(v, 4) for k, v in measured(ranked, given.validation.targets).items()}
        points = curve(given.out)
        # The last again, with its partner where it has one.
        facts["curve"] = [*points, {"epoch": points[-1]["epoch"], "cpu": cpu, **last}]
    return lists, {**facts, "seen_left_out_by": "us", "versions": version("torch", "numpy")}


def curve(folder: Path) -> list[dict[str, float]]:
    """The training's own log of its epochs; of several networks that of the first."""
    from recsys.training.curve import learning_curve

    log = learning_curve(folder)
    log = log[log["network"] == 1].assign(epoch=log["epoch"] - 1)
    names = {"validation_unprompted_recall@10": "recall@10", "validation_unprompted_mrr@20": "mrr@20"}
    log = log.dropna(subset=list(names))[["epoch", *names]].rename(columns=names)
    return [{k: round(float(v), 4) for k, v in row.items()} for row in log.to_dict("records")]
