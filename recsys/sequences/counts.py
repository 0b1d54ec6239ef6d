"""How often each climb was sent, and with which attributes: what a network reads of sends it need not hold.

Counts of several parts of the sends are added up, so that they are had without all sends in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from recsys.arrays import Array
from recsys.columns import BIN, CLIMB, GRADE, NULL_ID, RATING, REGION

if TYPE_CHECKING:
    from recsys.sequences.store import Sequences

SIDES: Final = (REGION, GRADE + BIN, RATING + BIN)  # attributes that say something of a climb, not of a send
_WIDEST: Final = 1 << 32  # more than an attribute has ids


@dataclass(frozen=True, eq=False)
class Counts:
    """Of some sends.

    Attributes
    ----------
    climbs:
        Sends of each id, int64 [n_ids], or fewer where the last ids have none.
    sides:
        Of an attribute, the pairs of climb and value that were logged, in order, with the sends of each:
        int64 [n_pairs, 3].
    """

    climbs: Array
    sides: Mapping[str, Array]

    @classmethod
    def of(cls, sequences: Sequences, sends: Array) -> Counts:
        """Of the sends with these indexes, int64 [n]."""
        ids = sequences.features[CLIMB][sends].astype(np.int64)
        there = [name for name in SIDES if name in sequences.features]
        sides = {name: _pairs(ids, sequences.features[name][sends].astype(np.int64)) for name in there}
        return cls(np.bincount(ids), sides)

    def __add__(self, other: Counts) -> Counts:
        """Of both."""
        longer, shorter = sorted((self.climbs, other.climbs), key=len, reverse=True)
        climbs = longer.copy()
        climbs[: len(shorter)] += shorter
        sides = {name: _added(each, other.sides[name]) for name, each in self.sides.items()}
        return Counts(climbs, sides)

    def __len__(self) -> int:
        """Number of sends."""
        return int(self.climbs.sum())

    def by_id(self, n_ids: int) -> Array:
        """Sends of each of so many ids, int64 [n_ids]."""
        return np.pad(self.climbs, (0, n_ids - len(self.climbs)))

    def usual(self, side: str, n_ids: int) -> Array:
        """The most frequent value of each climb, int64 [n_ids]; the smaller of equals, 0 where none was."""
        ids, values, sends = self.sides[side].T
        order = np.lexsort((-values, sends))  # the most frequent last, and of equals the smallest
        found = np.zeros(n_ids, dtype=np.int64)
        found[ids[order]] = values[order]
        return found


def _pairs(ids: Array, values: Array) -> Array:
    """Pairs of id and value with their number; values up to NULL_ID say that nothing was logged."""
    logged = values > NULL_ID
    keys, counts = np.unique(ids[logged] * _WIDEST + values[logged], return_counts=True)
    return np.stack([keys // _WIDEST, keys % _WIDEST, counts], axis=1)


def _added(one: Array, two: Array) -> Array:
    """Pairs of both."""
    ids, values, counts = np.concatenate([one, two]).T
    keys, which = np.unique(ids * _WIDEST + values, return_inverse=True)
    sums = np.bincount(which, counts, len(keys)).astype(np.int64)  # doubles add up such numbers exactly
    return np.stack([keys // _WIDEST, keys % _WIDEST, sums], axis=1)
