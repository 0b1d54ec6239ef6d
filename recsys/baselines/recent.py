"""Recent popularity: what has been sent around there in the last weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from recsys import columns as c
from recsys.baselines.checks import at_least
from recsys.baselines.interactions import Method
from recsys.baselines.tiers import tiered

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.baselines.interactions import Fitted, Interactions
    from recsys.sequences.cases import Cases
    from recsys.sequences.store import Sequences


@dataclass(frozen=True)
class RecentPopularity(Method):
    """Training sends of a climb in the days before the case's, in its region (Ji et al., SIGIR 2020).

    Ji et al. count what was popular when the case was; the region is added here. It is the target's, or
    unprompted that of the climber's send before it. Climbs equal there are ordered by recent sends anywhere,
    and those by all training sends (at any time, as popularity counts them).

    Unprompted, a case's day is that of the climber's last send before it, for the target's date is then not
    known; prompted, it is the target's. A case's own day is not counted, for a log of dates does not tell
    what came first in it. Where no training send lies in the window, as after a split by date, the window is
    moved back to end with the last training day before the case; where there is none before it, popularity
    is left.

    Parameters
    ----------
    window_days:
        Whole days in the window; in data without dates, places in its order.
    """

    window_days: int = 30

    prompted: ClassVar[bool] = True
    sequential: ClassVar[bool] = True
    GRID: ClassVar[tuple[RecentPopularity, ...]]

    def __post_init__(self) -> None:
        """Refuse an empty window."""
        at_least(self, window_days=1)

    def fit(self, interactions: Interactions, seed: int) -> Fitted:
        """Sort the training sends of each region by day."""
        training = interactions.training
        training = training[interactions.items[training] >= 0]
        days, items = np.floor(interactions.days), interactions.items[training]
        everywhere = Log.of(days[training], items)
        regions = _regions(interactions.sequences, training)
        logs = {
            int(region): Log.of(days[training][regions == region], items[regions == region])
            for region in np.unique(regions)
        }
        overall = tiered(np.bincount(items, minlength=interactions.n_items))

        def fitted(cases: Cases, prompted: bool) -> RecentScorer:
            known = cases.sends if prompted else cases.sequences.before(cases.sends) - 1
            ends = everywhere.ends(np.floor(interactions.days_of(cases, known)), self.window_days)
            asked = _regions(cases.sequences, known)
            windows = np.stack([ends, asked], axis=1).astype(np.int64)
            return RecentScorer(everywhere, logs, overall, windows, self.window_days)

        return fitted


@dataclass(frozen=True, eq=False)
class Log:
    """Sends in the order of their days: whole days [S] and items [S]."""

    days: Array
    items: Array

    @classmethod
    def of(cls, days: Array, items: Array) -> Log:
        """Sort some sends."""
        order = np.argsort(days, kind="stable")
        return cls(days[order], items[order])

    def between(self, start: int, end: int) -> Array:
        """The items sent from day `start` to the day before `end`."""
        first, last = np.searchsorted(self.days, [start, end])
        return self.items[first:last]

    def ends(self, days: Array, length: int) -> Array:
        """The day after each case's window [N]: the case's day, or that after the last one with sends."""
        at = np.searchsorted(self.days, days) - 1
        latest = np.where(at >= 0, self.days[at], days)  # the last day with sends before the case's
        return np.where(latest < days - length, latest + 1, days)


@dataclass(frozen=True, eq=False)
class RecentScorer:
    """Counts in the windows of a batch.

    Attributes
    ----------
    everywhere, logs:
        All training sends, and those of each region.
    overall:
        Rank of each item by all training sends, int64 [n_items].
    windows:
        The day after the window, and the region, of each case, int64 [n_cases, 2].
    length:
        Days in a window.
    """

    everywhere: Log
    logs: dict[int, Log]
    overall: Array
    windows: Array
    length: int

    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]; a window is counted once a batch."""
        windows, case = np.unique(self.windows[cases], axis=0, return_inverse=True)
        return np.stack([self._row(int(end), int(region)) for end, region in windows])[case]

    def _row(self, end: int, region: int) -> Array:
        """Ranks by all sends, and above them all those of the few items that were sent in the window."""
        row = self.overall.astype(np.float32)
        recent = self._count(self.everywhere, end)
        there = np.flatnonzero(recent)
        in_region = self._count(self.logs[region], end) if region in self.logs else np.zeros_like(recent)
        row[there] = len(row) + tiered(in_region[there], recent[there], self.overall[there])
        return row

    def _count(self, log: Log, end: int) -> Array:
        return np.bincount(log.between(end - self.length, end), minlength=len(self.overall))


def _regions(sequences: Sequences, sends: Array) -> Array:
    """Region of each send; the same for all where the data has none."""
    features = sequences.features
    return features[c.REGION][sends] if c.REGION in features else np.zeros(len(sends), dtype=np.int64)


RecentPopularity.GRID = (RecentPopularity(),)
