"""From the margin between a climb and a climber to a chance that can be checked, and to its names.

Logs hold what was sent, not what was tried, so the chance is one that a log can confirm: that the hardest of
the climber's next `AHEAD` sends is at least as hard as the climb. It falls with the margin (difficulty less
ability, over the deviation that both have together) along a logistic curve that is fit on training logs
(Platt 1999), by the ability as known at the time.

    comfortable  at least .95     stretch  .75 to .95     project  .35 to .75      beyond  less

The hardest of ten sends lies well above the usual one, so the words start high: on simulated BC "comfortable"
ends a quarter of a grade below the ability, "stretch" nearly two above it, "project" three to four above it,
by how well the climber is known; of the next sends 26% are a stretch and 7% a project (benchmarks/mode.py).
On theCrag, whose log holds failed tries, 79% of the tries up to a grade below the ability, 58% of those one
to two above it and 29% of those farther above were sent (benchmarks/attempts.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recsys.arrays import Array
from recsys.skill.posterior import Ability
from recsys.skill.tracks import Tracks

AHEAD: Final = 10  # sends
FEWEST: Final = 5  # sends before a cut
CUTS: Final = 4  # of each track, at the most
NAMES: Final = ("beyond", "project", "stretch", "comfortable")
EDGES: Final = (0.35, 0.75, 0.95)  # chances that part them
MARGINS: Final = np.arange(-6.0, 6.01, 0.5)  # grades about the ability at which a cut is asked
UNIT: Final = 1.0  # deviation, in grades, of what no estimate knows


@dataclass(frozen=True)
class Reach:
    """The curve: log-odds are `level` less `slope` times the scaled margin.

    What stands here is for logs too small to learn from: simulated BC has 2.7 and 1.2, theCrag's six climbers
    1.8 and 0.8.
    """

    level: float = 2.0
    slope: float = 1.2

    def chance(
        self, difficulty: Array, deviation: Array, mean: float | Array, spread: float | Array
    ) -> Array:
        """Chance that the hardest of the next sends is as hard as each climb, float64 [n]; NaN stays NaN."""
        scale = np.sqrt(UNIT + np.nan_to_num(deviation) ** 2 + spread**2)
        return _logistic(self.level - self.slope * (difficulty - mean) / scale)

    @classmethod
    def fit(cls, margins: Array, reached: Array) -> Reach:
        """The curve of scaled margins, float64 [n], and whether they were reached, bool [n], by Newton."""
        if len(margins) < 50 or reached.all() or not reached.any():
            return cls()
        design = np.stack([np.ones(len(margins)), -margins], axis=1)
        found, loss = np.array([cls.level, cls.slope]), np.inf
        for _ in range(25):
            chance = _logistic(design @ found)
            weight = (chance * (1 - chance) + 1e-6)[:, None]
            change = np.linalg.solve((design * weight).T @ design, design.T @ (reached - chance))
            while (fresh := _loss(design @ (found + change), reached)) > loss and np.abs(change).max() > 1e-6:
                change = change / 2
            found, loss = found + change, fresh
        return cls(float(found[0]), float(max(found[1], 0.05)))


def names(chances: Array) -> list[str | None]:
    """How hard each chance, [n], is in a word; None for NaN."""
    levels = np.digitize(np.nan_to_num(chances), EDGES)
    known = np.isfinite(chances)
    return [NAMES[level] if there else None for level, there in zip(levels, known, strict=True)]


def cases(tracks: Tracks) -> tuple[Array, Array, Array]:
    """Cuts of the tracks: (sessions [n], the track of each [n], hardest of the next sends [n]).

    A cut lies after a session with `FEWEST` sends up to it and `AHEAD` after it.
    """
    sessions, hardest = [], []
    for first, last in zip(tracks.sessions[:-1], tracks.sessions[1:], strict=True):
        ends = tracks.sends[first + 1 : last + 1]
        start, stop = tracks.sends[first], tracks.sends[last]
        fits = np.flatnonzero((ends - start >= FEWEST) & (stop - ends >= AHEAD))
        for index in fits[np.unique(np.linspace(0, len(fits) - 1, CUTS).astype(int))] if len(fits) else ():
            sessions.append(first + index)
            hardest.append(tracks.difficulty[ends[index] : ends[index] + AHEAD].max())
    at = np.array(sessions, dtype=np.int64)
    return at, tracks.track_of[at], np.array(hardest, dtype=np.float64)


def at_margins(ability: Ability, sessions: Array, hardest: Array) -> tuple[Array, Array]:
    """Every cut asked at `MARGINS`: scaled margins, and whether reached, [n_cuts, n_margins] each."""
    mean, spread = ability.mean[sessions, None], ability.deviation[sessions, None]
    grades = np.rint(2 * (mean + MARGINS)) / 2  # on half grades, as climbs are
    scaled = (grades - mean) / np.sqrt(UNIT + spread**2)
    return scaled, hardest[:, None] >= grades - 0.25


def _logistic(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -40, 40))))


def _loss(odds: Array, reached: Array) -> float:
    """Mean negative log-likelihood."""
    return float(np.mean(np.logaddexp(0, odds) - reached * odds))
