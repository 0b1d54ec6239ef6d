"""How far the distribution of new sends lies from that of training."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from recsys.arrays import Array

_SMALL: Final = 0.5  # added to every count, so that an empty bin is no infinity


@dataclass(frozen=True)
class Drift:
    """Distance of one column.

    Attributes
    ----------
    column:
        Its name.
    psi:
        Population stability index: 0 for the same, above .1 some, above .25 much (the usual reading).
    by_chance:
        What the index comes to, on average, between two samples of these sizes of one distribution.
    js:
        Jensen-Shannon distance, base 2: 0 to 1.
    bins:
        Value, share in training, share in the new sends; the largest in training first.
    """

    column: str
    psi: float
    by_chance: float
    js: float
    bins: tuple[tuple[str, float, float], ...]

    def to_json(self) -> dict[str, Any]:
        """The fields, as they are."""
        return {**self.__dict__, "bins": [list(each) for each in self.bins]}


def drift(column: str, before: Iterable[Hashable], now: Iterable[Hashable]) -> Drift:
    """Compare two columns of values; None and NaN count as a value of their own, "not logged"."""
    old, new = [_name(each) for each in before], [_name(each) for each in now]
    values = _by_count(old, new)
    index = {value: at for at, value in enumerate(values)}
    counts = [np.bincount([index[each] for each in side], minlength=len(values)) for side in (old, new)]
    psi, js = distances(*counts)
    chance = (len(values) - 1) * (1 / max(len(old), 1) + 1 / max(len(new), 1))
    shares = [each / max(each.sum(), 1) for each in counts]
    bins = tuple((value, float(a), float(b)) for value, a, b in zip(values, *shares, strict=True))
    return Drift(column, psi, float(chance), js, bins)


def distances(before: Array, now: Array) -> tuple[float, float]:
    """Population stability index and Jensen-Shannon distance of two arrays of counts, [n_bins] each."""
    p, q = ((each + _SMALL) / (each + _SMALL).sum() for each in (before, now))
    middle = (p + q) / 2
    divergence = (p * np.log2(p / middle)).sum() / 2 + (q * np.log2(q / middle)).sum() / 2
    return float(((q - p) * np.log(q / p)).sum()), float(np.sqrt(max(divergence, 0.0)))


def _by_count(old: list[str], new: list[str]) -> list[str]:
    values, counts = np.unique(np.array(old, dtype=object).astype(str), return_counts=True)
    known = [str(values[at]) for at in np.argsort(-counts, kind="stable")]
    return known + sorted(set(new) - set(known))


def _name(value: Hashable) -> str:
    return "not logged" if value is None or value != value else str(value)
