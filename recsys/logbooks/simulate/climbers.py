"""Climbers: how much they log, where they live, how strong they get, what they like, how tidily they log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recsys.logbooks.simulate.crags import STYLES
from recsys.logbooks.simulate.presets import CORE, Preset
from recsys.logbooks.simulate.sizes import Bools, Floats, Ints, bell_sizes

UNTIDY: Final = 0.4  # share of climbers whose log of a day is in no order ("how noisy the ... sequences are")


@dataclass(frozen=True)
class Climbers:
    """All climbers as parallel arrays [climbers], in no particular order."""

    sends: Ints  # sends of kept climbs; for the fringe, all sends
    fringe: Bools  # logs fewer than five sends in all
    home: Ints  # index into the preset's regions
    skill: Floats  # V grade they send at first, with effort
    growth: Floats  # V gained over the whole log
    taste: Floats  # [climbers, styles] liking at first, as log-odds
    warm_ups: Bools  # logs easy problems too
    late: Bools  # logs some days late, under the day of logging
    untidy: Bools  # logs the sends of a day in no order


def build_climbers(preset: Preset, rng: np.random.Generator) -> Climbers:
    """Draw the preset's climbers, the fringe that the filter will remove among them."""
    extra = round(preset.climbers * preset.fringe_climbers)
    total = preset.climbers + extra
    kept = bell_sizes(preset.climbers, preset.sends, preset.longest_log, CORE)
    sends = np.concatenate([kept, rng.integers(1, CORE, size=extra)])
    fringe = np.arange(total) >= preset.climbers
    order = rng.permutation(total)
    sends, fringe = sends[order], fringe[order]
    keen = np.log(sends / CORE).clip(0)
    homes = np.array([r.homes for r in preset.regions])
    return Climbers(
        sends=sends,
        fringe=fringe,
        home=rng.choice(len(homes), size=total, p=homes / homes.sum()).astype(np.int64),
        skill=(4.2 + 0.35 * keen + rng.normal(0, 2.0, total)).clip(1.5, 10.5),
        growth=(0.6 + 0.55 * keen) * rng.uniform(0.5, 1.5, total),
        taste=rng.normal(0, 0.8, (total, len(STYLES))),
        warm_ups=rng.random(total) < 0.65,
        late=rng.random(total) < 0.25,
        untidy=rng.random(total) < UNTIDY,
    )
