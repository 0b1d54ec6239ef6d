"""Fold-in: a trained model stays as it is, and only the vectors of new climbers are tuned for a few steps.

As new users are folded into a matrix factorisation (Sarwar et al. 2002), here by Adam through the frozen
network. Each step reads every window once, of all climbers at once; a climber's loss is the mean over the own
windows, half of them prompted, plus a pull towards the vector that the tuning began with.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch.nn import functional

from recsys.arrays import Array
from recsys.columns import ATTRIBUTES, CLIMB, CLIMBER, CLIMBER_VECTOR, FIRST_VALUE_ID, GIVEN, UNKNOWN_ID
from recsys.model.prompted_transformer import PromptedTransformer
from recsys.sequences.store import Sequences
from recsys.sequences.windows import Windows

STEPS: Final = 12
RATE: Final = 0.03
PULL: Final = 2.0  # of the squared distance from where a vector began
RECENT: Final = 50  # sends of a logbook, the last ones, that are asked for
_ROWS: Final = 512  # windows that go through the model at once


def fold_in(
    model: PromptedTransformer, sequences: Sequences, ends: Array, prior: Array, length: int, seed: int = 0
) -> Array:
    """Vectors of climbers who were not trained on, float32 [n_climbers, climber_dim].

    Parameters
    ----------
    model:
        Stays as it is.
    sequences:
        The climbers' histories, encoded by the model's workflow.
    ends:
        How many sends of each climber may be read, int64 [n_climbers].
    prior:
        Vectors to begin with, float32 [n_climbers, climber_dim].
    length:
        Sends in a window.
    seed:
        Of which windows are prompted.
    """
    model.eval()
    windows, owner = _windows(sequences, ends)
    start = torch.from_numpy(prior.astype(np.float32))
    vectors = start.clone().requires_grad_()
    if not len(windows):
        return prior.astype(np.float32)
    cut = Windows(sequences, windows, length).cut
    share = torch.from_numpy(1.0 / np.bincount(owner, minlength=len(prior))[owner]).float()
    prompted = np.random.default_rng(seed).random(len(windows)) < 0.5
    tuning = torch.optim.Adam([vectors], lr=RATE)
    for _ in range(STEPS):
        pulled = 2 * PULL * (vectors.detach() - start)
        for low in range(0, len(windows), _ROWS):
            rows = slice(low, low + _ROWS)
            batch = cut(windows[rows])
            batch[GIVEN] = torch.from_numpy(np.repeat(prompted[rows, None], len(ATTRIBUTES), axis=1))
            batch[CLIMBER] = torch.full_like(batch[CLIMBER], UNKNOWN_ID)  # their ids are not the model's
            batch[CLIMBER_VECTOR] = vectors[torch.from_numpy(owner[rows])]
            targets = batch[CLIMB][:, -1] - FIRST_VALUE_ID
            losses = functional.cross_entropy(model.next_scores(batch), targets, reduction="none")
            (gradient,) = torch.autograd.grad((losses * share[rows]).sum(), vectors)
            pulled = pulled + gradient
        vectors.grad = pulled
        tuning.step()
    return np.asarray(vectors.detach())


def _windows(sequences: Sequences, ends: Array) -> tuple[Array, Array]:
    """Sends that are asked for, each with a history and of a known climb, and whose they are."""
    found = []
    for climber, (first, count) in enumerate(zip(sequences.offsets[:-1], ends, strict=True)):
        sends = np.arange(first + 1, first + count)[-RECENT:]
        sends = sends[sequences.before(sends) > first] if len(sends) else sends
        sends = sends[sequences.features[CLIMB][sends] >= FIRST_VALUE_ID] if len(sends) else sends
        found.append(np.stack([sends, np.full(len(sends), climber)], axis=1))
    pairs = np.concatenate(found).astype(np.int64)
    return pairs[:, 0], pairs[:, 1]
