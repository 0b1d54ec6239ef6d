"""How sure a result is: a bootstrap over climbers, a paired comparison, and Holm's correction.

One climber's cases resemble each other, so climbers are resampled, not cases (the cluster bootstrap). The
statistic stays the mean over cases, which under resampling is a ratio of two sums over the drawn climbers.
Intervals are percentile intervals (Efron & Tibshirani 1993, chapter 13).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 1000
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
    means = np.stack(list(_resampled_means(sums, counts, resamples, seed)))  # [resamples, M]
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

    The p value inverts the percentile interval: twice the smaller share of resampled differences on either
    side of zero, with one added to both counts so that it is never 0 (Davison & Hinkley 1997, section 4.2).
    Its least value is 2 / (resamples + 1); with one climber it is None.
    """
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    sums, counts = _by_climber({"difference": difference}, climbers)
    value = float(difference.mean())
    if len(counts) < 2:
        return Difference(value, None, None, None)
    drawn = np.concatenate(list(_resampled_means(sums, counts, resamples, seed)))  # [resamples]
    low, high = np.quantile(drawn, [0.025, 0.975])
    side = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    return Difference(value, float(low), float(high), min(1.0, 2 * (side + 1) / (resamples + 1)))


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


def _resampled_means(
    sums: NDArray[np.float64], counts: NDArray[np.float64], resamples: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Means [M] over the cases of C climbers drawn with replacement; holds one resample [C] at a time."""
    generator, n_climbers = np.random.default_rng(seed), len(counts)
    for _ in range(resamples):
        drawn = generator.integers(0, n_climbers, n_climbers)
        times = np.bincount(drawn, minlength=n_climbers).astype(np.float64)
        yield (times @ sums) / (times @ counts)
