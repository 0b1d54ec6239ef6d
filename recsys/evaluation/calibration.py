"""Whether a probability means what it says: a temperature fitted on validation, and what it misses on test.

The temperature is the one that makes the targets likeliest under ``softmax(scores / temperature)`` (Guo et
al., ICML 2017). The expected calibration error is that of the climbs that would be shown, the first `SHOWN`
of each case: they are put into `BINS` bins of equally many by their probability, and it is the mean over the
bins of the distance between the mean probability and the share of targets (Naeini et al., AAAI 2015, with
bins of equal mass in place of equal width: nearly all probabilities are small).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from recsys.arrays import evenly, log_sum_exp, softmax
from recsys.evaluation.scorer import excluded

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.evaluation.scorer import Scorer, Seen

SHOWN: Final = 10
BINS: Final = 10
CASES: Final = 2_000  # that are read at the most, evenly spaced
_HELD: Final = 1 << 26  # scores that are held at once to fit a temperature
_BATCH: Final = 256


def sample(n_cases: int, n_items: int) -> Array:
    """The cases that weight and temperature are fitted on, int64 [n]."""
    return evenly(n_cases, min(CASES, max(64, _HELD // max(1, n_items))))


def scores_of(scorer: Scorer, cases: Array) -> Array:
    """Scores of some cases, float32 [n, n_items], asked for in batches."""
    parts = [scorer.scores(cases[start : start + _BATCH]) for start in range(0, len(cases), _BATCH)]
    return np.concatenate([np.asarray(part, dtype=np.float32) for part in parts])


def fit_temperature(scores: Array, targets: Array) -> float:
    """The temperature with the greatest likelihood; 1 where no target is in the catalogue.

    Parameters
    ----------
    scores:
        [n, n_items]; -inf is a climb that cannot come.
    targets:
        [n] items; -1 is not in the catalogue, and is left out, as is one that cannot come.
    """
    from scipy.optimize import minimize_scalar

    scores, targets = scores[targets >= 0], targets[targets >= 0]
    possible = np.isfinite(scores[np.arange(len(targets)), targets])
    scores, targets = scores[possible], targets[possible]
    spread = float(scores.std(1, where=np.isfinite(scores)).mean()) if len(scores) else 0.0
    if spread == 0:
        return 1.0
    shifted = scores - scores.max(1, keepdims=True)  # [n, n_items]
    at_target = shifted[np.arange(len(targets)), targets]

    def loss(log_inverse: float) -> float:
        inverse = np.float32(np.exp(log_inverse) / spread)
        return float((log_sum_exp(shifted * inverse)[:, 0] - inverse * at_target).mean())

    # The loss is convex in 1 / temperature, so that it has one valley on any scale.
    bounds = np.log(1e-3), np.log(1e2)
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return spread / float(np.exp(found.x))


def reliability(
    scorer: Scorer, temperature: float, targets: Array, seen: Seen | None, n_items: int
) -> dict[str, Any]:
    """How probable the climbs shown were said to be, and how often they were the next.

    Parameters
    ----------
    scorer, targets, seen, n_items:
        As for `recsys.evaluation.evaluate.evaluate`: climbs seen are not shown.
    temperature:
        By which scores are divided.

    Returns
    -------
    ``error`` (expected calibration error, a probability), ``cases``, ``shown`` of each, and ``bins``:
    ``said``, ``was`` and ``count`` of each.
    """
    chosen = sample(len(targets), n_items)
    said, was = [], []
    for start in range(0, len(chosen), _BATCH):
        cases = chosen[start : start + _BATCH]
        shares = softmax(np.asarray(scorer.scores(cases), dtype=np.float64) / temperature)
        sent = excluded(seen, cases, n_items)
        if sent is not None:
            shares[sent] = -1
        kept = min(SHOWN, n_items)
        top = np.argpartition(-shares, kept - 1, axis=1)[:, :kept]
        found = np.take_along_axis(shares, top, axis=1)
        hits = top == targets[cases][:, None]
        said.append(found[found >= 0])
        was.append(hits[found >= 0])
    return {**_binned(np.concatenate(said), np.concatenate(was)), "cases": len(chosen), "shown": SHOWN}


def _binned(said: Array, was: Array) -> dict[str, Any]:
    order = np.argsort(said, kind="stable")
    bins = [each for each in np.array_split(order, BINS) if len(each)]
    rows = [
        {"said": float(said[each].mean()), "was": float(was[each].mean()), "count": len(each)}
        for each in bins
    ]
    error = sum(row["count"] * abs(row["said"] - row["was"]) for row in rows) / max(1, len(said))
    return {"error": float(error), "bins": rows}
