"""What a climb is worth beside its usual grade: the votes of those who logged it, and who they were.

A climb's difficulty is its usual grade and a deviation. The mean of the grades logged for it is one sign of
that deviation; it is drawn towards none by how far the means of climbs differ for lack of votes alone
(empirical Bayes; Efron & Morris 1975, doi:10.2307/2285814). The ability of its senders, beside that of the
senders of other climbs of the grade, is a second sign, and counts as much as it foretells the first over all
climbs, which can be nothing. Where a site fills in the mean of the former grades, votes are timid, and the
deviation is a lower bound.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from recsys.arrays import Array

FEWEST: Final = 50  # climbs below which senders say nothing
CERTAIN: Final = 2.0  # standard errors that the senders' coefficient has to be away from zero


class Difficulty(NamedTuple):
    """Difficulty of climbs and its deviation, as ordinals, float64 [n_climbs] each; NaN where no grade is."""

    value: Array
    deviation: Array


def difficulty(climbs: Array, logged: Array, usual: Array, senders: Array | None = None) -> Difficulty:
    """Difficulty of each climb.

    Parameters
    ----------
    climbs, logged:
        Of each training send: index of the climb, and the ordinal logged (NaN = none), [n_sends].
    usual:
        Ordinal of each climb's usual grade, float64 [n_climbs].
    senders:
        Of each send: ability of the climber less the usual grade, in steps (NaN = not known), or None.
    """
    away = logged - usual[climbs]
    real = np.isfinite(away) & (np.abs(away) <= 3)
    n, mean = _means(climbs[real], away[real], len(usual))
    within = float(np.var(away[real] - mean[climbs[real]])) if real.any() else 0.0
    noise = within / np.maximum(n, 1)
    several = n >= 2
    between = max(float(np.var(mean[several]) - noise[several].mean()), 1e-4) if several.sum() > 1 else 1e-4
    prior = np.zeros(len(usual))
    if senders is not None:
        prior = _by_senders(climbs, senders, usual, mean, n)
    trust = between / (between + noise + 1e-9) * (n > 0)
    value = usual + prior + trust * (mean - prior)
    deviation = np.sqrt(np.where(n > 0, between * (1 - trust), between))
    return Difficulty(value, np.where(np.isfinite(value), deviation, np.nan))


def _by_senders(climbs: Array, senders: Array, usual: Array, mean: Array, n: Array) -> Array:
    """Deviation that the senders' ability foretells, float64 [n_climbs]; zeros where it foretells none."""
    real = np.isfinite(senders)
    counts, strength = _means(climbs[real], senders[real], len(usual))
    good = (counts >= 3) & (n >= 3) & np.isfinite(usual)
    if good.sum() < FEWEST:
        return np.zeros(len(usual))
    grade = np.where(np.isfinite(usual), np.rint(usual), 0).astype(np.int64)
    grade = grade - grade.min()
    level = _means(grade[good], strength[good], int(grade.max()) + 1)[1]
    x = np.where(counts >= 3, strength - level[grade], 0.0)
    x, y = np.clip(x, -3, 3), mean
    slope = float((x * y)[good].sum() / max((x[good] ** 2).sum(), 1e-9))
    error = float(np.std(y[good] - slope * x[good]) / np.sqrt(max((x[good] ** 2).sum(), 1e-9)))
    return slope * x if slope > CERTAIN * error else np.zeros(len(usual))


def _means(groups: Array, values: Array, n: int) -> tuple[Array, Array]:
    counts = np.bincount(groups, minlength=n)
    sums = np.bincount(groups, weights=values, minlength=n)
    return counts, sums / np.maximum(counts, 1)
