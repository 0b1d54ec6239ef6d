"""Recent popularity: what was sent around there in the last weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import ELAPSED_DAYS
from recsys.recommending.counted.method import PREFIX, Counted, demand, given, read, size, whole, within
from recsys.recommending.counted.tiers import tiered
from recsys.recommending.features import ArrayBatch


@dataclass(frozen=True, eq=False)
class CountedRecent(Counted):
    """The training sends in order of their days.

    Attributes
    ----------
    days, items, regions:
        Whole days (float64), climbs and region ids (int64) of the sends, [n_sends].
    window_days:
        Whole days in the window.
    """

    KIND: ClassVar[str] = "recent-popularity"
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]] = {
        "vectors": ("float32", 2),
        "days": ("float64", 1),
        "items": ("int64", 1),
        "regions": ("int64", 1),
    }
    reads: ClassVar[tuple[str, ...]] = (c.REGION, c.DAY)
    prompted: ClassVar[bool] = True
    KEEPS_SENDS: ClassVar[bool] = True

    days: Array
    items: Array
    regions: Array
    window_days: int

    def check(self) -> None:
        """See `Counted.check`."""
        same = len(self.days) == len(self.items) == len(self.regions)
        demand(same and bool((np.diff(self.days) >= 0).all()), "days do not rise with the sends")
        within(self.items, self.n_items, "items are not all of the catalogue")
        within(self.regions, 1 << 31, "regions are no ids")
        whole(self.window_days, 1, "window_days is no number of days")

    @property
    def sends(self) -> int:
        """The last one, whose day and region stand for those that are not given."""
        return 1

    @property
    def n_items(self) -> int:
        """Climbs that are counted."""
        return len(self.vectors)

    @cached_property
    def everywhere(self) -> Log:
        """All training sends."""
        return Log(self.days, self.items)

    @cached_property
    def logs(self) -> dict[int, Log]:
        """Those of each region."""
        there = {int(region): self.regions == region for region in np.unique(self.regions)}
        return {region: Log(self.days[those], self.items[those]) for region, those in there.items()}

    @cached_property
    def overall(self) -> Array:
        """Rank of each climb by all training sends, int64 [n_items]."""
        return tiered(np.bincount(self.items, minlength=self.n_items))

    def scores(self, batch: ArrayBatch) -> Array:
        """[batch, n_items]; a window is counted once a batch. A day that is not known is after the last."""
        days, regions = self._target(batch, c.DAY, ELAPSED_DAYS), self._target(batch, c.REGION, c.REGION)
        latest = self.days[-1] + 1 if len(self.days) else 0.0
        days = np.where(np.isnan(days), latest, np.floor(days))
        targets = np.stack([self.everywhere.ends(days, self.window_days), regions], axis=1).astype(np.int64)
        windows, row = np.unique(targets, axis=0, return_inverse=True)
        return np.stack([self._row(int(end), int(region)) for end, region in windows])[row.reshape(-1)]

    def _target(self, batch: ArrayBatch, name: str, attribute: str) -> Array:
        """A feature of the send that is asked for where it is given, else of the one before, float64 [n]."""
        values = read(batch, name)
        if values is None:
            return np.zeros(size(batch))
        last = values[:, -1]
        if values.shape[1] == 1:
            return last.astype(np.float64)
        alone = batch[PREFIX + c.CLIMB][:, -2] == 0  # nothing was sent before it
        return np.where(given(batch, attribute) | alone, last, values[:, -2]).astype(np.float64)

    def _row(self, end: int, region: int) -> Array:
        """Ranks by all sends, and above them all those of the few items that were sent in the window."""
        row = self.overall.astype(np.float32)
        recent = self._count(self.everywhere, end)
        there = np.flatnonzero(recent)
        in_region = self._count(self.logs[region], end) if region in self.logs else np.zeros_like(recent)
        row[there] = len(row) + tiered(in_region[there], recent[there], self.overall[there])
        return row

    def _count(self, log: Log, end: int) -> Array:
        return np.bincount(log.between(end - self.window_days, end), minlength=self.n_items)


@dataclass(frozen=True, eq=False)
class Log:
    """Sends in the order of their days: whole days [S] and items [S]."""

    days: Array
    items: Array

    def between(self, start: int, end: int) -> Array:
        """The items sent from day `start` to the day before `end`."""
        first, last = np.searchsorted(self.days, [start, end])
        return self.items[first:last]

    def ends(self, days: Array, length: int) -> Array:
        """The day after each case's window [N]: the case's day, or that after the last one with sends."""
        if not len(self.days):
            return days
        at = np.searchsorted(self.days, days) - 1
        latest = np.where(at >= 0, self.days[at], days)  # the last day with sends before the case's
        return np.where(latest < days - length, latest + 1, days)
