"""How sure a study is: a bootstrap over seeds and climbers at once.

A cell of a table is a mean over seeds and cases. Both are samples: other seeds would train other weights,
other climbers would give other cases. Seeds and climbers are therefore resampled together, crossed (the
pigeonhole bootstrap: Owen, Annals of Applied Statistics 2007), with the same climbers drawn for every row,
so that rows are compared pair by pair. Seeds of two rows have nothing in common and are drawn apart.
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.bootstrap import holm, resampled_means, two_sided
from recsys.study.summary import Comparison, Estimate

RESAMPLES: Final = 10_000

Values = NDArray[np.float64]
K = TypeVar("K", bound=Hashable)


class Resamples:
    """Resampled means of any number of rows over the same cases.

    Parameters
    ----------
    climbers:
        Whose case each is, [N].
    resamples, seed:
        How many, and the seed of the draws.
    outcomes:
        Row to the name of its outcome: rows that share one are drawn alike. Others have one of their own.
    """

    def __init__(
        self,
        climbers: NDArray[Any],
        resamples: int = RESAMPLES,
        seed: int = 0,
        outcomes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        ids, self._cluster = np.unique(climbers, return_inverse=True)
        self._counts = np.bincount(self._cluster).astype(np.float64)  # [C]
        self.n_climbers, self.resamples, self.seed, self.outcomes = len(ids), resamples, seed, outcomes

    def means(self, rows: dict[str, Values], cases: NDArray[np.bool_] | None = None) -> dict[str, Values]:
        """Resampled means, [resamples], of each row's values [S, N]: S seeds, N cases.

        Parameters
        ----------
        rows:
            Name of a row to its values. The name decides which seeds are drawn for it.
        cases:
            [N], the cases that count (a stratum), or None for all. A resample without any is NaN.
        """
        if not rows:
            return {}
        kept = np.ones(len(self._cluster)) if cases is None else cases.astype(np.float64)
        sums = [self._by_climber(each * kept) for values in rows.values() for each in values]
        stacked = np.stack(sums, axis=1)
        per_seed = resampled_means(stacked, self._by_climber(kept), self.resamples, self.seed)  # by all seeds
        drawn, start = {}, 0
        for name, values in rows.items():
            own = per_seed[:, start : start + len(values)]
            drawn_as = self.outcomes.get(name, name)
            generator = np.random.default_rng([self.seed, zlib.crc32(drawn_as.encode())])
            picks = generator.integers(0, len(values), own.shape)
            drawn[name] = np.take_along_axis(own, picks, axis=1).mean(axis=1)
            start += len(values)
        return drawn

    def _by_climber(self, values: Values) -> Values:
        """Sum of values [N] for each climber, [C]."""
        sums = np.bincount(self._cluster, weights=values, minlength=self.n_climbers)
        return np.asarray(sums, dtype=np.float64)


def estimate(value: float, drawn: Values, n_climbers: int) -> Estimate:
    """A value with the percentile interval of its resampled means; one climber gives no interval."""
    known = drawn[np.isfinite(drawn)]
    if n_climbers < 2 or not len(known):
        return Estimate(value)
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(value, float(low), float(high))


def compare(
    values: Mapping[K, float], drawn: Mapping[K, Values], pairs: Sequence[tuple[K, K]], n_climbers: int
) -> list[Comparison]:
    """The first row of each pair less the second, with p values and Holm's correction for all the pairs.

    Parameters
    ----------
    values, drawn:
        Each row's mean, and its resampled means.
    pairs:
        Their keys, by two.
    n_climbers:
        With fewer than two there are no p values.
    """
    differences = [drawn[a] - drawn[b] for a, b in pairs]
    estimates = [
        estimate(values[a] - values[b], each, n_climbers)
        for (a, b), each in zip(pairs, differences, strict=True)
    ]
    if n_climbers < 2:
        return [Comparison(each, None, None) for each in estimates]
    p_values = {str(index): two_sided(each) for index, each in enumerate(differences)}
    corrected = holm(p_values)
    return [
        Comparison(each, p_values[str(index)], corrected[str(index)]) for index, each in enumerate(estimates)
    ]
