"""The climbs that can be recommended, and which of them a request allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.logbooks.grades import ordinals
from recsys.sequences.store import Array


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Climbs in the order of the model's outputs (climbs.parquet)."""

    climbs: pd.DataFrame

    def grades(self) -> Array:
        """Ordinal of each climb's usual grade, float [n_items], NaN where there is none."""
        if c.GRADE not in self.climbs:
            return np.full(len(self.climbs), np.nan)
        return ordinals(self.climbs[c.GRADE].tolist())

    def allowed(self, grades: tuple[float, float] | None, region: str | None) -> Array:
        """The climbs of those grades in that region, bool [n_items]; None allows every one.

        A climb between two grades belongs to both: V4-5 is allowed by V4 and by V5.
        """
        allowed = np.ones(len(self.climbs), dtype=bool)
        if grades is not None:
            ordinal = self.grades()
            with np.errstate(invalid="ignore"):
                allowed &= (ordinal >= grades[0] - 0.5) & (ordinal <= grades[1] + 0.5)
        if region is not None:
            allowed &= (self.climbs[c.REGION] == region).to_numpy()
        return allowed

    def text(self, item: int, column: str) -> str | None:
        """What the catalogue says of a climb in a column, or None."""
        if column not in self.climbs:
            return None
        value = self.climbs[column].iloc[item]
        return None if pd.isna(value) else str(value)
