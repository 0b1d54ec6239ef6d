"""What a method is asked with: a network's windows, a counting method's histories, or both in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recsys import columns as c
from recsys.arrays import Array, day_numbers
from recsys.columns import CLIMBER, CLIMBER_VECTOR
from recsys.recommending.answering import Answering
from recsys.recommending.counted.method import counted_batch
from recsys.recommending.features import ArrayBatch, windows
from recsys.recommending.logbook import Logbook


def encoded(
    method: Answering,
    features: Mapping[str, Array],
    logbooks: Sequence[Logbook],
    climbers: Array,
    vectors: Array | None,
    window: int,
) -> ArrayBatch:
    """The batch of some logbooks, each ending with the send that is asked for.

    Parameters
    ----------
    method:
        What is asked.
    features:
        Of all the sends, the logbooks end to end, [n_sends] each.
    climbers:
        Ids of the climbers, int64 [n_logbooks].
    vectors:
        What a transformer reads of the climbers, float32 [n_logbooks, climber_dim]; None where it reads none.
    window:
        Sends in a network's window.
    """
    lengths = [len(each) for each in logbooks]
    batch: ArrayBatch = {}
    if method.network is not None:
        numbers = np.concatenate([each.columns[c.DAY_NUMBER] for each in logbooks])
        batch = windows({**features, c.DAY_NUMBER: numbers}, lengths, window)
        batch[c.DAY_NUMBER] = day_numbers(batch[c.DAY_NUMBER], batch[c.CLIMB] > 0)
    if method.counted is not None:
        day = np.concatenate([each.columns[c.DAY] for each in logbooks])
        batch |= counted_batch(method.counted, {**features, c.DAY: day}, lengths)
    return {**batch, CLIMBER: climbers, **({} if vectors is None else {CLIMBER_VECTOR: vectors})}


def read_part(logbooks: Sequence[Logbook], length: int) -> list[Logbook]:
    """The sends that a method of `length` can read; the one before them tells how long the first waited."""
    most = length + 1
    return [each if len(each) <= most else each.tail(most) for each in logbooks]
