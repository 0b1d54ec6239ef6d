"""Where windows begin and end that cover each training send once; each is drawn with a random offset.

All return pairs of a first and a last send, int64 [n, 2]. They take ``starts`` and ``stops``: of each
climber's training sends, the first and the index after the last, int64 [n_climbers]. ``length`` is that of a
window.
"""

from __future__ import annotations

import numpy as np

from recsys.arrays import Array
from recsys.sequences.store import Sequences


def end_to_end(starts: Array, stops: Array, length: int, context: int, rng: np.random.Generator) -> Array:
    """Windows one after the other, `context` sends shared by neighbours, the first of each climber cut at
    random."""
    step = max(1, length - context)
    sizes = stops - starts
    head = rng.integers(1, step + 1, len(sizes))  # sends of the first window
    count = 1 + -(-np.maximum(sizes - head, 0) // step)
    climber = np.repeat(np.arange(len(sizes)), count)
    index = np.arange(len(climber)) - np.repeat(np.cumsum(count) - count, count)
    starts, stops, head = starts[climber], stops[climber], head[climber]
    ends = np.minimum(starts + head + index * step, stops) - 1
    firsts = np.where(index == 0, starts, starts + head + (index - 1) * step)
    return np.stack([np.maximum(firsts - context, starts), ends], axis=1)


def histories(
    sequences: Sequences, starts: Array, stops: Array, length: int, rng: np.random.Generator
) -> Array:
    """Histories one after the other, each up to the end of a day, with a send of the next day."""
    most = max(1, length - 1)
    size = rng.integers(1, most + 1, len(starts))
    found = []
    while len(starts):
        end = day_end(sequences, starts, np.minimum(starts + size, stops))
        target = np.where(end < stops, end, sequences.before(np.minimum(end, stops) - 1))
        firsts = np.maximum(starts, target - most)
        found.append(np.stack([firsts, target], axis=1)[target > starts])
        left = end < stops
        starts, stops = end[left], stops[left]
        size = np.full(len(starts), most)
    return np.concatenate(found)


def whole_days(
    sequences: Sequences, starts: Array, stops: Array, length: int, rng: np.random.Generator
) -> Array:
    """Whole days one after the other, with the send before them; a day that fills a window is cut.

    A piece of a day is half a window or less, and stands for a window with the sends before that day in front
    (`is_piece`). A climber's first day is never asked for: a window that holds nothing else is left out.
    """
    begins, at = starts, starts
    size = rng.integers(1, length + 1, len(starts))
    found = []
    while len(at):
        new = at == begins
        most = np.minimum(at + size - np.where(new, 0, 1), stops)
        day = np.minimum(sequences.day_ends[at], stops)
        end = np.where(most == stops, stops, _last_day_end(sequences, at, most))
        piece = (end <= at) | (sequences.indices[at] > 0)
        end = np.where(piece, np.where(new, day, np.minimum(at + max(1, length // 2), day)), end)
        firsts = np.where(piece | new, at, at - 1)
        found.append(np.stack([firsts, end - 1], axis=1)[~new | (end > day)])
        left = end < stops
        begins, at, stops = begins[left], end[left], stops[left]
        size = np.full(len(at), length)
    return np.concatenate(found)


def is_piece(sequences: Sequences, firsts: Array, ends: Array) -> Array:
    """Which windows lie within one day: bool [n]."""
    return sequences.before(ends) <= firsts


def day_end(sequences: Sequences, starts: Array, stops: Array) -> Array:
    """The last end of a day up to `stops`; where the first day alone is longer, its own end: int64 [n]."""
    last = _last_day_end(sequences, starts, stops)
    return np.where(last > starts, last, sequences.day_ends[starts])


def _last_day_end(sequences: Sequences, starts: Array, stops: Array) -> Array:
    """The last end of a day up to `stops`, which may lie before `starts`."""
    last = np.maximum(stops, starts + 1) - 1
    ended = np.where(sequences.day_ends[last] == last + 1, last + 1, sequences.before(last))
    return np.where(stops > starts, ended, starts)
