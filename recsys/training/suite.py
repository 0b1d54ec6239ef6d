"""The table that every run ends with: the method prompted and unprompted, popularity and chance beside it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from recsys.baselines.interactions import Interactions
from recsys.baselines.matrices import training_matrix
from recsys.baselines.popularity import PopularityScorer
from recsys.baselines.random import RandomScorer
from recsys.columns import ELAPSED_DAYS
from recsys.errors import DataError
from recsys.evaluation.beyond import Lists, describe, sender_units
from recsys.evaluation.calibration import reliability
from recsys.evaluation.evaluate import evaluate, protocol
from recsys.evaluation.membership import Membership, by_climber, losses, membership
from recsys.evaluation.scorer import Scorer
from recsys.sequences.cases import Cases
from recsys.sequences.prepare import Prepared
from recsys.training.allocator import freed_memory_held
from recsys.training.answer import RunMethod
from recsys.training.prepare import MEMBER_CASES


def evaluate_run(
    method: RunMethod,
    prepared: Prepared,
    length: int,
    exclude_seen: bool,
    seed: int,
    part: str = "test",
    said: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Evaluate a method and the baselines on one part: metrics.json without its seconds.

    Parameters
    ----------
    method:
        As trained, or as kept (`recsys.training.kept.load_method`).
    prepared:
        Sequences, parts and catalogue of the run.
    length:
        Sends in a window, the target included.
    exclude_seen:
        Leave out climbs that the climber sent before; the protocol states it.
    seed:
        Of the bootstrap and of the random baseline.
    part:
        "test", or "validation".
    said:
        What else the protocol is to say: `recsys.training.prepare.described` of the run's configuration.
    """
    cases = Cases.of(prepared.sequences, prepared.parts, part)
    if not len(cases):
        raise DataError(
            f"the {part} part has no send with a history", remedy="use more sends or another split"
        )
    own = {"prompted": method.scorer(cases, True)} if method.reads_prompt else {}
    own["unprompted"] = method.scorer(cases, False)
    dated = method.reads_prompt and ELAPSED_DAYS in prepared.sequences.features
    sent = prepared.popularity
    scorers: dict[str, Scorer] = {
        **own,
        **({"dated": method.scorer(cases, frozenset([ELAPSED_DAYS]))} if dated else {}),
        "popularity": PopularityScorer(sent),
        "random": RandomScorer(prepared.n_items, seed),
    }
    seen = cases.seen if exclude_seen else None
    facts = {
        "climbers": len(np.unique(cases.climbers)),
        "targets_not_in_catalogue": int((cases.targets < 0).sum()),
        "targets_sent_before": cases.repeats(),
        "prompt": "read" if method.reads_prompt else "not read: the ranking is the same with and without it",
        **(
            {"now": "the target's date where it is given (prompted, dated), else the last send's"}
            if dated
            else {}
        ),
        "window": length,
        "seed": seed,
        **({"cases": f"evenly spaced, {prepared.asked[part]} at the most"} if prepared.asked else {}),
    }
    metrics: dict[str, Any] = {
        "split": part,
        "n_cases": len(cases),
        "n_items": prepared.n_items,
        "protocol": {**protocol(exclude_seen), **said, **facts},
    }
    found, lists = {}, {}
    with freed_memory_held():
        for name, scorer in scorers.items():
            lists[name] = Lists()
            result = evaluate(
                scorer, cases.targets, cases.climbers, seen, prepared.n_items, seed=seed, lists=lists[name]
            )
            found[name] = result.to_json()
    # Of a method that reads no prompt the same row stands for both: asked either way, it answers alike.
    metrics |= {"prompted": found["unprompted"], **found}
    streamed = prepared.shards is not None
    units = None if streamed else sender_units(training_matrix(Interactions.of(prepared)))
    metrics["lists"] = {name: describe(each.items, sent, units) for name, each in lists.items()}
    metrics["calibration"] = {"temperature": method.temperature._asdict()} | {
        name: reliability(scorer, getattr(method.temperature, name), cases.targets, seen, prepared.n_items)
        for name, scorer in own.items()
    }
    exposed = _membership(method, prepared, cases, said, seed)
    if exposed is not None:
        metrics["membership"] = exposed.to_json()
    return metrics


def _membership(
    method: RunMethod, prepared: Prepared, cases: Cases, said: Mapping[str, Any], seed: int
) -> Membership | None:
    """Whether losses tell climbers trained on from those of `cases`; None where they are the same ones."""
    if said.get("split_by") != "climber":
        return None
    trained = Cases.of(prepared.sequences, prepared.parts, "train", MEMBER_CASES)
    members, others = (
        by_climber(losses(method.scorer(some, False), some.targets), some.climbers)
        for some in (trained, cases)
    )
    return membership(members, others, seed)
