"""Random sends with every column that the workflow reads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys import columns as c


def sends(climbers: int, each: int, climbs: int, seed: int = 0) -> pd.DataFrame:
    """Random sends with nulls wherever there may be some, days in order."""
    draw = np.random.default_rng(seed)
    n = climbers * each

    def some(values) -> np.ndarray:
        return draw.choice(np.array(values, dtype=object), n)

    days = np.sort(draw.integers(0, 900, (climbers, each)), axis=1).ravel()
    return pd.DataFrame(
        {
            c.CLIMBER_ID: np.repeat([f"p{i:03d}" for i in range(climbers)], each),
            c.CLIMB_ID: draw.choice([f"x{i}" for i in range(climbs)], n, p=draw.dirichlet(np.ones(climbs))),
            c.REGION: some([None, "Squamish", "Font"]),
            c.GRADE: some([None, "V4", "V4-5", "6B+", "project"]),
            c.RATING: draw.choice([np.nan, 1.0, 2.5, 5.0], n),
            c.COMMENT: some([None, "", "  ", "crimpy"]),
            c.BETA: some([None, "heel hook"]),
            c.DAY: days + draw.choice([0.0, 0.5], n),
            c.ROW: np.arange(n),
        }
    )
