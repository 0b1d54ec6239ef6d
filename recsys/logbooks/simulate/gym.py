"""A bouldering gym, simulated: walls that are stripped and set anew, few ratings, many beginners.

No publication gives a gym's figures as the paper gives those of BC: every number here is an assumption. Two
halls of nine walls; each wall is reset on its own day, every six weeks, with some eight new climbs, and what
was there is gone for good. Most climbers are beginners and most stay for some months. What a climber tries
next depends on the grade, on style, on how new the climb is and on what hangs beside the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.logbooks.simulate import names
from recsys.logbooks.simulate.crags import STYLES
from recsys.logbooks.simulate.sizes import Floats, Ints

HALLS: Final = ("Harbour Hall", "Mill Hall")
WALLS: Final = 9  # a hall
CLIMBS: Final = 8  # a wall and set
LIFE: Final = 42  # days that a set stays
DAYS: Final = 540  # simulated ones
FIRST_DAY: Final = 19_300  # days since the epoch: 2022-11-04
CLIMBERS: Final = 700
GRADES: Final = np.array(
    [14, 18, 19, 16, 12, 9, 6, 3, 2, 1], dtype=np.float64
)  # V0 to V9, shares of what is set
RATED: Final = 0.08  # share of sends with stars
_WIDTH: Final = 1.1  # V, how loosely the grade fits
_NEW: Final = 0.8  # extra log-odds of a set of this week
_NEAR: Final = 1.2  # extra log-odds of the wall of the last send


@dataclass(frozen=True)
class Sets:
    """All climbs that ever hang, parallel arrays [climbs]."""

    hall: Ints
    wall: Ints  # over both halls
    grade: Ints
    style: Ints
    quality: Floats
    up: Ints  # first day
    down: Ints  # first day without it


def simulate_gym(seed: int, scale: float) -> pd.DataFrame:
    """Raw sends of the gym's climbers, as `recsys.logbooks.simulate.simulate` returns them; no texts.

    `scale` is the share of its climbers; walls and days stay, since a gym does not shrink with its climbers.
    """
    rng = np.random.default_rng(np.random.SeedSequence([crc32(b"gym"), seed]))
    sets = _sets(rng)
    visits = [_Member(sets, rng).fill() for _ in range(max(8, round(CLIMBERS * scale)))]
    climber = np.repeat(np.arange(len(visits)), [len(days) for days, _, _ in visits])
    day, climb, index = (np.concatenate([each[part] for each in visits]) for part in range(3))
    return _table(sets, climber, climb, day, index, rng)


def _sets(rng: np.random.Generator) -> Sets:
    """Every wall's sets, one after the other, the first ones hanging when the days begin."""
    walls = len(HALLS) * WALLS
    ups = [np.arange(LIFE * wall // WALLS % LIFE - LIFE, DAYS, LIFE) for wall in range(walls)]
    wall = np.repeat(np.arange(walls), [len(each) * CLIMBS for each in ups])
    up = np.repeat(np.concatenate(ups), CLIMBS)
    n = len(wall)
    leaning = rng.dirichlet(np.full(len(STYLES), 0.7), walls).cumsum(1)  # a wall's angle favours some styles
    return Sets(
        hall=wall // WALLS, wall=wall, up=up, down=up + LIFE,
        grade=rng.choice(len(GRADES), n, p=GRADES / GRADES.sum()),
        style=(rng.random((n, 1)) > leaning[wall]).sum(1).clip(0, len(STYLES) - 1),
        quality=rng.normal(size=n),
    )  # fmt: skip


class _Member:
    """One climber of the gym."""

    def __init__(self, sets: Sets, rng: np.random.Generator) -> None:
        self.sets, self.rng = sets, rng
        self.home = int(rng.random() < 0.4)
        self.skill = float(rng.gamma(2.0, 0.9))  # most are beginners
        self.growth = float(rng.uniform(0.5, 2.5)) / 365  # V a day
        self.taste = rng.normal(0, 0.8, len(STYLES))
        self.start = int(rng.integers(-200, DAYS - 14))
        self.end = self.start + 14 + int(rng.exponential(150))
        self.gap = float(rng.uniform(2.0, 9.0))  # days between visits, on average

    def fill(self) -> tuple[Ints, Ints, Ints]:
        """Days, climbs and places within the day of all sends, [n_sends] each."""
        done = np.zeros(len(self.sets.wall), dtype=bool)
        found: list[tuple[int, int, int]] = []
        day = max(self.start, 0)
        while day < min(self.end, DAYS):
            found += [(day, climb, index) for index, climb in enumerate(self._visit(day, done))]
            day += 1 + int(self.rng.exponential(self.gap - 1))
        days, climbs, indices = np.array(found, dtype=np.int64).reshape(-1, 3).T
        return days, climbs, indices

    def _visit(self, day: int, done: np.ndarray) -> list[int]:  # type: ignore[type-arg]
        sets, rng = self.sets, self.rng
        hall = self.home if rng.random() < 0.85 else 1 - self.home
        skill = self.skill + self.growth * max(0, day - self.start)
        odds = 0.6 * sets.quality + self.taste[sets.style] + _NEW * (day - sets.up < 7)
        odds[(sets.hall != hall) | (day < sets.up) | (day >= sets.down) | done] = -np.inf
        sent, wall = [], -1
        for ask in np.sort(skill + rng.normal(-0.5, 0.9, 2 + int(rng.poisson(3)))):
            misfit = (sets.grade - ask) / _WIDTH
            score = odds - 0.5 * misfit**2 + _NEAR * (sets.wall == wall)
            climb = int(np.argmax(score + rng.gumbel(size=len(score))))
            if odds[climb] == -np.inf:
                break
            odds[climb], done[climb], wall = -np.inf, True, int(sets.wall[climb])
            sent.append(climb)
        return sent


def _table(
    sets: Sets, climber: Ints, climb: Ints, day: Ints, index: Ints, rng: np.random.Generator
) -> pd.DataFrame:
    stars = (
        np.rint(3.2 + 0.6 * sets.quality[climb] + rng.normal(0, 0.6, len(climb))).clip(1, 5).astype(np.int64)
    )
    walls = np.array([f"Wall {wall % WALLS + 1}" for wall in range(len(HALLS) * WALLS)], dtype=object)
    named = np.array(names.climb_names(len(sets.wall), rng), dtype=object)
    return pd.DataFrame(
        {
            c.CLIMBER_ID: [f"{c.SIMULATED}climber-{each:04d}" for each in climber],
            c.CLIMB_ID: [f"{c.SIMULATED}climb-{each:05d}" for each in climb],
            c.DATE: np.datetime_as_string((FIRST_DAY + day).astype("datetime64[D]")).astype(object),
            "sequence": index,
            c.REGION: np.array(HALLS, dtype=object)[sets.hall[climb]],
            c.AREA: np.array([HALLS[k // WALLS] + ", " + each for k, each in enumerate(walls)], dtype=object)[
                sets.wall[climb]
            ],
            c.CLIMB_NAME: named[climb],
            c.CLIMB_TYPE: "boulder",
            c.GRADE: np.array([f"V{k}" for k in range(len(GRADES))], dtype=object)[sets.grade[climb]],
            c.RATING: pd.arrays.IntegerArray(stars, rng.random(len(climb)) >= RATED),
        }
    )
