"""Chance: a random order for each history."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recsys.arrays import Array
from recsys.recommending.counted.method import Counted, histories, size, whole
from recsys.recommending.features import ArrayBatch


@dataclass(frozen=True, eq=False)
class CountedRandom(Counted):
    """Uniform scores, drawn by the seed and by the climbs of the history: the same question, the same row."""

    KIND: ClassVar[str] = "random"
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]] = {"vectors": ("float32", 2)}

    seed: int

    def check(self) -> None:
        """See `Counted.check`."""
        whole(self.seed, 0, "seed is no whole number")

    @property
    def n_items(self) -> int:
        """Climbs that are drawn from."""
        return len(self.vectors)

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items], uniform in [0, 1)."""
        drawn = np.empty((size(batch), self.n_items), dtype=np.float32)
        for row, items in enumerate(histories(batch)):
            key = hashlib.blake2b(items.astype("<i8").tobytes(), digest_size=8).digest()
            stream = np.random.Philox(key=self.seed, counter=[0, 0, int.from_bytes(key, "little"), 0])
            np.random.Generator(stream).random(out=drawn[row], dtype=np.float32)
        return drawn
