"""Which climbs a new one is like, told by attributes alone: what its missing embedding is taken from.

The weights are a softmax over the nearest `NEAREST` climbs of a sum of agreements: the same area, region,
type and style, and grades and stars that lie near. A nearest-neighbour form of the idea of DropoutNet
(Volkovs et al. 2017) and CLCRec (Wei et al. 2021), an item's vector from its content, without a network to
train.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recsys.arrays import Array
from recsys.recommending.catalogue import Catalogue, Texts

NEAREST: Final = 20
AREA, REGION, TYPE, STYLE = 3.0, 3.0, 3.0, 0.5  # what an agreement counts
GRADE, STAR = 1.0, 0.5  # what a grade, and a star, of difference costs
_NOT_KNOWN: Final = 1.5  # difference where one of two is not known


def likeness(new: Catalogue, known: Catalogue) -> Array:
    """Weights of the known climbs for each new one, float64 [n_new, n_known]; rows sum to 1."""
    score = AREA * _same(new.areas, known.areas) + REGION * _same(new.regions, known.regions)
    score += TYPE * _same(new.types, known.types) + STYLE * _same(new.styles, known.styles)
    score -= GRADE * _apart(new.ordinals, known.ordinals) + STAR * _apart(new.stars, known.stars)
    k = min(NEAREST, score.shape[1])
    least = -np.partition(-score, k - 1, axis=1)[:, k - 1 : k]
    weights = np.where(score >= least, np.exp(score - score.max(1, keepdims=True)), 0.0)
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _same(new: Texts, known: Texts) -> Array:
    """Where both have one text, float64 [n_new, n_known]."""
    found = {text: index for index, text in enumerate(dict.fromkeys([*new, *known]))}
    first, second = (np.array([-1 if t is None else found[t] for t in texts]) for texts in (new, known))
    return ((first[:, None] == second) & (first >= 0)[:, None]).astype(np.float64)


def _apart(new: Array, known: Array) -> Array:
    """Absolute differences, float64 [n_new, n_known]."""
    apart = np.abs(new[:, None] - known)
    return np.where(np.isnan(apart), _NOT_KNOWN, apart)
