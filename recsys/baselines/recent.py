"""Recent popularity: what has been sent around there in the last weeks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from recsys import columns as c
from recsys.baselines.checks import at_least
from recsys.baselines.counting import Method
from recsys.baselines.vectors import cooccurrence_vectors
from recsys.recommending.counted.recent import CountedRecent

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.baselines.interactions import Interactions
    from recsys.recommending.counted.method import Counted
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
        Whole days in the window; in data without dates, positions in its order.
    """

    window_days: int = 30

    prompted: ClassVar[bool] = True
    sequential: ClassVar[bool] = True
    GRID: ClassVar[tuple[RecentPopularity, ...]]

    def __post_init__(self) -> None:
        """Refuse an empty window."""
        at_least(self, window_days=1)

    def count(self, interactions: Interactions, seed: int) -> CountedRecent:
        """Sort the training sends by day."""
        vectors = cooccurrence_vectors(interactions)
        return CountedRecent(vectors, **_log(interactions), window_days=self.window_days)

    def without(self, counted: Counted, interactions: Interactions) -> Counted:
        """See `Method.without`."""
        return replace(counted, **_log(interactions))


def _log(interactions: Interactions) -> dict[str, Array]:
    """Days, items and regions of the training sends of known climbs, by day."""
    training = interactions.training
    training = training[interactions.items[training] >= 0]
    days = np.floor(interactions.days[training])
    order = np.argsort(days, kind="stable")
    return {
        "days": days[order],
        "items": interactions.items[training][order],
        "regions": _regions(interactions.sequences, training)[order].astype(np.int64),
    }


def _regions(sequences: Sequences, sends: Array) -> Array:
    """Region of each send; the same for all where the data has none."""
    features = sequences.features
    return features[c.REGION][sends] if c.REGION in features else np.zeros(len(sends), dtype=np.int64)


RecentPopularity.GRID = (RecentPopularity(),)
