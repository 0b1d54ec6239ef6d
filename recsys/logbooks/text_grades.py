"""Grades that no climbing system reads, such as "teens": each has a bin of its own, and no order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

# The middles of the bins of `workflows.sends.graph.BOUNDARIES`: half steps of V grades, whole ones of routes.
_MIDDLES: Final = (*(step / 2 for step in range(36)), *(float(step) for step in range(100, 141)))
MOST: Final = len(_MIDDLES)
"""Texts that have a bin; where there are more, the rest are as if nothing had been logged."""


def middles(grades: Sequence[object], known: Sequence[str]) -> NDArray[np.float32]:
    """For each grade the middle of its bin, float32 [n]; NaN where it is none of `known`, or blank."""
    table: dict[object, float] = dict(zip(known, _MIDDLES, strict=False))
    return np.array([table.get(grade, np.nan) for grade in grades], np.float32)
