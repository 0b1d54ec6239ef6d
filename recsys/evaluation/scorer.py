"""The protocol of everything that can be evaluated."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Scorer(Protocol):
    """Scores every item of the catalogue for some cases; higher is better."""

    def scores(self, cases: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores [B, I] of the cases with these indices [B]; the same case always gets the same row."""
        ...
