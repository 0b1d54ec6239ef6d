"""The one evaluator, for validation and for test, for models and for baselines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.evaluation.beyond import Lists
from recsys.evaluation.bootstrap import RESAMPLES, Interval, intervals
from recsys.evaluation.metrics import METRICS, case_values, pessimistic_rank
from recsys.evaluation.scorer import Scorer, Seen, excluded


@dataclass(frozen=True, eq=False)
class Result:
    """One scorer's result on N cases.

    `ranks` is [N] (n_items + 1 is a miss), `values` {metric: mean over cases}, `ci95` {metric: (low,
    high)}, where the bounds are None when all cases are one climber's.
    """

    ranks: NDArray[np.int64]
    values: dict[str, float]
    ci95: dict[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """One block of metrics.json, in the contract's order, with `ci95` last."""
        block: dict[str, Any] = {name: self.values[name] for name in METRICS}
        return {**block, "ci95": {name: list(self.ci95[name]) for name in METRICS}}


def protocol(exclude_seen: bool) -> dict[str, Any]:
    """The `protocol` entry of metrics.json for what `evaluate` does; add the split's own facts to it."""
    return {
        "ranking": "full catalogue",
        "ties": "against the target",
        "exclude_seen": exclude_seen,
        "ci95": f"percentile bootstrap over climbers, {RESAMPLES} resamples",
    }


def evaluate(
    scorer: Scorer,
    targets: NDArray[np.integer[Any]],
    climbers: NDArray[Any],
    seen: Seen | None,
    n_items: int,
    batch_size: int = 512,
    seed: int = 0,
    lists: Lists | None = None,
) -> Result:
    """Rank every case's target in the full catalogue and average the metrics.

    Parameters
    ----------
    scorer:
        Gives [B, I] scores for B case indices. One batch of scores is held at a time.
    targets:
        [N] item indices in 0..I-1; -1 is an item outside the catalogue and always a miss.
    climbers:
        [N] whose case it is, for the bootstrap; integers or strings.
    seen:
        Gives the items of each case's history, which are then no candidates (a repeated target is a miss),
        or None to keep them. An item of -1 is ignored.
    n_items, batch_size, seed:
        I; cases scored at once; seed of the bootstrap.
    lists:
        Where what is named first is gathered; None: nowhere.
    """
    _check(targets, climbers, n_items)
    every = np.arange(len(targets), dtype=np.int64)
    ranks = ranks_of(scorer, every, targets, seen, n_items, batch_size, lists)
    return from_ranks(ranks, climbers, n_items, seed)


def ranks_of(
    scorer: Scorer,
    cases: NDArray[np.int64],
    targets: NDArray[np.integer[Any]],
    seen: Seen | None,
    n_items: int,
    batch_size: int = 512,
    lists: Lists | None = None,
) -> NDArray[np.int64]:
    """Ranks of some of the cases, [len(cases)]; the rest as in `evaluate`, `targets` [N] of all of them."""
    ranks = np.empty(len(cases), dtype=np.int64)
    for start in range(0, len(cases), batch_size):
        batch = cases[start : start + batch_size]
        ranks[start : start + batch_size] = _rank_batch(scorer, batch, targets[batch], seen, n_items, lists)
    return ranks


def from_ranks(ranks: NDArray[np.int64], climbers: NDArray[Any], n_items: int, seed: int = 0) -> Result:
    """The result for ranks [N] that are known already, for instance of a subset (a stratum) of the cases."""
    values = _values(ranks, n_items)
    return Result(ranks, _means(values), intervals(values, climbers, seed=seed))


def means_of(ranks: NDArray[np.int64], n_items: int) -> dict[str, float]:
    """The metrics of ranks [N] by name; no intervals, whose resamples take as long as scoring a small log."""
    return _means(_values(ranks, n_items))


def _values(ranks: NDArray[np.int64], n_items: int) -> dict[str, NDArray[np.float64]]:
    """The metrics of each case, [N]; there has to be one."""
    if not len(ranks):
        raise DataError("has no cases to evaluate", remedy="use more climbers or another split")
    return case_values(ranks, n_items)


def _means(values: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    return {name: float(column.mean()) for name, column in values.items()}


def _rank_batch(
    scorer: Scorer,
    cases: NDArray[np.int64],
    targets: NDArray[np.integer[Any]],
    seen: Seen | None,
    n_items: int,
    lists: Lists | None,
) -> NDArray[np.int64]:
    scores = np.asarray(scorer.scores(cases))  # [B, I]
    if scores.shape != (len(cases), n_items):
        raise ValueError(f"{type(scorer).__name__} gave scores {scores.shape}, not {(len(cases), n_items)}")
    sent = excluded(seen, cases, n_items)
    if lists is not None:
        lists.add(scores, sent)
    return pessimistic_rank(scores, targets, sent)


def _check(targets: NDArray[np.integer[Any]], climbers: NDArray[Any], n_items: int) -> None:
    if not len(targets):
        raise DataError("has no cases to evaluate", remedy="use more climbers or another split")
    if len(targets) != len(climbers):
        raise DataError(f"has {len(targets)} targets but {len(climbers)} climbers", remedy="give one a case")
    outside = np.flatnonzero((targets < -1) | (targets >= n_items))
    if len(outside):
        row = int(outside[0])
        problem = f"the target is outside the catalogue of {n_items} items"
        raise DataError(problem, row=row + 1, value=int(targets[row]), remedy="run the workflow again")
