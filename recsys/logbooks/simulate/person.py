"""One climber choosing: session by session, boulder after boulder, never the same climb twice.

A choice is a draw from softmax(popularity + taste + fit of the grade to what the session asks for now +
nearness to the last boulder) over the climbs of the area that are still unsent. Sessions have a focus
(warm-up, project, cool-down; or a circuit in one style), areas are left for others nearby, and trips go to
other regions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recsys.logbooks.simulate.climbers import Climbers
from recsys.logbooks.simulate.crags import STYLES, Crags
from recsys.logbooks.simulate.sizes import Floats, Ints, pick

POPULARITY: Final = 0.85  # exponent of a climb's popularity in a choice
GRADE_WIDTH: Final = 1.3  # V, how loosely the grade fits what the session asks for
MISFIT: Final = 4.5  # log-odds that the wrong grade costs at most: a classic is climbed all the same
AHEAD: Final = 2.2  # boulders; nearness decays over this distance onwards ...
BACK: Final = 1.6  # ... and over this one backwards
CIRCUIT: Final = 2.5  # extra log-odds of the session's style in a circuit
MOVE: Final = 0.3  # chance, after each send, to walk on to an area nearby
TRIP: Final = 0.12  # chance that a session starts a trip
RETURN: Final = 3.0  # pull of the area of the last session, over any other
MEAN_GAP: Final = (1.6, 1.2)  # log-normal of the days between sessions


@dataclass
class Spot:
    """Where the climber stands: an area's climbs [area's climbs] and the index among them."""

    first: int
    odds: Floats  # log-odds of every climb but for grade and nearness; -inf once sent
    grade: Ints
    boulder: Ints
    near: Floats  # log-odds for being close to the last boulder

    def leave(self, choice: int) -> None:
        """Take note that a climb was sent: it is out, and the ones near it are next."""
        self.odds[choice] = -np.inf
        ahead = self.boulder - self.boulder[choice]
        self.near = np.where(ahead >= 0, -ahead / AHEAD, ahead / BACK)


class Person:
    """One climber filling a log."""

    def __init__(
        self, crags: Crags, climbers: Climbers, climber: int, popularity: Floats, rng: np.random.Generator
    ) -> None:
        self.crags, self.rng = crags, rng
        self.goal = int(climbers.sends[climber])
        self.counts_all = bool(climbers.fringe[climber])
        self.home = int(climbers.home[climber])
        self.start_skill = float(climbers.skill[climber])
        self.growth = float(climbers.growth[climber])
        self.taste: Floats = climbers.taste[climber].copy()
        self.warm_ups = bool(climbers.warm_ups[climber])
        self.popularity = popularity  # log-odds [climbs]; -inf once sent
        self.pull = np.exp(popularity)
        self.sent: list[int] = []
        self.session_of: list[int] = []
        self.gaps: list[int] = []
        self.kept = 0
        self.trip_region, self.trip_days, self.last_area = -1, 0, -1
        self.home_pull = 0.0

    @property
    def skill(self) -> float:
        """V grade now: it grows fast at first, then slower."""
        return self.start_skill + self.growth * (self.kept / self.goal) ** 0.7

    def fill(self) -> list[int]:
        """Go climbing until the log is full; return the climbs in order."""
        while self.kept < self.goal:
            gap = 1 + int(self.rng.lognormal(*MEAN_GAP))
            area, on_trip = self._choose_area()
            self.gaps.append(1 if on_trip else gap)
            self._session(area)
            self.taste += self.rng.normal(0, 0.06, len(STYLES))
            self.last_area = area
        return self.sent

    def _choose_area(self) -> tuple[int, bool]:
        """Return an area, and whether the trip of the last session goes on there."""
        fit = (self.crags.grade - (self.skill - 1.0)) / 2.0
        climbs = self.pull * (np.exp(-0.5 * fit * fit) + 1e-6)
        pull: Floats = np.add.reduceat(climbs, self.crags.area_start[:-1])
        if self.last_area >= 0:
            pull[self.last_area] *= RETURN
        goes_on = self.trip_days > 0
        region = self.trip_region if goes_on else self._choose_region(pull)
        self.trip_days -= 1
        here = np.where(self.crags.area_region == region, pull, 0.0)
        return pick(here if here.sum() > 0 else pull, self.rng), goes_on

    def _choose_region(self, pull: Floats) -> int:
        by_region = np.bincount(self.crags.area_region, weights=pull).astype(np.float64)
        self.home_pull = max(self.home_pull, float(by_region[self.home]))
        worn_out = by_region[self.home] < 0.15 * self.home_pull
        if not worn_out and self.rng.random() > TRIP:
            return self.home
        if by_region.sum() > by_region[self.home]:
            by_region[self.home] = 0.0
        self.trip_region, self.trip_days = pick(by_region, self.rng), int(self.rng.integers(2, 6))
        return self.trip_region

    def _session(self, area: int) -> None:
        asked, style = self._focus()
        moves = self.rng.random(len(asked)) < MOVE
        moves[0] = False
        spot = self._arrive(area, style)
        for ask, move in zip(asked, moves, strict=True):
            if self.kept >= self.goal:
                return
            if move:
                area = self._walk_on(area)
                spot = self._arrive(area, style)
            misfit = (spot.grade - ask) / GRADE_WIDTH
            score = spot.odds - np.minimum(0.5 * misfit * misfit, MISFIT) + spot.near
            choice = int(np.argmax(score + self.rng.gumbel(size=len(score))))
            if spot.odds[choice] == -np.inf:
                return
            self._send(spot.first + choice)
            spot.leave(choice)

    def _arrive(self, area: int, style: int) -> Spot:
        first, last = self.crags.area_start[area : area + 2].tolist()
        here = slice(first, last)
        odds = POPULARITY * self.popularity[here] + self.taste[self.crags.style[here]]
        if style >= 0:
            odds = odds + CIRCUIT * (self.crags.style[here] == style)
        return Spot(first, odds, self.crags.grade[here], self.crags.boulder[here], np.zeros(last - first))

    def _walk_on(self, area: int) -> int:
        """Return an area near this one (their numbers are neighbours), in the same region."""
        region = self.crags.area_region
        near = np.arange(max(0, area - 3), min(len(region), area + 4))
        near = near[(region[near] == region[area]) & (near != area)]
        if len(near) == 0:
            return area
        climbs = [self.pull[self.crags.area_start[a] : self.crags.area_start[a + 1]].sum() for a in near]
        return int(near[pick(np.array(climbs, dtype=np.float64) + 1e-9, self.rng)])

    def _focus(self) -> tuple[Floats, int]:
        """Return the grades that the session asks for, one a send, and the style of a circuit (else -1)."""
        skill, rng = self.skill, self.rng
        if rng.random() < 0.25:
            style = pick(np.exp(self.taste), rng)
            return skill - 1.5 + rng.normal(0, 0.4, int(rng.integers(4, 10))), style
        project: Floats = skill + rng.normal(0, 0.5, 1 + int(rng.poisson(1.2)))
        if not self.warm_ups:
            return project, -1
        warm_up = skill - np.linspace(rng.uniform(2.5, 6.0), 1.5, 1 + int(rng.poisson(1.5)))
        cool_down = np.full(int(rng.poisson(0.8)), skill - rng.uniform(2.0, 5.0))
        return np.concatenate([warm_up, project, cool_down]), -1

    def _send(self, climb: int) -> None:
        self.sent.append(climb)
        self.session_of.append(len(self.gaps) - 1)
        self.popularity[climb] = -np.inf
        self.pull[climb] = 0.0
        self.kept += int(self.counts_all or not self.crags.fringe[climb])
