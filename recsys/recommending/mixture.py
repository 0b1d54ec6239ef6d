"""Probabilities from logits, and the answers grade by grade as one. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.arrays import Array, softmax


def mixture(logits: Array, steps: Sequence[float | None], ordinals: Array) -> Array:
    """Answers grade by grade as one: logits [n_variants, n_steps, n_items] to float64 [n_variants, n_items].

    Each answer counts by how likely that grade is for this climber: P(climb) = sum over grades of
    P(grade) P(climb | grade). P(grade) is what the answer without a grade gives to climbs of that grade.

    Parameters
    ----------
    logits:
        Scores whose softmax is each climb's probability.
    steps:
        Grades asked for one by one, as ordinals; the first is None, no grade.
    ordinals:
        Ordinal of each climb's usual grade, float64 [n_items], NaN where there is none.
    """
    answers = softmax(logits)
    if len(steps) == 1:
        return answers[:, 0]
    grades = np.array(steps[1:], dtype=np.float64)
    with np.errstate(invalid="ignore"):
        near = np.abs(ordinals[None] - grades[:, None]) <= 0.5  # [n_steps - 1, n_items]
    weights = answers[:, 0] @ near.T.astype(np.float64)  # [n_variants, n_steps - 1]
    weights = np.where(weights.sum(1, keepdims=True) > 0, weights, 1.0)
    weights = weights / weights.sum(1, keepdims=True)
    return np.einsum("vs,vsi->vi", weights, answers[:, 1:])
