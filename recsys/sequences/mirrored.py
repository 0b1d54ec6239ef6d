"""Logbooks read backwards: each climber's training sends once more, the last one first.

What is sent around one time goes together in both directions of it. A network that predicts what comes next
learns a pair of sends in the one in which it was logged; from the mirrored logbook it learns the other.
Reversed histories are known from Liu et al. (SIGIR 2021, "Augmenting Sequential Recommendation with
Pseudo-Prior Items via Reversely Pre-training Transformer"), who train on them first and have them generate
what may have come before short histories. Here nothing is generated: an epoch draws its windows from the
logbooks and their mirror images alike, half of each, so that it costs what it did.
"""

from __future__ import annotations

import numpy as np

from recsys.arrays import Array
from recsys.sequences.store import ELAPSED, Sequences


def both_ways(sequences: Sequences, targets: Array) -> tuple[Sequences, Array]:
    """The logbooks and, behind them, the mirror images of their training sends as those of further climbers.

    Days stay sets. The days elapsed of a mirrored send are those to the send after it; of the first one, of
    which nothing is known, they are what they were of the first of the logbook.

    Parameters
    ----------
    sequences:
        The histories.
    targets:
        Indexes of the training sends, rising: of each climber's sends the first so many, or none.

    Returns
    -------
    The sequences, of len(targets) sends more, and the training sends among them, int64.
    """
    counts, start = sequences.counts(targets), sequences.starts(targets)
    who = np.flatnonzero(counts)
    stop = start + np.repeat(counts[who], counts[who])
    source = start + stop - 1 - targets
    after = np.where(source + 1 < stop, source + 1, start)
    left = np.minimum(sequences.day_ends[source], stop) - 1 - source  # sends after each one in its day
    features = {
        name: np.concatenate([values, values[after if name in ELAPSED else source]])
        for name, values in sequences.features.items()
    }
    count = len(sequences)
    found = Sequences(
        offsets=np.concatenate([sequences.offsets, count + np.cumsum(counts[who])]),
        climbers=np.concatenate([sequences.climbers, sequences.climbers[who]]),
        climber_ids=np.concatenate([sequences.climber_ids, sequences.climber_ids[who]]),
        features=features,
        rows=np.concatenate([sequences.rows, sequences.rows[source]]),
        indices=np.concatenate([sequences.indices, left]),
        texts=sequences.texts,
    )
    return found, np.concatenate([targets, count + np.arange(len(targets))])
