"""Whether a model gives away whom it was trained on: the loss-threshold attack of Yeom et al. (CSF 2018).

The attack predicts membership in the training set from the loss: the lower a climber's mean cross-entropy,
the likelier a member. From the paper it differs in that the unit is a climber, with the mean over all cases,
and that the ROC AUC stands for all thresholds; 0.5 is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import log_sum_exp
from recsys.evaluation.bootstrap import RESAMPLES
from recsys.evaluation.scorer import Scorer

FEWEST: Final = 3
"""Climbers of either kind."""
_BATCH: Final = 256


@dataclass(frozen=True)
class Membership:
    """The attack's AUC, its 95% bootstrap interval over climbers, and how many climbers of each kind."""

    auc: float
    low: float
    high: float
    members: int
    others: int

    def to_json(self) -> dict[str, Any]:
        """As metrics.json holds it."""
        return {
            "auc": self.auc,
            "ci95": [self.low, self.high],
            "members": self.members,
            "others": self.others,
        }


def losses(scorer: Scorer, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Negative log share of each case's target under a softmax, float64 [n]; NaN outside the catalogue."""
    found = np.full(len(targets), np.nan)
    for start in range(0, len(targets), _BATCH):
        cases = np.arange(start, min(start + _BATCH, len(targets)))
        scores = np.asarray(scorer.scores(cases), dtype=np.float64)
        index = np.maximum(targets[cases], 0)
        found[cases] = log_sum_exp(scores)[:, 0] - scores[np.arange(len(cases)), index]
    return np.where(targets < 0, np.nan, found)


def by_climber(values: NDArray[np.float64], climbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of each climber's values, NaN left out, float64 [n_climbers with a value]."""
    known = ~np.isnan(values)
    _, index = np.unique(climbers[known], return_inverse=True)
    return np.asarray(np.bincount(index, values[known]) / np.bincount(index))


def membership(members: NDArray[np.float64], others: NDArray[np.float64], seed: int = 0) -> Membership | None:
    """The attack on mean losses of climbers who were trained on [n], and who were not [m].

    None where either are fewer than `FEWEST`.
    """
    if min(len(members), len(others)) < FEWEST:
        return None
    draw = np.random.default_rng(seed)
    found = [
        auc(draw.choice(members, len(members)), draw.choice(others, len(others))) for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(found, (2.5, 97.5))
    return Membership(auc(members, others), float(low), float(high), len(members), len(others))


def auc(members: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Chance that a member's loss, [n], is lower than another's, [m], ties half (Mann and Whitney 1947)."""
    ordered = np.sort(others)
    above = len(ordered) - np.searchsorted(ordered, members, "right")
    ties = np.searchsorted(ordered, members, "right") - np.searchsorted(ordered, members, "left")
    return float((above + ties / 2).sum() / (len(members) * len(others)))
