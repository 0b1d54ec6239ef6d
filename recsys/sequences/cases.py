"""Cases: the sends whose climb is to be named, and everything before them that may be used to name it.

Where a day is a set (`recsys.sequences.days`), that is everything before the target's day: the sends of the
day itself are neither read nor, being of unknown order, counted as seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.arrays import Array, evenly
from recsys.columns import CLIMB, FIRST_VALUE_ID
from recsys.sequences.split import TEST, TRAIN, VALIDATION
from recsys.sequences.store import ELAPSED, Sequences

PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True, eq=False)
class Cases:
    """Sends to predict, each with at least one send before it.

    Attributes
    ----------
    sends:
        Indexes into the sequences, int64 [n_cases].
    targets:
        Index of the target in the catalogue, int64 [n_cases]; -1 where the workflow had not seen the climb.
    climbers:
        Whose cases they are: index of the climber, int64 [n_cases].
    """

    sequences: Sequences
    sends: Array
    targets: Array
    climbers: Array

    @classmethod
    def of(cls, sequences: Sequences, parts: Array, part: str, most: int | None = None) -> Cases:
        """The cases of a part ("train", "validation" or "test").

        Parameters
        ----------
        sequences:
            The histories.
        parts:
            Part of each send, in the order of the sequences, int8 [n_sends].
        part:
            Which one.
        most:
            Keep so many at the most, evenly spaced; None keeps all.
        """
        sends = with_history(sequences, parts, part)
        if most is not None:
            sends = sends[evenly(len(sends), most)]
        return cls(sequences, sends, item_index(sequences.features[CLIMB][sends]), sequences.owner(sends))

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.sends)

    def seen(self, cases: Array) -> tuple[Array, Array]:
        """The climbs sent before: which of the cases given, and which climb of the catalogue, int64 [n]."""
        rows, ids = self.sequences.history(self.sends[cases], CLIMB)
        return rows, item_index(ids)

    def shuffled(self, seed: int, last: int | None = None) -> Cases:
        """The same cases, the sends before each target in a random order, features and all.

        What a method loses by it is what it owed to the order of the sends. Each case gets sequences of its
        own, so memory grows with the sum of the histories.

        Parameters
        ----------
        seed:
            Of the order.
        last:
            Shuffle only the last n sends; None shuffles the whole history, so that a window may then hold
            other sends.
        """
        owner = self.sequences.owner(self.sends)
        starts = self.sequences.offsets[owner]
        lengths = self.sequences.before(self.sends) - starts + 1
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        case = np.repeat(np.arange(len(self)), lengths)
        keys = np.random.default_rng(seed).random(int(offsets[-1]))
        if last is not None:
            from_end = np.repeat(offsets[1:], lengths) - 1 - np.arange(len(case))
            keys[from_end > last] = -1.0  # lexsort is stable: what lies before the window stays
        keys[offsets[1:] - 1] = 2.0  # the target stays last
        indices = np.arange(len(case)) - np.repeat(offsets[:-1] - starts, lengths)
        sends = indices[np.lexsort((keys, case))]
        features = {name: values[sends] for name, values in self.sequences.features.items()}
        sends[offsets[1:] - 1] = self.sends
        for name, values in self.sequences.features.items():
            if name not in ELAPSED:  # the days elapsed stay those from the history's last send
                features[name][offsets[1:] - 1] = values[self.sends]
        places = self.sequences.indices[indices]  # days stay as long as they are
        places[offsets[1:] - 1] = 0
        own = Sequences(
            offsets=offsets,
            climbers=self.sequences.climbers[owner],
            climber_ids=self.sequences.climber_ids[owner],
            features=features,
            rows=self.sequences.rows[sends],
            indices=places,
        )
        return Cases(own, offsets[1:] - 1, self.targets, self.climbers)

    def repeats(self) -> int:
        """Cases whose climb the climber had sent before: misses where sent climbs are left out."""
        count = 0
        for start in range(0, len(self), 4096):
            rows, items = self.seen(np.arange(start, min(start + 4096, len(self))))
            again = (items == self.targets[start + rows]) & (items >= 0)
            count += len(np.unique(rows[again]))
        return count


def with_history(sequences: Sequences, parts: Array, part: str) -> Array:
    """Indexes of the sends of a part that have one before them, int64 [n]."""
    sends = np.flatnonzero(parts == PARTS[part])
    return sends[sequences.before(sends) > sequences.starts(sends)]


def item_index(ids: Array) -> Array:
    """Category ids to indices in the catalogue, int64 of their shape: -1 for padding, null and unknown."""
    return np.maximum(ids.astype(np.int64) - FIRST_VALUE_ID, -1)
