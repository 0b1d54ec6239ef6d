"""Last touches on the counts: a few sends are exchanged so that every kept climb clears the filter.

An exchange gives a send of one climb to another in the same area (or region), of the nearest grade, that its
climber has not sent. Logs keep their lengths, so climbs, climbers and sends come out exactly as published.
One send in some hundreds is touched.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recsys.logbooks.simulate.climbers import Climbers
from recsys.logbooks.simulate.crags import Crags
from recsys.logbooks.simulate.presets import CORE
from recsys.logbooks.simulate.sizes import Bools, Ints

FAR: Final = 20.0  # cost of another area, and of another region, in V
NEAR_ENOUGH: Final = 0.98  # of the aimed sends of the most popular climb


def repair(climber: Ints, climb: Ints, crags: Crags, climbers: Climbers) -> Ints:
    """Return the climbs of the sends [sends], every kept climb sent at least five times by kept climbers."""
    climb = climb.copy()
    kept = ~climbers.fringe[climber] & ~crags.fringe[climb]
    count = np.bincount(climb[kept], minlength=len(crags.grade))
    top = int(np.argmax(np.where(crags.fringe, 0, crags.target)))
    need = np.where(crags.fringe, 0, CORE)
    need[top] = round(NEAR_ENOUGH * crags.target[top])
    for lacking in np.flatnonzero(count < need):
        for _ in range(int(need[lacking] - count[lacking])):
            send = _exchangeable(lacking, climber, climb, kept & (count[climb] > CORE), crags)
            if send < 0:
                break
            count[climb[send]] -= 1
            count[lacking] += 1
            climb[send] = lacking
    return climb


def _exchangeable(lacking: int, climber: Ints, climb: Ints, free: Bools, crags: Crags) -> int:
    """Return the send that can best become one of `lacking`, or -1."""
    has = np.zeros(int(climber.max()) + 1, dtype=np.bool_)
    has[climber[climb == lacking]] = True
    sends = np.flatnonzero(free & ~has[climber])
    if len(sends) == 0:
        return -1
    other = climb[sends]
    cost = np.abs(crags.grade[other] - crags.grade[lacking]).astype(np.float64)
    cost += FAR * (crags.area[other] != crags.area[lacking])
    cost += FAR * (crags.region[other] != crags.region[lacking])
    return int(sends[np.argmin(cost)])
