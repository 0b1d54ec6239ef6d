"""How sure a result is: a bootstrap over climbers, a paired comparison, and Holm's correction.

One climber's cases resemble each other, so climbers are resampled, not cases (the cluster bootstrap). The
statistic stays the mean over cases, which under resampling is a ratio of two sums over the drawn climbers.
Intervals are percentile intervals (Efron & Tibshirani 1993, chapter 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 1000
_DRAWN: Final = 1 << 18  # climbers that are drawn at a time: what stays in a core's cache
Interval = tuple[float, float] | tuple[None, None]


@dataclass(frozen=True)
class Difference:
    """The mean of a - b over cases, its 95% interval, and a two-sided p value; None where unknown."""

    value: float
    low: float | None
    high: float | None
    p_value: float | None


def intervals(
    values: Mapping[str, NDArray[np.floating[Any]]],
    climbers: NDArray[Any],
    *,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Percentile interval of the mean over cases, for each named array of case values.

    Parameters
    ----------
    values:
        {name: [N]} the cases' values. All names see the same resamples.
    climbers:
        [N] cluster ids, integers or strings.
    resamples, level, seed:
        Number of resamples, coverage (0.95 is the 2.5th to the 97.5th percentile), seed of the generator.

    Returns
    -------
    {name: (low, high)}. One climber says nothing about how climbers differ: its bounds are (None, None).
    """
    sums, counts = _by_climber(values, climbers)
    if len(counts) < 2:
        return dict.fromkeys(values, (None, None))
    means = resampled_means(sums, counts, resamples, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {name: (float(low[i]), float(high[i])) for i, name in enumerate(values)}


def paired_difference(
    a: NDArray[np.floating[Any]],
    b: NDArray[np.floating[Any]],
    climbers: NDArray[Any],
    *,
    resamples: int = 10_000,
    seed: int = 0,
) -> Difference:
    """Compare two models on the same cases: a, b and climbers are [N].

    For benchmarks, which compare two; a study draws once for all its rows (`recsys.study.statistics`).

    The p value is `two_sided`'s; with one climber it is None.
    """
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    sums, counts = _by_climber({"difference": difference}, climbers)
    value = float(difference.mean())
    if len(counts) < 2:
        return Difference(value, None, None, None)
    drawn = resampled_means(sums, counts, resamples, seed)[:, 0]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Difference(value, float(low), float(high), two_sided(drawn))


def two_sided(drawn: NDArray[np.float64]) -> float:
    """The p value of resampled differences, [resamples], which inverts the percentile interval.

    Twice the smaller share of them on either side of zero, with one added to both counts so that it is never
    0 (Davison & Hinkley 1997, section 4.2). Its least value is 2 / (resamples + 1).
    """
    side = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    return min(1.0, 2 * (side + 1) / (len(drawn) + 1))


def resampled_means(
    sums: NDArray[np.float64], counts: NDArray[np.float64], resamples: int, seed: int
) -> NDArray[np.float64]:
    """Means over the cases of C climbers drawn with replacement, [resamples, M]; NaN where no case is drawn.

    Parameters
    ----------
    sums, counts:
        Of each climber's cases: sums of M values, [C, M], and how many there are, [C].
    resamples, seed:
        How many, and the seed of the draws.
    """
    generator, n_climbers, parts = np.random.default_rng(seed), len(counts), []
    chunk = max(1, _DRAWN // n_climbers)
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        drawn = generator.integers(0, n_climbers, (size, n_climbers))
        drawn += np.arange(size)[:, None] * n_climbers
        times = np.bincount(drawn.ravel(), minlength=size * n_climbers).reshape(size, -1).astype(np.float64)
        with np.errstate(invalid="ignore"):
            parts.append((times @ sums) / (times @ counts)[:, None])
    return np.concatenate(parts)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down adjusted p values (Scandinavian Journal of Statistics 1979), in the order given.

    >>> holm({"a": 0.04, "b": 0.01})
    {'a': 0.04, 'b': 0.02}
    """
    adjusted, largest = dict[str, float](), 0.0
    for index, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - index) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}


def _by_climber(
    values: Mapping[str, NDArray[np.floating[Any]]], climbers: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of the values [C, M] and numbers of cases [C], for each of the C climbers."""
    if not len(climbers) or any(len(column) != len(climbers) for column in values.values()):
        raise ValueError(f"every value needs one climber: got {len(climbers)} climbers")
    ids, cluster = np.unique(climbers, return_inverse=True)
    sums = [np.bincount(cluster, weights=column, minlength=len(ids)) for column in values.values()]
    return np.stack(sums, axis=1), np.bincount(cluster).astype(np.float64)
