"""What the simulator knows and no log holds: the skill of its climbers over time, the feel of its climbs.

The people and the crags are drawn again from the same seed, without anybody going climbing; a climber's skill
at each send follows from the log by the simulator's own rule (`person.Person.skill`).
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.arrays import Array
from recsys.logbooks.simulate.climbers import Climbers, build_climbers
from recsys.logbooks.simulate.crags import Crags, build_crags
from recsys.logbooks.simulate.presets import preset_named


@dataclass(frozen=True, eq=False)
class Truth:
    """The hidden side of `simulate(preset, seed, scale)`: all its climbers and climbs, by their numbers."""

    climbers: Climbers
    crags: Crags

    @classmethod
    def of(cls, preset: str = "bc", seed: int = 0, scale: float = 1.0) -> Truth:
        """Draw the same people and crags again."""
        figures = preset_named(preset).scaled(scale)
        source = np.random.SeedSequence([crc32(preset.encode()), seed])
        layout, people, *_ = (np.random.default_rng(child) for child in source.spawn(5))
        return cls(build_climbers(figures, people), build_crags(figures, layout))

    def skill(self, sends: pd.DataFrame) -> Array:
        """Skill (V) with which each send was made, float64 [n_sends]; the sends in order, none left out."""
        climber, climb = numbers(sends[c.CLIMBER_ID]), numbers(sends[c.CLIMB_ID])
        counts = self.climbers.fringe[climber] | ~self.crags.fringe[climb]
        running = pd.Series(counts.astype(np.int64)).groupby(climber).cumsum().to_numpy() - counts
        done = running / self.climbers.sends[climber]
        return np.asarray(self.climbers.skill[climber] + self.climbers.growth[climber] * done**0.7)

    def feel(self, climbs: pd.Series) -> Array:
        """Difficulty (V) that climbs feel like: the guidebook's grade, and how soft or hard it is, [n]."""
        index = numbers(climbs)
        return np.asarray(self.crags.grade[index] + self.crags.soft[index])


def numbers(ids: pd.Series) -> Array:
    """The numbers at the end of simulated ids, int64 [n]."""
    return ids.str.rsplit("-", n=1).str[-1].to_numpy().astype(np.int64)
