"""A map of the climbs' embeddings: their two principal components (Pearson 1901)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys import columns as c
from recsys.logbooks.grades import ordinals
from recsys.study.summary import Point

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.study.readings import Readings

_PREFERRED = "paper-all"


def climb_map(found: Readings, folder: Path) -> tuple[tuple[Point, ...], str]:
    """Every climb of the catalogue as a point, and the row whose embeddings they are.

    The row is the paper's full model where it was run, else the first that keeps embeddings; its first seed.
    """
    from recsys.sequences.run_tables import read_climbs_table

    kept = [name for name in found.names if found.outcomes[name][0].embeddings is not None]
    if not kept:
        return (), ""
    name = _PREFERRED if _PREFERRED in kept else kept[0]
    climbs = read_climbs_table(folder)
    embeddings = found.outcomes[name][0].embeddings
    assert embeddings is not None
    indices = components(embeddings)
    grades = climbs[c.GRADE].tolist() if c.GRADE in climbs else [None] * len(climbs)
    steps = ordinals(grades)
    return tuple(
        Point(
            x=float(x),
            y=float(y),
            climb=str(climb),
            grade=None if math.isnan(step) else str(grade),
            ordinal=None if math.isnan(step) else float(step),
            sends=int(sends),
        )
        for (x, y), climb, grade, step, sends in zip(
            indices, climbs[c.CLIMB_ID], grades, steps, climbs["sends"], strict=True
        )
    ), name


def components(embeddings: Array) -> Array:
    """The first two principal components of rows [n, dim]: [n, 2]."""
    centred = embeddings.astype(np.float64) - embeddings.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    flat: Array = centred @ axes[:2].T
    return flat
