"""What had been written of a climb by the day before a send: which state of its pooled texts that was.

A climb has a state for each day on which somebody wrote of it: the pool of all texts up to and including that
day (`recsys.sequences.texts` makes them, of training sends alone). A send on a day reads the last state of an
earlier day, so that neither its own text nor a later one is in it. States are numbered from 1 through all
climbs; 0 is "nothing written yet", for padding and climbs out of vocabulary too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.recommending.fields import Fields

_SPAN: Final = 1 << 32  # more days than any calendar has
_FARTHEST: Final = 1 << 30  # days from the epoch, either way


@dataclass(frozen=True, eq=False)
class TextStates:
    """The days of the states, climb by climb.

    Attributes
    ----------
    offsets:
        States of id i are ``offsets[i]`` to ``offsets[i + 1]``, int64 [n_ids + 1]; higher ids have none.
    days:
        Day of each state, whole days since the Unix epoch, rising within a climb, int64 [n_states].
    """

    offsets: Array
    days: Array

    def __len__(self) -> int:
        """Number of states."""
        return len(self.days)

    def ids(self, climbs: Array, days: Array) -> Array:
        """The state that a send reads, int64 [n].

        Parameters
        ----------
        climbs:
            Ids of the climbs sent, [n].
        days:
            When, days since the epoch, float64 [n]; NaN, not known, reads the last state.
        """
        climbs = np.asarray(climbs, np.int64)
        day = np.clip(np.where(np.isnan(days), _FARTHEST, np.floor(days)), -_FARTHEST, _FARTHEST)
        found = np.searchsorted(self._keys, _key(climbs, day.astype(np.int64)), side="left")
        first = self.offsets[np.minimum(climbs, len(self.offsets) - 1)]
        return np.where(found > first, found, 0).astype(np.int64)

    @cached_property
    def _keys(self) -> Array:
        """Climb and day of each state as one number, rising."""
        return _key(np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets)), self.days)

    def to_json(self) -> dict[str, list[int]]:
        """As features.json holds it."""
        return {"offsets": self.offsets.tolist(), "days": self.days.tolist()}

    @classmethod
    def read(cls, fields: Fields, n_ids: int) -> TextStates:
        """From features.json, for `n_ids` ids; a `RunError` where it is not what it can be."""
        days = fields.numbers("days", None, -_FARTHEST, _FARTHEST)
        offsets = fields.numbers("offsets", None, 0, len(days))
        whole = all(type(each) is int for each in (*offsets, *days))
        rising = all(low <= high for low, high in pairwise(offsets))
        if (
            not whole
            or not rising
            or not 1 <= len(offsets) <= n_ids + 1
            or (offsets[0], offsets[-1]) != (0, len(days))
        ):
            fields.refuse("offsets", f"do not part {len(days)} days among the climbs")
        found = cls(np.array(offsets, np.int64), np.array(days, np.int64))
        if (np.diff(found._keys) <= 0).any():
            fields.refuse("days", "do not rise within a climb")
        return found


def _key(climbs: Array, days: Array) -> Array:
    found: Array = climbs * _SPAN + days
    return found
