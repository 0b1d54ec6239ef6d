"""All climbers fill their logs, one after the other.

Popularity is steered: a climb behind its aimed number of sends becomes more attractive to the climbers who
come after, so the published counts hold for every seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from recsys.logbooks.simulate.climbers import Climbers
from recsys.logbooks.simulate.crags import Crags
from recsys.logbooks.simulate.person import POPULARITY, Person
from recsys.logbooks.simulate.presets import CORE
from recsys.logbooks.simulate.sizes import Floats, Ints

STEERING: Final = (0.8, 2.0)  # gains of the correction towards the aimed counts: by difference, by ratio


@dataclass
class Sends:
    """What was climbed, in order, one entry a send."""

    climber: list[int] = field(default_factory=list)
    climb: list[int] = field(default_factory=list)
    session: list[int] = field(default_factory=list)  # 0, 1, ... within the climber
    gaps: list[list[int]] = field(default_factory=list)  # days before each session, one list a climber


class Walk:
    """The state of the simulation between one climber and the next."""

    def __init__(self, crags: Crags, climbers: Climbers, rng: np.random.Generator) -> None:
        self.crags, self.climbers, self.rng = crags, climbers, rng
        self.count = np.zeros(len(crags.grade), dtype=np.int64)
        self.cap = np.where(crags.fringe, CORE - 1, crags.target.max())
        self.total = int(climbers.sends[~climbers.fringe].sum())
        self.sends = Sends()

    def run(self) -> Sends:
        """Let every climber fill a log."""
        done = 0
        for climber in range(len(self.climbers.sends)):
            self._log(climber, done / self.total)
            if not self.climbers.fringe[climber]:
                done += int(self.climbers.sends[climber])
        return self.sends

    def _log(self, climber: int, progress: float) -> None:
        person = Person(self.crags, self.climbers, climber, self._popularity(progress), self.rng)
        sent = person.fill()
        self.sends.climber += [climber] * len(sent)
        self.sends.climb += sent
        self.sends.session += person.session_of
        self.sends.gaps.append(person.gaps)
        climbs = np.array(sent, dtype=np.int64)
        if self.climbers.fringe[climber]:
            climbs = climbs[self.crags.fringe[climbs]]
        self.count[climbs] += 1

    def _popularity(self, progress: float) -> Floats:
        expected = self.crags.target * progress
        behind = (expected - self.count) / np.sqrt(expected + 1.0)
        behind = STEERING[0] * behind + STEERING[1] * np.log((expected + 1.0) / (self.count + 1.0))
        logit: Floats = np.log(self.crags.target) + behind.clip(-3, 6) / POPULARITY
        logit[self.count >= self.cap] = -np.inf
        return logit


def walk(
    crags: Crags, climbers: Climbers, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, list[list[int]]]:
    """Return climber, climb, session of every send [sends], each climber's in order, and the gaps in days."""
    sends = Walk(crags, climbers, rng).run()
    return np.array(sends.climber), np.array(sends.climb), np.array(sends.session), sends.gaps
