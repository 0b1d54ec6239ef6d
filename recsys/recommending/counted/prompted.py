"""Popularity among the climbs that fit the prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar, Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import BIN
from recsys.recommending.counted.method import Counted, demand, given, read, size, within
from recsys.recommending.counted.tiers import tiered
from recsys.recommending.features import ArrayBatch

PROMPTS: Final = {c.REGION: c.REGION, c.GRADE + BIN: c.GRADE}  # the features read, and what prompts with them
_NOT: Final = -1  # of a prompt's part that is not given
_HELD: Final = 1 << 28  # bytes of the prompts' scores that are held


@dataclass(frozen=True, eq=False)
class CountedPrompts(Counted):
    """How often each climb was logged with each region and grade.

    Attributes
    ----------
    names:
        The features of `PROMPTS` that the data has.
    logged:
        Values of those features, int64 [n_different, len(names)].
    items, counts:
        The climb, and the training sends of it with those values, int64 [n_different].
    """

    KIND: ClassVar[str] = "prompted-popularity"
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]] = {
        "vectors": ("float32", 2),
        "logged": ("int64", 2),
        "items": ("int64", 1),
        "counts": ("int64", 1),
    }
    reads: ClassVar[tuple[str, ...]] = tuple(PROMPTS)
    prompted: ClassVar[bool] = True

    names: tuple[str, ...]
    logged: Array
    items: Array
    counts: Array

    @classmethod
    def count(cls, vectors: Array, items: Array, logged: dict[str, Array]) -> CountedPrompts:
        """Of the items of the training sends [S], and what was logged with each."""
        table = np.stack([items, *logged.values()], axis=1).astype(np.int64)
        different, counts = np.unique(table, axis=0, return_counts=True)
        return cls(vectors, tuple(logged), different[:, 1:], different[:, 0], counts.astype(np.int64))

    def check(self) -> None:
        """See `Counted.check`."""
        known = isinstance(self.names, tuple) and all(name in PROMPTS for name in self.names)
        demand(known and len(set(self.names)) == len(self.names), "names are not those of features")
        n = len(self.items)
        demand(
            self.logged.shape == (n, len(self.names)) and len(self.counts) == n, "counts are not one a row"
        )
        within(self.items, self.n_items, "items are not all of the catalogue")
        within(self.counts, 1 << 40, "counts are not from 0")

    @property
    def sends(self) -> int:
        """None."""
        return 0

    @property
    def n_items(self) -> int:
        """Climbs that are counted."""
        return len(self.vectors)

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items]: ranks by what fits the whole prompt, each part of it, then all; else counts."""
        prompted = np.full((size(batch), len(self.names)), _NOT, dtype=np.int64)
        for column, name in enumerate(self.names):
            values = read(batch, name)
            if values is not None:
                prompted[:, column] = np.where(given(batch, PROMPTS[name]), values[:, -1], _NOT)
        prompts, prompt = np.unique(prompted, axis=0, return_inverse=True)
        return np.stack([self._held(tuple(map(int, each))) for each in prompts])[prompt.reshape(-1)]

    @cached_property
    def _held(self) -> Callable[[tuple[int, ...]], Array]:
        return lru_cache(max(1, _HELD // (4 * self.n_items)))(self._row)

    def _row(self, prompt: tuple[int, ...]) -> Array:
        fits = [self.logged[:, i] == wanted for i, wanted in enumerate(prompt) if wanted != _NOT]
        if not fits:
            return self._count(np.ones(len(self.items), dtype=bool)).astype(np.float32)
        tiers = [np.logical_and.reduce(fits), *fits, np.ones(len(self.items), dtype=bool)]
        return tiered(*map(self._count, tiers)).astype(np.float32)

    def _count(self, those: Array) -> Array:
        return np.bincount(self.items[those], self.counts[those], self.n_items).astype(np.int64)
